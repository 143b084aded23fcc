package resource

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// Used is embedded by types of which only other resources tell whether they
// are in use. Its zero value is one of which that was not read.
type Used struct {
	Users Lazy[[]string]
}

// UsedBy are what uses it, such as "image ami-…", sorted.
func (u *Used) UsedBy() Lazy[[]string] { return u.Users }

// SetUsedBy sets them once they were read, or could not be.
func (u *Used) SetUsedBy(l Lazy[[]string]) { u.Users = l }

// Shared is embedded by types that other accounts can be given. Its zero value
// is one of which that was not read.
type Shared struct {
	With Lazy[[]string]
}

// SharedWith are the accounts, organizations and groups that were given it,
// sorted; "all" is everybody.
func (s *Shared) SharedWith() Lazy[[]string] { return s.With }

// SetSharedWith sets them once they were read, or could not be.
func (s *Shared) SetSharedWith(l Lazy[[]string]) { s.With = l }

// Usable is a resource of a type that embeds Used.
type Usable interface {
	Resource
	UsedBy() Lazy[[]string]
	SetUsedBy(Lazy[[]string])
}

// Shareable is a resource of a type that embeds Shared.
type Shareable interface {
	Resource
	SharedWith() Lazy[[]string]
	SetSharedWith(Lazy[[]string])
}

// Undecided returns the fact that is not known yet and decides whether the
// action can be done to a resource, "" where none is.
func Undecided(r Resource, k action.Kind) need.Fact {
	for no := r.Refuses(k); no != nil; no = no.Beneath {
		if no.Fact != "" {
			return no.Fact
		}
	}
	return ""
}

// shown is how many users or accounts a sentence names.
const shown = 3

// refuses is why something that others use, or were given, must not be deleted.
func refuses(l Lazy[[]string], f need.Fact, text string) *Refusal {
	list, err := l.Get(f)
	if m, ok := errors.AsType[*MissingFact](err); ok {
		return &Refusal{Code: reason.UseUnread, Text: "what uses it was not read", Fact: m.Fact}
	}
	switch {
	case err != nil:
		return &Refusal{Code: reason.UseUnread, Text: "what uses it could not be read: " + err.Error()}
	case len(list) > shown:
		return &Refusal{Code: reason.InUse, Text: fmt.Sprintf("%s %s and %d more", text, strings.Join(list[:shown], ", "), len(list)-shown)}
	case len(list) > 0:
		return &Refusal{Code: reason.InUse, Text: text + " " + strings.Join(list, ", ")}
	}
	return nil
}

// keptBy is why a snapshot or image of somebody who counts it must not be
// deleted, or not by us: AWS Backup deletes what is in its vaults itself, and
// Data Lifecycle Manager keeps as many as its policy says. Both name their
// sources in tags ("Tags on backups" in the AWS Backup guide, "How Amazon Data
// Lifecycle Manager works" in the EBS user guide). beneath is what else
// forbids it.
func keptBy(b *Base, description string, beneath *Refusal) *Refusal {
	switch {
	case b.TagSet["aws:backup:source-resource"] != "" || strings.HasPrefix(description, madeByBackup):
		return &Refusal{Code: reason.ManagedByAWS, Text: "AWS Backup keeps it, and only its vault can delete it"}
	case b.TagSet["aws:dlm:lifecycle-policy-id"] != "" && (beneath == nil || beneath.Code == reason.UseUnread):
		return &Refusal{Code: reason.Managed, Managed: true, Beneath: beneath,
			Text: "a policy of Data Lifecycle Manager deletes it in its time; set include_managed to act all the same"}
	}
	return beneath
}

// madeByBackup begins the description of what AWS Backup makes.
const madeByBackup = "This snapshot is created by the AWS Backup service"

// inUseField is the field of a type that tells by itself whether it is in use.
func inUseField[R Resource](listing need.Fact, doc string, in func(R) bool) Field {
	return plain("in_use", Bool, listing, doc, func(r R) any { return in(r) })
}

// usedFields are the fields of a type that embeds Used.
func usedFields[R Usable](f need.Fact, by string) []Field {
	return []Field{
		field("in_use", Bool, f, "whether anything of the account uses it: "+by, func(r R, _ time.Time) (any, error) {
			list, err := r.UsedBy().Get(f)
			return len(list) > 0, err
		}),
		field("used_by", StringList, f, "what uses it: "+by, func(r R, _ time.Time) (any, error) { return r.UsedBy().Get(f) }),
	}
}

// sharedField is the field of a type that embeds Shared.
func sharedField[R Shareable](f need.Fact) Field {
	return field("shared_with", StringList, f, "the accounts and organizations that were given it, \"all\" for everybody",
		func(r R, _ time.Time) (any, error) { return r.SharedWith().Get(f) })
}

// untaggedField says whether a person or program has tagged it at all.
func untaggedField[R Resource](fact need.Fact) Field {
	return plain("untagged", Bool, fact, "whether it has no tags; those under aws: and tagwarden's own mark do not count",
		func(r R) any { return len(r.Tags().User()) == 0 })
}

var (
	_ Usable    = (*Snapshot)(nil)
	_ Usable    = (*Image)(nil)
	_ Usable    = (*SecurityGroup)(nil)
	_ Shareable = (*Snapshot)(nil)
	_ Shareable = (*Image)(nil)
)
