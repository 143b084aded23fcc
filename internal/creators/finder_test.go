package creators_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

const (
	day      = 24 * time.Hour
	tooYoung = "unread: reading creator: it may be younger than 15 minutes, which is how late CloudTrail can be: it is judged at the next run"
)

func TestWhoMadeWhat(t *testing.T) {
	tests := []struct {
		name   string
		events []event
		r      resource.Resource
		want   string
	}{
		{"the caller", []event{{ago(day), "RunInstances", "ada", []string{"i-1"}}}, instance("i-1", ago(day)), "ada"},
		{"of every instance of a launch", []event{{ago(day), "RunInstances", "ada", []string{"i-0", "i-1", "i-2"}}}, instance("i-2", ago(day)), "ada"},
		{"whatever its age", []event{{ago(80 * day), "RunInstances", "ada", []string{"i-1"}}}, instance("i-1", time.Time{}), "ada"},
		{"the person behind a fleet", []event{{ago(day), "RunInstances", "ec2fleet.amazonaws.com", []string{"i-1"}},
			{ago(day + time.Second), "CreateFleet", "ada", []string{"i-1"}}}, instance("i-1", ago(day)), "ada"},
		{"a service where there is nobody else", []event{{ago(day), "RunInstances", "ec2fleet.amazonaws.com", []string{"i-1"}}}, instance("i-1", ago(day)), "ec2fleet.amazonaws.com"},
		{"a caller that is not told", []event{{ago(day), "RunInstances", "", []string{"i-1"}}}, instance("i-1", ago(day)),
			"nobody: the event that made it, RunInstances, does not say who called"},
		{"no event", []event{{ago(day), "RunInstances", "ada", []string{"i-1"}}}, instance("i-2", ago(day)), "nobody: CloudTrail has no event that made it"},
		{"too old", nil, instance("i-1", ago(120*day)), "nobody: it was made 120 days ago, and CloudTrail tells of the last 90"},
		{"young and not found", nil, instance("i-1", ago(14*time.Minute)), tooYoung},
		{"young and found", []event{{ago(3 * time.Minute), "RunInstances", "ada", []string{"i-1"}}}, instance("i-1", ago(3*time.Minute)), "ada"},
		{"no longer young", nil, instance("i-1", ago(16*time.Minute)), "nobody: CloudTrail has no event that made it"},
		{"of no known age, and sought for the first time", nil, group("sg-1"), tooYoung},
		{"of no known age, and found", []event{{ago(40 * day), "CreateSecurityGroup", "bob", []string{"sg-1"}}}, group("sg-1"), "bob"},
		{"a volume of its own", []event{{ago(day), "CreateVolume", "bob", []string{"vol-1"}}, {ago(day), "RunInstances", "ada", []string{"i-1"}}},
			volume("vol-1", "i-1", ago(day)), "bob"},
		{"a volume that came with its instance", []event{{ago(day + 2*time.Second), "RunInstances", "ada", []string{"i-1"}}}, volume("vol-1", "i-1", ago(day)), "ada"},
		{"a volume that was attached later", []event{{ago(2 * day), "RunInstances", "ada", []string{"i-1"}}}, volume("vol-1", "i-1", ago(day)),
			"nobody: CloudTrail has no event that made it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := finder(newTrail(tt.events...))
			if got := fill(t, f, noon, tt.r); got[0] != tt.want {
				t.Errorf("got %q, want %q", got[0], tt.want)
			}
		})
	}
}

func TestWhatDoesNotSayItsAgeIsSettledAQuarterOfAnHourAfterItWasFirstSought(t *testing.T) {
	tr := newTrail()
	_, book := finder(tr)
	for _, step := range []struct {
		later time.Duration
		want  string
	}{{0, tooYoung}, {15*time.Minute - time.Second, tooYoung}, {16 * time.Minute, "nobody: no event of the last 90 days made it"}} {
		tr.now = noon.Add(step.later)
		f := creators.New(tr, nil, book) // of another run
		if got := fill(t, f, tr.now, group("sg-1")); got[0] != step.want {
			t.Errorf("%s later: %s", step.later, got[0])
		}
	}
}

func TestASweepGoesNoFurtherBackThanTheOldestInQuestion(t *testing.T) {
	tr := newTrail()
	f, _ := finder(tr)
	fill(t, f, noon, instance("i-1", ago(3*day)), instance("i-2", ago(2*day)))
	if len(tr.requests) != others(t)+1 {
		t.Errorf("requests %v", tr.requests)
	}
	for _, r := range tr.requests {
		if !r.from.Equal(ago(3*day+10*time.Minute)) || !r.to.Equal(ago(15*time.Minute)) {
			t.Errorf("%v", r)
		}
	}
	tr.requests = nil
	fill(t, f, noon, instance("i-3", ago(day)), instance("i-1", ago(3*day)))
	if len(tr.requests) > 0 {
		t.Errorf("read again: %v", tr.requests)
	}
	fill(t, f, noon, instance("i-4", ago(200*day)))
	if len(tr.requests) > 0 {
		t.Errorf("read for what is too old: %v", tr.requests)
	}
	fill(t, f, noon, instance("i-5", ago(5*day)))
	for _, r := range tr.requests {
		if !r.from.Equal(ago(5*day+10*time.Minute)) || !r.to.Equal(ago(3*day+10*time.Minute)) {
			t.Errorf("more than the rest: %v", r)
		}
	}
}

func TestASweepThatCannotBeCompletedLeavesTheQuestionOpen(t *testing.T) {
	tr := newTrail(event{ago(day), "RunInstances", "ada", []string{"i-1"}}, event{ago(2 * day), "RunInstances", "bob", []string{"i-2"}},
		event{ago(3 * day), "RunInstances", "eve", []string{"i-3"}})
	tr.size = 1
	f, _ := finder(tr)
	// Before RunInstances other events are read, each of one empty page.
	tr.pages, tr.err = others(t)+1, errBroken
	rs := []resource.Resource{instance("i-1", ago(day)), instance("i-2", ago(2*day)), instance("i-4", ago(10*day)), instance("i-5", ago(100*day))}
	got := fill(t, f, noon, rs...)
	if got[0] != "ada" || !strings.Contains(got[1], "not allowed") || !strings.HasSuffix(got[1], "; allow it") || got[1] != got[2] || !strings.HasPrefix(got[3], "nobody: it was made 100") {
		t.Errorf("while it breaks off: %v", got)
	}
	if o, err := rs[1].Origin(); !errors.Is(err, errBroken) || o.Name != "" {
		t.Errorf("the cause is lost: %v, %v", o, err)
	}
	tr.pages = -1
	read := tr.read
	if diff := cmp.Diff([]string{"bob", "nobody: CloudTrail has no event that made it"}, fill(t, f, noon, instance("i-2", ago(2*day)), instance("i-4", ago(10*day)))); diff != "" {
		t.Errorf("when it goes on (-want +got)\n%s", diff)
	}
	if n := tr.read - read; n > 4 {
		t.Errorf("to go on took %d pages", n)
	}
}

// others is how many events are looked up for an instance before RunInstances.
func others(t *testing.T) int {
	t.Helper()
	probe := newTrail()
	f, _ := finder(probe)
	fill(t, f, noon, instance("i-0", ago(day)))
	return slices.IndexFunc(probe.requests, func(r request) bool { return r.name == "RunInstances" })
}

func TestAListingWhoseTokenExpiresGoesOn(t *testing.T) {
	var es []event
	for n := range 9 {
		es = append(es, event{ago(time.Duration(n+1) * day), "RunInstances", "ada", []string{"i-1"}})
	}
	es = append(es, event{ago(10 * day), "RunInstances", "bob", []string{"i-2"}})
	tr := &expiring{trail: newTrail(es...)}
	f := creators.New(tr, nil, newBook())
	if got := fill(t, f, noon, instance("i-2", ago(10*day))); got[0] != "bob" {
		t.Errorf("got %s", got[0])
	}
	if tr.expired < 2 {
		t.Errorf("it expired %d times", tr.expired)
	}
}

// expiring gives at most two pages of a listing.
type expiring struct {
	*trail
	expired int
}

var errExpired = &fault.Error{Class: fault.Passing, Message: "the token has expired"}

func (e *expiring) Lookup(ctx context.Context, at resource.Place, name string, from, to time.Time, page func([]creators.Event) error) error {
	pages := 0
	err := e.trail.Lookup(ctx, at, name, from, to, func(es []creators.Event) error {
		if pages++; pages > 2 {
			return errExpired
		}
		return page(es)
	})
	if errors.Is(err, errExpired) {
		e.expired++
	}
	return err
}

func newBook() *record.Memory { return record.NewMemory() }
