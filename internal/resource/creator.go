package resource

import "github.com/tagwarden/tagwarden/internal/need"

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

// Origin is what is known of who made a resource.
type Origin struct {
	Creator
	// Unfound says why nobody is known to have made it, as a clause, where
	// everything there is to read was read and the kind is UnknownCreator. It is
	// "" where somebody was found.
	Unfound string
	// Unsure says that the call by which the creator is known may have changed
	// what was there before, and that nothing tells which it did: who owns it
	// already stays.
	Unsure bool
}

// Nobody is the origin of a resource of which it is known that nobody can be
// found to have made it, and why.
func Nobody(why string) Origin {
	return Origin{Creator: Creator{Kind: UnknownCreator}, Unfound: why}
}

// Origin is who made the resource; *MissingFact or *UnreadFact where that is
// not known, or not yet.
func (b *Base) Origin() (Origin, error) { return b.Made.Get(need.Creator) }

// SetOrigin says who made the resource, or why that could not be read.
func (b *Base) SetOrigin(o Lazy[Origin]) { b.Made = o }

// CreatorField is one field of creator as expressions, documentation and
// reports see it.
type CreatorField struct {
	Name string
	// Doc is a sentence without a full stop.
	Doc string
	Get func(Creator) string
}

// CreatorFields are the fields of creator, which every type has alike.
func CreatorFields() []CreatorField {
	return []CreatorField{
		{"name", "the person's name, or the role's or service's where there is no person", func(c Creator) string { return c.Name }},
		{"principal_id", "the whole aws:userid, for a role with its session", func(c Creator) string { return c.PrincipalID }},
		{"arn", "the ARN of the identity", func(c Creator) string { return c.ARN }},
		{"kind", "person, role, service, root, account or unknown", func(c Creator) string { return string(c.Kind) }},
	}
}
