package contract

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func testTags(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	b.do(t, execute.Call{Action: action.Tag, IDs: ids, Tags: tag.Set{"Project": "atlas", "Owner": "ana", "Empty": ""}})
	b.do(t, execute.Call{Action: action.Tag, IDs: ids[:1], Tags: tag.Set{"Project": "borealis", "Größe": "東京 <b>&amp;</b>"}})
	b.do(t, execute.Call{Action: action.Untag, IDs: ids, Keys: []string{"Owner", "NeverThere"}})
	want := []tag.Set{
		{"Project": "borealis", "Größe": "東京 <b>&amp;</b>", "Empty": ""},
		{"Project": "atlas", "Empty": ""},
	}
	for n, id := range ids {
		if got := b.must(t, id).TagSet.User(); !maps.Equal(got, want[n]) {
			t.Errorf("the tags are %v, want %v", got, want[n])
		}
	}
}

func testMark(t *testing.T, b Backend) {
	id := b.Launch(t, 1)[0]
	b.do(t, execute.Call{Action: action.Mark, IDs: []string{id}, Tags: tag.Set{"tagwarden": "stop 2026-12-04 by p"}})
	i := b.must(t, id)
	i.HideMark("tagwarden")
	if i.MarkValue() != "stop 2026-12-04 by p" || len(i.TagSet.User()) != 0 {
		t.Errorf("the mark is %q and the tags are %v", i.MarkValue(), i.TagSet)
	}
	b.do(t, execute.Call{Action: action.Unmark, IDs: []string{id}, Keys: []string{"tagwarden"}})
	if got := b.must(t, id).TagSet.User(); len(got) != 0 {
		t.Errorf("the tags are %v, want none", got)
	}
}

func testStop(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	want := map[string]string{ids[0]: "running", ids[1]: "running"}
	if got := b.do(t, call(action.Stop, ids...)).Previous; !maps.Equal(got, want) {
		t.Errorf("the states before were %v, want %v", got, want)
	}
	for _, id := range ids {
		if i := b.must(t, id); !i.Already(action.Stop) {
			t.Errorf("%s is %s", id, i.State)
		}
	}
	b.settle(t)
	if got := b.do(t, call(action.Stop, ids[0])).Previous[ids[0]]; got != "stopped" {
		t.Errorf("the state before the second stop was %q, want stopped", got)
	}
	if i := b.must(t, ids[0]); i.State != "stopped" {
		t.Errorf("after a second stop it is %s", i.State)
	}
}

func testStart(t *testing.T, b Backend) {
	id := b.Launch(t, 1)[0]
	first := b.must(t, id)
	b.do(t, call(action.Stop, id))
	b.settle(t)
	if got := b.do(t, call(action.Start, id)).Previous[id]; got != "stopped" {
		t.Errorf("the state before was %q, want stopped", got)
	}
	b.settle(t)
	i := b.must(t, id)
	if i.State != "running" || i.LaunchedAt.Before(first.LaunchedAt) {
		t.Errorf("it is %s since %v, and was launched at %v", i.State, i.LaunchedAt, first.LaunchedAt)
	}
	if !i.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("a start moved the time of creation from %v to %v", first.CreatedAt, i.CreatedAt)
	}
	if got := b.do(t, call(action.Start, id)).Previous[id]; got != "running" {
		t.Errorf("the state before the second start was %q, want running", got)
	}
}

func testTerminate(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	if got := b.do(t, call(action.Terminate, ids[0])).Previous[ids[0]]; got != "running" {
		t.Errorf("the state before was %q, want running", got)
	}
	if i := b.get(t, ids[0]); i != nil && !i.Ended() {
		t.Errorf("it is %s", i.State)
	}
	b.settle(t)
	if i := b.list(t)[ids[0]]; i != nil && i.State != "terminated" {
		t.Errorf("it is listed as %s", i.State)
	}
	if i := b.must(t, ids[1]); i.State != "running" {
		t.Errorf("the other one is %s", i.State)
	}
}

func testUnknownID(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	b.do(t, call(action.Stop, ids[1]))
	b.settle(t)
	same := b.unchanged(t, ids)
	for _, k := range []action.Kind{action.Stop, action.Start, action.Terminate} {
		b.refuses(t, call(k, ids[0], ids[1], Absent), fault.NotFound)
		same()
	}
}

func testProtected(t *testing.T, b Backend) {
	if b.Protect == nil {
		t.Skip("the backend cannot protect instances")
	}
	ids := b.Launch(t, 2)
	b.Protect(t, ids[0], true, false)
	b.Protect(t, ids[1], false, true)
	same := b.unchanged(t, ids)
	b.refuses(t, call(action.Stop, ids[0]), fault.Protected)
	b.refuses(t, call(action.Terminate, ids[1]), fault.Protected)
	same()
	b.do(t, call(action.Stop, ids[1]))
	b.Protect(t, ids[0], false, false)
	b.Protect(t, ids[1], false, false)
	b.do(t, call(action.Terminate, ids...))
}

func testConcurrent(t *testing.T, b Backend) {
	ids := b.Launch(t, 4)
	var all sync.WaitGroup
	for n, id := range ids {
		all.Go(func() {
			c := execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Worker": fmt.Sprint(n)}}
			if _, err := b.Actor.Do(t.Context(), b.at(c)); err != nil {
				t.Errorf("tagging: %v", err)
			}
		})
		all.Go(func() {
			err := b.Source.List(t.Context(), b.Place, resource.EC2Instance, func([]resource.Resource) error { return nil })
			if err != nil {
				t.Errorf("listing: %v", err)
			}
		})
	}
	all.Wait()
	for n, id := range ids {
		if got := b.must(t, id).TagSet["Worker"]; got != fmt.Sprint(n) {
			t.Errorf("the tag of worker %d is %q", n, got)
		}
	}
}
