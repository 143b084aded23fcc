package creators_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// watched is a trail that nothing is asked of twice: what the book says was
// read is in no request.
type watched struct {
	*trail
	t    *rapid.T
	book *record.Memory
}

func (w *watched) Lookup(ctx context.Context, at resource.Place, name string, from, to time.Time, page func([]creators.Event) error) error {
	covered, err := w.book.Covered(ctx, scope, record.Sweep{Region: at.Region, Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range covered {
		if from.Before(c.To) && c.From.Before(to) {
			w.t.Fatalf("%s from %s to %s is read again: %v", name, from, to, c)
		}
		if c.To.After(w.now.Add(-creators.Lag)) {
			w.t.Fatalf("%s is not settled up to %s", name, c.To)
		}
	}
	return w.trail.Lookup(ctx, at, name, from, to, page)
}

// Whatever the runs were, and wherever they broke off: nothing is read twice,
// and in the end it is as if everything had been read at once.
func TestNoStretchIsReadTwiceAndNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := newTrail()
		tr.size = rapid.IntRange(1, 3).Draw(t, "page")
		book := record.NewMemory()
		w := &watched{trail: tr, t: t, book: book}
		made := map[string]time.Time{}
		for n := range rapid.IntRange(0, 12).Draw(t, "events") {
			// Few times, so that several events share a second.
			at := ago(time.Duration(rapid.IntRange(0, 6).Draw(t, "ago"))*10*time.Minute + time.Duration(rapid.IntRange(0, 1).Draw(t, "seconds"))*time.Second)
			name := rapid.SampledFrom([]string{"RunInstances", "RunInstances", "CreateFleet"}).Draw(t, "event")
			id := fmt.Sprintf("i-%d", n)
			made[id] = at
			if rapid.IntRange(0, 3).Draw(t, "told") > 0 {
				tr.events = append(tr.events, event{at, name, fmt.Sprintf("user%d", n), []string{id}})
			}
		}
		ask := func(f *creators.Finder, now time.Time) {
			var rs []resource.Resource
			for _, id := range slices.Sorted(maps.Keys(made)) {
				if made[id].Before(now) && rapid.Bool().Draw(t, "asked") {
					rs = append(rs, instance(id, made[id]))
				}
			}
			f.Fill(context.Background(), scope, place, rs, now)
		}
		tr.now = ago(time.Hour)
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			tr.now = tr.now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes later")) * time.Minute)
			tr.pages, tr.err = -1, nil
			if rapid.Bool().Draw(t, "breaks off") {
				tr.pages = tr.read + rapid.IntRange(0, 6).Draw(t, "after pages")
				tr.err = rapid.SampledFrom([]error{errBroken, errExpired}).Draw(t, "error")
			}
			shown := *tr
			tr.events = nil
			for _, e := range shown.events { // what lies in the future is not told
				if !e.at.After(tr.now) {
					tr.events = append(tr.events, e)
				}
			}
			ask(creators.New(w, nil, book), tr.now)
			tr.events = shown.events
		}
		tr.now, tr.pages = tr.now.Add(48*time.Hour), -1
		whole := newTrail(tr.events...)
		whole.now = tr.now
		var rs, fresh []resource.Resource
		for id, at := range made {
			rs, fresh = append(rs, instance(id, at)), append(fresh, instance(id, at))
		}
		creators.New(w, nil, book).Fill(context.Background(), scope, place, rs, tr.now)
		creators.New(whole, nil, record.NewMemory()).Fill(context.Background(), scope, place, fresh, tr.now)
		for i := range rs {
			a, errA := rs[i].Origin()
			b, errB := fresh[i].Origin()
			if errA != nil || errB != nil || a != b {
				t.Fatalf("%s: %v, %v; read at once: %v, %v", rs[i].Ref().ID, a, errA, b, errB)
			}
			told := false
			for _, e := range tr.events {
				told = told || e.ids[0] == rs[i].Ref().ID
			}
			if told != strings.HasPrefix(a.Name, "user") {
				t.Fatalf("%s is told: %v, and found: %q", rs[i].Ref().ID, told, a.Name)
			}
		}
	})
}
