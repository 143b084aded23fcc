package resource

// Creator is who made a resource.
type Creator struct {
	// Name is the person's name, or the role's or service's where no person is
	// to be found: "root", "account:111122223333". It is as AWS has it, and may
	// hold characters that not every service takes in a tag.
	Name string `json:"name"`
	// PrincipalID is the whole aws:userid, for a role with its session:
	// "AROAEXAMPLE:ada". Access control by tag compares it, so nothing of it is
	// left out.
	PrincipalID string      `json:"principal_id"`
	ARN         string      `json:"arn"`
	Kind        CreatorKind `json:"kind"`
}

// CreatorKind says what sort of identity a creator is.
type CreatorKind string

// The kinds of creators, as creator.kind has them in expressions.
const (
	PersonCreator  CreatorKind = "person"
	RoleCreator    CreatorKind = "role"    // a role on behalf of no person
	ServiceCreator CreatorKind = "service" // a service of AWS
	RootCreator    CreatorKind = "root"
	AccountCreator CreatorKind = "account" // another account, which hides who in it
	UnknownCreator CreatorKind = "unknown"
)
