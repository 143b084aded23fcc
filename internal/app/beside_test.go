package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/view"
)

// slow is a Notifier that takes its time.
type slow struct {
	mu   sync.Mutex
	sent []view.Digest
	meet *sync.WaitGroup
}

func (s *slow) Send(_ context.Context, ds []view.Digest) []notify.Delivery {
	s.meet.Done()
	s.meet.Wait() // until all are at it
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []notify.Delivery
	for _, d := range ds {
		s.sent = append(s.sent, d)
		out = append(out, notify.Delivery{Channel: d.Channel, Address: d.Address, Accepted: true})
	}
	return out
}

func TestEventsHandledAtOnceAreToldOnceEach(t *testing.T) {
	w := newWorld(t, unexcepted)
	const n = 4
	s := &slow{meet: &sync.WaitGroup{}}
	s.meet.Add(n)
	var all sync.WaitGroup
	set := w.set()
	for i := range n {
		id := w.launch(fmt.Sprintf("i-0000000000000000%d", i+1), time.Hour, nil)
		e := w.event(strings.Replace(running(id), "e-1", fmt.Sprint("e-", i+1), 1))
		a := app.New(app.Options{Set: set, Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: s, Region: region})
		all.Go(func() {
			if _, _, err := a.Handle(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	told := map[string]int{}
	for _, d := range s.sent {
		for _, sec := range d.Sections {
			for _, it := range sec.Items {
				told[it.Resource.ID]++
			}
		}
	}
	for id, times := range told {
		if times != 1 {
			t.Errorf("%s was told %d times", id, times)
		}
	}
	if len(told) != n {
		t.Errorf("told: %v", told)
	}
}

func TestLimitsHoldForEventsHandledAtOnce(t *testing.T) {
	w := newWorld(t, strings.Replace(unexcepted, "settings: {", "settings: {limits: {stop: 3}, ", 1))
	const n = 10
	set := w.set()
	var ids []string
	var all sync.WaitGroup
	for i := range n {
		id := w.launch(fmt.Sprintf("i-000000000000000%02d", i+1), time.Hour, nil)
		ids = append(ids, id)
		for range 3 {
			e := w.event(strings.Replace(running(id), "e-1", fmt.Sprint("e-", i+1), 1))
			a := app.New(app.Options{Set: set, Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: silent{}, Region: region})
			all.Go(func() { _, _, _ = a.Handle(t.Context(), e) })
		}
	}
	all.Wait()
	stopped := 0
	for _, id := range ids {
		if w.stateNow(id) != "running" {
			stopped++
		}
	}
	if stopped > 3 || w.aws.Calls()["ec2:StopInstances"] > 3 {
		t.Errorf("%d were stopped by %d calls", stopped, w.aws.Calls()["ec2:StopInstances"])
	}
}

// silent is a Notifier that accepts everything.
type silent struct{}

func (silent) Send(_ context.Context, ds []view.Digest) []notify.Delivery {
	out := make([]notify.Delivery, len(ds))
	for i, d := range ds {
		out[i] = notify.Delivery{Channel: d.Channel, Address: d.Address, Accepted: true}
	}
	return out
}
