package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// RunStrict tests what AWS refuses and emulators of its API commonly accept.
// The embedded account passes it.
func RunStrict(t *testing.T, newBackend func(t *testing.T) Backend) {
	run(t, newBackend, []test{
		{"a bad id fails a call that tags as a whole", testStrictTagIDs},
		{"a bad tag fails a call as a whole", testStrictTags},
		{"the 51st tag fails a call as a whole", testStrictLimit},
		{"malformed, no and too many ids fail a call as a whole", testStrictIDs},
		{"a stopping instance cannot be started", testStrictStopping},
		{"a terminated instance can be neither started nor stopped", testStrictTerminated},
		{"stop protection protects against termination too", testStrictProtected},
		{"every answer has a request id of its own", testStrictRequestIDs},
	})
}

// thousand returns ids and so many absent ones that there are 1001.
func thousand(ids []string) []string {
	many := slices.Clone(ids)
	for n := len(many); n <= 1000; n++ {
		many = append(many, fmt.Sprintf("i-0%016x", n))
	}
	return many
}

func testStrictTagIDs(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"Owner": "ana"}})
	same := b.unchanged(t, ids)
	for _, c := range []struct {
		ids  []string
		want fault.Class
	}{
		{append(slices.Clone(ids), Absent), fault.NotFound},
		{append(slices.Clone(ids), "web-1"), fault.Invalid},
		{thousand(ids), fault.Invalid},
		{nil, fault.Invalid},
	} {
		b.refuses(t, execute.Call{Action: action.Tag, IDs: c.ids, Tags: tag.Set{"Project": "atlas"}}, c.want)
		b.refuses(t, execute.Call{Action: action.Untag, IDs: c.ids, Keys: []string{"Owner"}}, c.want)
		same()
	}
}

func testStrictTags(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"Owner": "ana"}})
	same := b.unchanged(t, ids)
	for _, bad := range []tag.Set{
		{"": "x"},
		{"aws:mine": "x"},
		{"AWS:mine": "x"},
		{strings.Repeat("ä", tag.MaxKey+1): "x"},
		{"Note": strings.Repeat("ä", tag.MaxValue+1)},
		{},
	} {
		if len(bad) > 0 {
			bad["Project"] = "atlas"
		}
		b.refuses(t, execute.Call{Action: action.Tag, IDs: ids, Tags: bad}, fault.Invalid)
		same()
	}
	b.refuses(t, execute.Call{Action: action.Untag, IDs: ids, Keys: []string{"Owner", "aws:mine"}}, fault.Invalid)
	same()
	b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{
		strings.Repeat("ä", tag.MaxKey): strings.Repeat("ä", tag.MaxValue)}})
}

func testStrictLimit(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	full := tag.Set{}
	for n := range tag.MaxPerResource {
		full[fmt.Sprintf("k%d", n)] = "v"
	}
	b.do(t, execute.Call{Action: action.Tag, IDs: ids[1:], Tags: full})
	same := b.unchanged(t, ids)
	b.refuses(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"one-more": ""}}, fault.TagLimit)
	same()
	b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"k7": "another value"}})
}

func testStrictIDs(t *testing.T, b Backend) {
	ids := b.Launch(t, 1)
	same := b.unchanged(t, ids)
	for _, k := range []action.Kind{action.Stop, action.Start, action.Terminate} {
		b.refuses(t, call(k, ids[0], "web-1"), fault.Invalid)
		b.refuses(t, call(k, thousand(ids)...), fault.Invalid)
		b.refuses(t, call(k), fault.Invalid)
		same()
	}
}

func testStrictStopping(t *testing.T, b Backend) {
	ids := b.Launch(t, 1)
	b.do(t, call(action.Stop, ids...))
	same := b.unchanged(t, ids)
	b.refuses(t, call(action.Start, ids...), fault.WrongState)
	same()
}

func testStrictTerminated(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	b.do(t, call(action.Terminate, ids[0]))
	for range 2 { // shutting-down, then terminated
		same := b.unchanged(t, ids)
		b.refuses(t, call(action.Stop, ids...), fault.WrongState)
		b.refuses(t, call(action.Start, ids...), fault.WrongState)
		same()
		b.settle(t)
	}
	b.do(t, call(action.Terminate, ids[0]))
}

func testStrictProtected(t *testing.T, b Backend) {
	if b.Protect == nil {
		t.Skip("the backend cannot protect instances")
	}
	ids := b.Launch(t, 2)
	b.Protect(t, ids[0], true, false)
	same := b.unchanged(t, ids)
	b.refuses(t, call(action.Terminate, ids...), fault.Protected) // launched together: of one availability zone
	same()
}

func testStrictRequestIDs(t *testing.T, b Backend) {
	ids := b.Launch(t, 1)
	seen := map[string]bool{"": true}
	for range 3 {
		answer := b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"Project": "atlas"}})
		_, err := b.Actor.Do(t.Context(), b.at(call(action.Stop, Absent)))
		for _, id := range []string{answer.RequestID, fault.RequestIDOf(err)} {
			if seen[id] {
				t.Errorf("the request id %q is empty or was there before", id)
			}
			seen[id] = true
		}
	}
}
