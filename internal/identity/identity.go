// Package identity says who made a call, from the userIdentity of a CloudTrail
// record: the person where the record names one, else the role, service or
// account, and never a name that the record does not hold ("CloudTrail
// userIdentity element" in the CloudTrail user guide).
package identity

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Identity is who made a call, and what else the record tells of the way it
// took. Where the creator is a role or a service, the rest says where a person
// may yet be found.
type Identity struct {
	resource.Creator
	// Role is the ARN of the role in whose session the call was made, "" where
	// there was none or the record does not name it.
	Role string
	// Instance is the id of the EC2 instance that used the role its profile
	// gives it. Who owns the instance is behind the call.
	Instance string
	// Within is the ARN of the resource that was given the role's credentials,
	// a Lambda function's for one, where the record says so.
	Within string
	// Service is the principal of the service that made the call by itself,
	// "autoscaling.amazonaws.com": it did so for a resource of its own, whose
	// owner is behind the call. It is "" where a service only passed a
	// caller's call on; then InvokedBy names it.
	Service string
	// InvokedBy is the service through which the call came, as the record has
	// it, "" where it came directly.
	InvokedBy string
}

// Of returns who made a call. It takes the userIdentity of a record in any
// shape, null or broken ones too: what says nothing is of UnknownCreator.
func Of(userIdentity []byte) resource.Creator { return Read(userIdentity).Creator }

// Read returns who made a call, and the way it took. Like Of it takes anything.
func Read(userIdentity []byte) Identity { return ReadFrom(userIdentity, "") }

// ReadFrom is Read for a record that also tells with what the call was made: its
// userAgent, which names the surroundings that the SDKs of AWS run in.
func ReadFrom(userIdentity []byte, userAgent string) Identity {
	parsed, _ := loose.Parse(userIdentity)
	v := caller{parsed, userAgent}
	id := Identity{InvokedBy: v.Field("invokedBy").Text()}
	id.PrincipalID, id.ARN = v.Field("principalId").Text(), v.Field("arn").Text()
	read, ok := readers[v.Field("type").Text()]
	if !ok {
		read = untyped
	}
	read(&id, v)
	if id.Name == "" || id.Name == Hidden {
		id.is(resource.UnknownCreator, "")
	}
	return id
}

// Hidden is what CloudTrail writes in place of what it does not show: secrets,
// and names, for people type passwords where their name belongs.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// caller is a userIdentity, and the userAgent beside it.
type caller struct {
	loose.Value
	agent string
}

// readers has for each type of identity what is to be made of it.
var readers = map[string]func(*Identity, caller){
	"IAMUser":            user,
	"AssumedRole":        assumed,
	"Role":               assumed,
	"FederatedUser":      federated,
	"Root":               root,
	"AWSService":         service,
	"AWSAccount":         account,
	"IdentityCenterUser": directory,
	"SAMLUser":           external,
	"WebIdentityUser":    external,
	"Directory":          external,
	"Unknown":            external,
}

// user is an IAM user, whose name can be absent: its ARN ends in it, after the
// user's path.
func user(id *Identity, v caller) {
	tail := id.ARN[strings.LastIndexAny(id.ARN, ":/")+1:]
	id.is(resource.PersonCreator, first(v.Field("userName").Text(), tail))
}

// federated is a session of GetFederationToken. The principal is
// "111122223333:ada", the ARN ends in "federated-user/ada".
func federated(id *Identity, _ caller) {
	_, name, _ := strings.Cut(id.PrincipalID, ":")
	if name == "" {
		name = strings.TrimPrefix(resourceOf(id.ARN, "federated-user"), "federated-user/")
	}
	id.is(resource.PersonCreator, name)
}

// root is the account itself. Its userName is the alias of the account, and no
// person's name.
func root(id *Identity, _ caller) { id.is(resource.RootCreator, "root") }

// service is a service that calls by itself.
func service(id *Identity, _ caller) {
	id.Service = id.InvokedBy
	id.is(resource.ServiceCreator, id.InvokedBy)
}

// account is a caller of another account, which keeps for itself who it was.
func account(id *Identity, v caller) {
	if n := v.Field("accountId").Text(); n != "" {
		id.is(resource.AccountCreator, "account:"+n)
	}
}

// directory is a user of IAM Identity Center without a role: it has no ARN and
// no name, but an id in the directory.
func directory(id *Identity, v caller) {
	id.is(resource.PersonCreator, v.Field("onBehalfOf").Field("userId").Text())
}

// external is a user of another identity provider or of a directory, which is
// told on the call that begins a session with a role. IAM Identity Center writes
// Unknown for the same.
func external(id *Identity, v caller) {
	id.is(resource.PersonCreator, v.Field("userName").Text())
}

// untyped is an identity without a type, or of one that is not known here: its
// ARN then tells what it is. A service's own calls come without an ARN too, with
// no more than invokedBy.
func untyped(id *Identity, v caller) {
	switch {
	case resourceOf(id.ARN, "assumed-role") != "":
		assumed(id, v)
	case resourceOf(id.ARN, "federated-user") != "":
		federated(id, v)
	case resourceOf(id.ARN, "user") != "":
		user(id, v)
	case id.ARN == "" && id.PrincipalID == "":
		service(id, v)
	}
}

func (id *Identity) is(kind resource.CreatorKind, name string) { id.Kind, id.Name = kind, name }
