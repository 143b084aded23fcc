package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

// Lasting is embedded by types that know no end and to which nothing can be
// done but to change their tags, which nothing forbids. A type of which one of
// these is not so has a method of its own.
type Lasting struct{}

// Ended is false: what is listed is there.
func (Lasting) Ended() bool { return false }

// Refuses is nil.
func (Lasting) Refuses(action.Kind) *Refusal { return nil }

// Already is false: tags are compared elsewhere.
func (Lasting) Already(action.Kind) bool { return false }

// inUse is the state of a volume or network interface that something uses.
const inUse = "in-use"

// stateAvailable is their state while nothing does.
const stateAvailable = "available"

// tagging is what can be done to every type of EC2.
var tagging = []action.Kind{action.Tag, action.Untag, action.Invoke}

// withRevoke is what can be done to the types that have rules.
var withRevoke = append(slices.Clone(tagging), action.Revoke)

// deletable is what can be done to a type that can be deleted too.
var deletable = append(slices.Clone(tagging), action.Delete)

// EC2Ref names a resource of one of EC2's types. In ARNs EC2 names the types as
// we do. Snapshots and images have no account in theirs, because they can be
// shared ("Resource types defined by Amazon EC2" in the service authorization
// reference).
func EC2Ref(at Place, t Type, id string) Ref {
	account := at.Account
	if t == EC2Snapshot || t == EC2Image {
		account = ""
	}
	arn := fmt.Sprintf("arn:%s:ec2:%s:%s:%s/%s", Partition(at.Region), at.Region, account, strings.TrimPrefix(string(t), "ec2:"), id)
	return Ref{ID: id, ARN: arn, Type: t, Account: at.Account, Region: at.Region}
}

// createdFields are the two fields of a type whose creation AWS tells. of
// returns the zero time where it does not tell it of one of them.
func createdFields[R Resource](fact need.Fact, what string, of func(R) time.Time) []Field {
	return []Field{
		field("created_at", Timestamp, fact, "when it was "+what, func(r R, _ time.Time) (any, error) { return timeOr(of(r), "its creation") }),
		field("age", Duration, fact, "how long ago it was "+what, func(r R, now time.Time) (any, error) { return sinceOr(of(r), now, "its creation") }),
	}
}

// The columns that most types have.
var (
	nameColumn  = Column{"Name", func(r Resource, _ time.Time) string { return cmp.Or(r.Tags()["Name"], "Unnamed") }}
	ownerColumn = Column{"Owner", func(r Resource, _ time.Time) string { return cmp.Or(r.Tags()["Owner"], "Unknown") }}
)

// column is a Column whose getter knows the struct of its type.
func column[R Resource](title string, get func(R) string) Column {
	return Column{title, func(r Resource, _ time.Time) string { return get(r.(R)) }}
}

// gib is a size in a column.
func gib(n int) string { return fmt.Sprintf("%d GiB", n) }
