package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/schedule"
)

const (
	// daily is when a policy without a schedule is run.
	daily = "rate(1 day)"
	// lease is how long a sweep has its time to itself, again and again: who died
	// lets go of it then. That two do not change anything at once is the ledger's,
	// lease or not.
	lease = 30 * time.Minute
	// remembered is how long it is known that a time was seen to, beyond the next.
	remembered = 48 * time.Hour
	// ever is how long it is known that a schedule was seen.
	ever = 10 * 365 * 24 * time.Hour
	// look is how often it is looked at what is due: a clock that is set may pass
	// over a time.
	look = time.Minute
	// failedMost is the longest wait after a sweep that failed.
	failedMost = 15 * time.Minute
)

// errInterrupted says that a sweep was ended before its time.
var errInterrupted = errors.New("the sweep was interrupted; the next one does the rest")

// turn is something that is done once: a time of a policy's schedule, or an
// event that asks for a sweep.
type turn struct {
	key   string    // in the ledger
	until time.Time // it is remembered until then
	// of is the policy and its schedule, and tick the time; "" and zero for an
	// event.
	of, policy string
	tick       time.Time
}

// schedules runs what is due until ctx ends.
func (s *Server) schedules(ctx, work context.Context) {
	for failed := 0; ; {
		if due, _ := s.turns(s.current().Set); len(due) > 0 {
			if err := s.scheduled(work); err != nil && work.Err() == nil {
				failed++
				s.o.Log.Error("a scheduled sweep failed", "error", err)
			} else {
				failed = 0
			}
		}
		wait := look
		if _, next := s.turns(s.current().Set); !next.IsZero() {
			wait = min(look, next.Sub(s.o.Clock()))
		}
		if failed > 0 {
			wait = backoff(failed, look, failedMost)
		}
		if !pause(ctx, wait, nil) {
			return
		}
	}
}

// turns are the times of schedules that have come and that nobody is known to
// have seen to, of each policy the last: what was missed is caught up with once.
// next is when another comes.
func (s *Server) turns(set *policy.Set) (due []turn, next time.Time) {
	now, zone := s.o.Clock(), set.Settings.Zone
	for _, p := range set.Policies {
		text := p.Schedule
		if text == "" && !p.NoSweep {
			text = daily
		}
		sched, err := schedule.Parse(text)
		if err != nil {
			continue // it has none: the policy file's are checked when it is read
		}
		coming := sched.Next(now, zone)
		if !coming.IsZero() && (next.IsZero() || coming.Before(next)) {
			next = coming
		}
		tick := sched.Last(now, zone)
		of := p.Name + "/" + text
		if tick.IsZero() || !tick.After(s.done[of]) {
			continue
		}
		until := now.Add(ever)
		if !coming.IsZero() {
			until = coming.Add(remembered)
		}
		due = append(due, turn{key: "sweep/" + of + "/" + tick.UTC().Format(time.RFC3339), until: until, of: of, policy: p.Name, tick: tick})
	}
	return due, next
}

// scheduled runs what is due, by the policies as they are now.
func (s *Server) scheduled(work context.Context) error {
	l, err := s.reload(work)
	if err != nil {
		return fmt.Errorf("reading the policies: %w", err)
	}
	due, _ := s.turns(l.Set)
	run := s.o.Run(s.o.Clock())
	var mine []turn
	var names []string
	for _, t := range due {
		yours, err := s.take(work, run, &t)
		if err != nil {
			s.conclude(work, run, mine, false)
			return err
		}
		if yours {
			mine, names = append(mine, t), append(names, t.policy)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	slices.Sort(names)
	return s.turnOf(work, run, mine, names)
}

// turnOf runs a sweep that nobody else is to run, and goes on saying so for as
// long as it takes.
func (s *Server) turnOf(work context.Context, run string, mine []turn, names []string) error {
	ctx, stop := context.WithCancel(work)
	var wg sync.WaitGroup
	wg.Go(func() {
		for pause(ctx, lease/3, nil) {
			for i := range mine {
				if _, err := s.claim(ctx, run, &mine[i]); err != nil && ctx.Err() == nil {
					s.o.Log.Error("recording a sweep in the ledger", "run", run, "error", err)
				}
			}
		}
	})
	err := s.sweep(work, run, names)
	stop()
	wg.Wait()
	s.conclude(work, run, mine, err == nil)
	return err
}

// take says whether a time of a schedule is for this run to see to. A schedule
// that was never seen before has missed nothing.
func (s *Server) take(ctx context.Context, run string, t *turn) (bool, error) {
	first := turn{key: "sweep/" + t.of + "/seen", until: s.o.Clock().Add(ever)}
	seen, err := s.claim(ctx, run, &first)
	if err != nil || seen == record.Taken {
		return false, err
	}
	answer, err := s.claim(ctx, run, t)
	switch {
	case err != nil:
		return false, err
	case seen == record.Yours && answer == record.Yours:
		s.conclude(ctx, run, []turn{first, *t}, true)
		return false, nil
	case seen == record.Yours:
		s.conclude(ctx, run, []turn{first}, true)
	}
	if answer == record.Concluded {
		s.done[t.of] = t.tick
	}
	return answer == record.Yours, nil
}

// claim asks the ledger for a turn.
func (s *Server) claim(ctx context.Context, run string, t *turn) (record.Claimed, error) {
	now := s.o.Clock()
	answer, err := s.o.Ledger.Claim(ctx, s.o.Scope, t.key, run, now, now.Add(lease))
	if err != nil {
		return answer, fmt.Errorf("asking the ledger whose turn it is: %w", err)
	}
	return answer, nil
}

// conclude ends turns, even when the work was interrupted.
func (s *Server) conclude(ctx context.Context, run string, turns []turn, done bool) {
	for _, t := range turns {
		if err := s.o.Ledger.Conclude(context.WithoutCancel(ctx), s.o.Scope, t.key, run, done, t.until); err != nil {
			s.o.Log.Error("recording a sweep in the ledger", "run", run, "error", err)
			continue
		}
		if done && t.of != "" {
			s.done[t.of] = t.tick
		}
	}
}

// sweep looks at everything with these policies and does what follows. Only one
// sweep runs at a time.
func (s *Server) sweep(ctx context.Context, run string, names []string) (err error) {
	free, err := s.alone(ctx)
	if err != nil {
		return err
	}
	defer free()
	l, err := s.reload(ctx)
	if err != nil {
		return fmt.Errorf("reading the policies: %w", err)
	}
	now := s.o.Clock()
	defer func() { s.swept(now, err) }()
	p, err := l.App.Plan(ctx, app.Request{Run: run, Now: now, Only: app.Only(l.Set, names)})
	if err != nil {
		return err
	}
	s.o.Log.Info("sweep planned", "run", run, "policies", names, "summary", report.Summary(p))
	r, err := l.App.Apply(ctx, p, s.o.Clock())
	if r != nil {
		s.count(r)
	}
	switch {
	case err != nil:
		return err
	case r.Interrupted:
		return errInterrupted
	}
	s.o.Log.Info("sweep done", "run", run, "summary", report.Summary(r.Plan), "unread", len(r.Plan.Unread), "problems", len(r.Problems))
	return nil
}

// alone waits until no sweep runs, and keeps others from it until free is
// called.
func (s *Server) alone(ctx context.Context) (free func(), err error) {
	select {
	case s.sweeping <- struct{}{}:
		return func() { <-s.sweeping }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
