package creators

import (
	"context"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
)

// sweep is what is to be read of the events of one name.
type sweep struct {
	event string
	from  time.Time
	// head says that the events which may not all be there yet are wanted too.
	head bool
}

// sweep reads what was not read yet of the events that may answer questions.
func (j *job) sweep(ctx context.Context, qs []*question) {
	for _, w := range j.needed(qs) {
		if err := j.complete(ctx, w); err != nil {
			j.failed[w.event] = err
		}
	}
}

// complete reads the gaps of one sweep, newest first. A reading that breaks off
// goes on where it was as long as it gets on: the token of a long listing may
// expire.
func (j *job) complete(ctx context.Context, w sweep) error {
	name := record.Sweep{Region: j.at.Region, Name: w.event}
	if err := j.head(ctx, name, w); err != nil {
		return err
	}
	all := record.Stretch{From: w.from.Truncate(time.Second), To: settled(j.now)}
	for {
		covered, err := j.book.Covered(ctx, j.scope, name)
		if err != nil {
			return err
		}
		gaps := record.Gaps(covered, all)
		if len(gaps) == 0 {
			return nil
		}
		r := reading{job: j, name: name, left: gaps[0], sorted: true}
		if err := r.run(ctx); err != nil && (r.left.To.Equal(gaps[0].To) || !again(err)) {
			return err
		}
	}
}

// again says that the same call may go better now.
func again(err error) bool {
	switch fault.ClassOf(err) {
	case fault.Passing, fault.Throttled, fault.TimedOut:
		return true
	default:
		return false
	}
}

// head reads the newest events, once for each run. They count as found and not
// as read: more of them may turn up.
func (j *job) head(ctx context.Context, name record.Sweep, w sweep) error {
	from, to := settled(j.now), j.now.Truncate(time.Second).Add(time.Second)
	if !w.head || j.turn.heads[w.event].Equal(j.now) {
		return nil
	}
	err := j.trail.Lookup(ctx, j.at, w.event, from, to, func(es []Event) error {
		return j.learn(ctx, name, record.Stretch{}, es)
	})
	if err == nil {
		j.turn.heads[w.event] = j.now
	}
	return err
}

// reading is the reading of one gap.
type reading struct {
	*job
	name record.Sweep
	// left is what of the gap is still to be read.
	left record.Stretch
	// sorted says that the pages have come newest first so far, as CloudTrail
	// promises; only then does a page tell that what is newer was read.
	sorted bool
}

// run reads the gap. What was read is kept page by page, so that whoever reads
// on later begins where this ends.
func (r *reading) run(ctx context.Context) error {
	err := r.trail.Lookup(ctx, r.at, r.name.Name, r.left.From, r.left.To, func(es []Event) error {
		if len(es) == 0 {
			return nil
		}
		oldest := es[0].Time
		for _, e := range es {
			r.sorted = r.sorted && !e.Time.After(oldest) && e.Time.Before(r.left.To)
			if e.Time.Before(oldest) {
				oldest = e.Time
			}
		}
		// The next page may begin with more events of the same second.
		read := record.Stretch{From: oldest.Truncate(time.Second).Add(time.Second), To: r.left.To}
		if !r.sorted || read.Empty() || read.From.Before(r.left.From) {
			return r.learn(ctx, r.name, record.Stretch{}, es)
		}
		if err := r.learn(ctx, r.name, read, es); err != nil {
			return err
		}
		r.left.To = read.From
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.learn(ctx, r.name, r.left, nil); err != nil {
		return err
	}
	r.left.To = r.left.From
	return nil
}

// learn writes into the book what events made, and that a stretch was read.
// What was read is kept even when the run is ended meanwhile.
func (j *job) learn(ctx context.Context, name record.Sweep, read record.Stretch, es []Event) error {
	var made []record.Made
	for _, e := range es {
		made = append(made, madeBy(e.Record, j.scope.Account, e.Time)...)
	}
	if read.Empty() && len(made) == 0 {
		return nil
	}
	err := j.book.Learn(context.WithoutCancel(ctx), j.scope, name, read, made)
	return errors.Join(err, ctx.Err())
}

// madeBy returns what a record made in an account, nothing where it is no
// record of a creation. A call that may as well have changed what was there
// tells nothing of who made it.
func madeBy(data []byte, account string, at time.Time) []record.Made {
	r, err := creation.Parse(data)
	if err != nil {
		return nil
	}
	if !r.Time.IsZero() {
		at = r.Time
	}
	return madeIn(r, account, at)
}

// madeIn is madeBy for a record that was parsed.
func madeIn(r *creation.Record, account string, at time.Time) []record.Made {
	c, ignored := r.Creation()
	if ignored != nil || c.Overwrites {
		return nil
	}
	by := r.CreatedBy().Creator
	var made []record.Made
	for _, m := range c.Made {
		if m.Ref.Account == account {
			made = append(made, record.Made{Key: keys(m.Ref)[0], At: at.UTC().Truncate(time.Second), Event: r.Name, By: by})
		}
	}
	return made
}
