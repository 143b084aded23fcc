package creators

import (
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// How far the time at which a resource says it was made may lie from that of
// the call. EC2 tells it within seconds. Other services tell when a resource
// was ready, hours later for a database that is restored.
const (
	near = 10 * time.Minute
	far  = 6 * time.Hour
)

// question is a resource whose creator is sought.
type question struct {
	r resource.Resource
	// keys name it in the book, and parent names what may have brought it along;
	// "" where nothing can have.
	keys   []string
	parent string
	// events are the names of the calls that may have made it, sorted.
	events []string
	// made is when it says it was made, zero where it does not, and sought since
	// when its creator is sought, only then.
	made, sought time.Time
	// unique says that its id is never given to another.
	unique bool
	// slack is how far made may lie from the call.
	slack time.Duration
}

// ask makes the question.
func ask(r resource.Resource, now time.Time) *question {
	ref := r.Ref()
	q := &question{r: r, keys: keys(ref), made: madeAt(r, now), unique: unique(ref.Type), slack: far}
	if q.unique {
		q.slack = near
	}
	q.await(creation.ByType(ref.Type))
	if p, ok := r.(resource.Parented); ok && p.Parent().ID != "" && !q.made.IsZero() {
		if by := creation.Bringing(ref.Type); len(by) > 0 {
			q.parent = keys(resource.EC2Ref(ref.Place(), resource.Type(p.Parent().Type), p.Parent().ID))[0]
			q.await(by)
		}
	}
	return q
}

// unique says that what makes resources of a type never gives two one id. The
// ARN of a stack ends in a UUID.
func unique(t resource.Type) bool {
	return strings.HasPrefix(string(t), "ec2:") || t == "cloudformation:stack" || t == "elasticmapreduce:cluster"
}

// await adds calls that may have made the resource.
func (q *question) await(by []creation.Key) {
	for _, k := range by {
		q.events = add(q.events, k.Name)
	}
}

// keys are the names of a resource in the book: by its ARN, and as long as it is
// not known what ARN it has, by type and id.
func keys(ref resource.Ref) []string {
	named := ref.Region + " " + string(ref.Type) + " " + ref.ID
	if ref.ARN == "" {
		return []string{named}
	}
	return []string{ref.ARN, named}
}

// madeAt is when a resource says it was made, zero where it does not.
func madeAt(r resource.Resource, now time.Time) time.Time {
	schema, ok := resource.SchemaOf(resource.KindOf(r))
	if !ok {
		return time.Time{}
	}
	f, ok := schema.Field("created_at")
	if !ok {
		return time.Time{}
	}
	v, err := f.Get(r, now)
	if err != nil {
		return time.Time{}
	}
	at, _ := v.(time.Time)
	return at
}

// youngest is the latest time at which it can have been made.
func (q *question) youngest() time.Time {
	if q.made.IsZero() {
		return q.sought
	}
	return q.made
}

// oldest is the earliest time at which the call that made it can have been
// made, as far as CloudTrail tells.
func (q *question) oldest(now time.Time) time.Time {
	from := now.Add(-Reach)
	if at := q.made.Add(-q.slack); !q.made.IsZero() && at.After(from) {
		return at
	}
	return from
}

// tooOld says that CloudTrail no longer tells of it.
func (q *question) tooOld(now time.Time) bool {
	return !q.made.IsZero() && q.made.Before(now.Add(-Reach))
}

// tooYoung says that CloudTrail may not yet tell of it.
func (q *question) tooYoung(now time.Time) bool { return q.youngest().After(settled(now)) }

// settled is up to when CloudTrail's history will not change any more, in whole
// seconds.
func settled(now time.Time) time.Time { return now.Add(-Lag).Truncate(time.Second) }

// answer returns who made it by what the book has; false where it has nothing
// that is certain. swept says that all was read that may tell.
func (q *question) answer(book map[string][]record.Made, swept bool, now time.Time) (resource.Origin, bool) {
	var es []record.Made
	for _, k := range q.keys {
		for _, e := range book[k] {
			if q.mayBe(e, now) {
				es = append(es, e)
			}
		}
	}
	if len(es) > 0 && (q.unique || swept) {
		return origin(choose(es)), true
	}
	if !swept || q.parent == "" {
		return resource.Origin{}, false
	}
	for _, e := range book[q.parent] {
		if d := e.At.Sub(q.made); d >= -near && d <= near {
			es = append(es, e)
		}
	}
	if len(es) == 0 {
		return resource.Origin{}, false
	}
	return origin(choose(es)), true
}

// mayBe says whether an event can be the one that made it, and not a namesake
// that is gone.
func (q *question) mayBe(e record.Made, now time.Time) bool {
	switch {
	case q.unique:
		return true
	case q.made.IsZero():
		return !q.tooYoung(now)
	case q.tooYoung(now) && e.At.Before(q.made.Add(-q.slack)):
		return false
	default:
		return !e.At.After(q.made.Add(q.slack))
	}
}
