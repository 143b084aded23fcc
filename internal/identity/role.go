package identity

import (
	"regexp"
	"strings"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// assumed is a session with a role. Who is behind it is told by the first of:
// a source identity, which stays with a person through all roles; IAM Identity
// Center, which names sessions after people; the role of a service; that of an
// instance or another resource; the name of the session, unless a program
// chose it. Some services write that type for an IAM user, whom the ARN names.
func assumed(id *Identity, v caller) {
	if resourceOf(id.ARN, "user") != "" {
		user(id, v)
		return
	}
	context := v.Field("sessionContext")
	issuer := context.Field("sessionIssuer")
	role, session := id.session(issuer.Field("userName").Text())
	id.Role = issuer.Field("arn").Text()
	id.Within = v.Field("inScopeOf").Field("credentialsIssuedTo").Text()
	source := context.Field("sourceIdentity").Text()
	switch {
	case source != "":
		id.is(resource.PersonCreator, source)
	case session != "" && fromIdentityCenter(id.Role, role):
		id.is(resource.PersonCreator, session)
	case serviceLinked(id.Role, role):
		id.Service = principalOf(id.Role, id.InvokedBy)
		id.is(resource.ServiceCreator, first(id.Service, role))
	case instanceID.MatchString(session):
		id.Instance = session
		id.is(resource.RoleCreator, role)
	case id.Within != "", context.Field("ec2RoleDelivery").Exists(), strings.Contains(v.agent, inFunction), byMachine(session):
		id.is(resource.RoleCreator, role)
	case session != "":
		id.is(resource.PersonCreator, session)
	default:
		id.is(resource.RoleCreator, role)
	}
}

// inFunction is what the SDKs add to their user agent within a function of
// Lambda, from its AWS_EXECUTION_ENV ("Defined runtime environment variables").
// The session is then named after the function. A shell of CloudShell says
// exec-env too, and a person sits there.
const inFunction = "exec-env/AWS_Lambda"

// session returns the names of the role and of the session. The ARN ends in
// both, "assumed-role/deploy/ada", without the role's path; the principal is
// "AROAEXAMPLE:ada".
func (id *Identity) session(issuer string) (role, session string) {
	_, session, _ = strings.Cut(id.PrincipalID, ":")
	if rest, ok := strings.CutPrefix(resourceOf(id.ARN, "assumed-role"), "assumed-role/"); ok {
		inARN, after, _ := strings.Cut(rest, "/")
		role, session = inARN, first(session, after)
	}
	return first(issuer, role), session
}

// instanceID is what EC2 names the session of an instance after. A person may
// be called i-smith.
var instanceID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)

// fromIdentityCenter says whether IAM Identity Center issued the role: it keeps
// its roles under a path of its own, and begins their names alike.
func fromIdentityCenter(arn, role string) bool {
	return strings.Contains(arn, ":role/aws-reserved/sso.amazonaws.com/") || strings.HasPrefix(role, "AWSReservedSSO_")
}

// serviceLinked says whether the role is one that only a service can assume:
// such roles lie under a path, and their names begin alike.
func serviceLinked(arn, role string) bool {
	return strings.Contains(arn, ":role/aws-service-role/") || strings.HasPrefix(role, "AWSServiceRoleFor")
}

// principalOf returns the service of a service-linked role, which its path
// names: "role/aws-service-role/autoscaling.amazonaws.com/NAME".
func principalOf(arn, invokedBy string) string {
	_, rest, _ := strings.Cut(arn, ":role/aws-service-role/")
	service, _, _ := strings.Cut(rest, "/")
	return first(service, invokedBy)
}

// resourceOf returns the last part of an ARN if it begins with the word.
func resourceOf(arn, kind string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || !strings.HasPrefix(parts[5], kind+"/") {
		return ""
	}
	return parts[5]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
