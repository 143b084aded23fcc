package creators

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Finder finds who made resources. It is safe for concurrent use, and does one
// thing at a time in each place.
type Finder struct {
	trail   Trail
	archive Archive
	book    Book

	mu    sync.Mutex
	turns map[resource.Place]*turn
}

// turn is the work in one place.
type turn struct {
	sync.Mutex
	// heads are as of when the newest events of a name were read.
	heads map[string]time.Time
}

// New returns a Finder. archive may be nil: then nobody is found for what is
// older than Reach.
func New(trail Trail, archive Archive, book Book) *Finder {
	return &Finder{trail: trail, archive: archive, book: book, turns: map[resource.Place]*turn{}}
}

// ErrTooYoung says that CloudTrail may not yet tell of a resource.
var ErrTooYoung = fmt.Errorf("it may be younger than %d minutes, which is how late CloudTrail can be: it is judged at the next run", int(Lag.Minutes()))

// Fill finds who made resources of one place and sets it in them: who it was,
// that nobody can be found, or why that could not be read. now is the present
// time there and never a later one, because what was read up to it counts as
// read.
func (f *Finder) Fill(ctx context.Context, s record.Scope, at resource.Place, rs []resource.Resource, now time.Time) {
	turn := f.turn(at)
	turn.Lock()
	defer turn.Unlock()
	j := &job{Finder: f, turn: turn, scope: s, at: at, now: now, failed: map[string]error{}}
	open := make([]*question, 0, len(rs))
	for _, r := range rs {
		open = append(open, ask(r, now))
	}
	err := j.find(ctx, open)
	for _, q := range open {
		if _, e := q.r.Origin(); e == nil {
			continue
		}
		if err != nil {
			q.r.SetOrigin(resource.Unread[resource.Origin](hinted(err)))
			continue
		}
		q.r.SetOrigin(j.conclude(q))
	}
}

func (f *Finder) turn(at resource.Place) *turn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turns[at] == nil {
		f.turns[at] = &turn{heads: map[string]time.Time{}}
	}
	return f.turns[at]
}

// hinted says with an error what a person can do about it.
func hinted(err error) error {
	if hint := fault.HintOf(err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// job is one Fill.
type job struct {
	*Finder
	turn  *turn
	scope record.Scope
	at    resource.Place
	now   time.Time
	// failed are the sweeps that could not be completed, by name.
	failed map[string]error
}

// find answers what it can, from the book, then from CloudTrail, then from the
// archive. The error is that of the book; what else fails is in failed.
func (j *job) find(ctx context.Context, qs []*question) error {
	open, err := j.answer(ctx, qs, false)
	if err != nil {
		return err
	}
	if err := j.wonder(ctx, open); err != nil {
		return err
	}
	j.sweep(ctx, open)
	if open, err = j.answer(ctx, open, true); err != nil {
		return err
	}
	if j.archive == nil || !j.search(ctx, open) {
		return nil
	}
	_, err = j.answer(ctx, open, true)
	return err
}

// answer sets the answers that the book has and returns the questions that stay
// open.
func (j *job) answer(ctx context.Context, qs []*question, swept bool) ([]*question, error) {
	var names []string
	for _, q := range qs {
		names = append(names, q.keys...)
		if q.parent != "" {
			names = append(names, q.parent)
		}
	}
	book, err := j.book.Makers(ctx, j.scope, names)
	if err != nil {
		return nil, err
	}
	var open []*question
	for _, q := range qs {
		if o, ok := q.answer(book, swept && j.failure(q) == nil, j.now); ok {
			q.r.SetOrigin(resource.Known(o))
			continue
		}
		open = append(open, q)
	}
	return open, nil
}

// wonder asks since when the creator is sought of what does not say when it was
// made.
func (j *job) wonder(ctx context.Context, qs []*question) error {
	var names []string
	for _, q := range qs {
		if q.made.IsZero() {
			names = append(names, q.keys[0])
		}
	}
	since, err := j.book.Wonder(ctx, j.scope, names, j.now)
	if err != nil {
		return err
	}
	for _, q := range qs {
		q.sought = since[q.keys[0]]
	}
	return nil
}

// failure is why what may tell of a resource could not be read, nil where it
// was.
func (j *job) failure(q *question) error {
	if q.tooOld(j.now) {
		return j.failed[archived]
	}
	for _, e := range q.events {
		if err := j.failed[e]; err != nil {
			return err
		}
	}
	return nil
}

// conclude is what is to be said of a resource of which nobody was found.
func (j *job) conclude(q *question) resource.Lazy[resource.Origin] {
	nobody := func(why string) resource.Lazy[resource.Origin] { return resource.Known(resource.Nobody(why)) }
	t := q.r.Ref().Type
	switch err := j.failure(q); {
	case len(q.events) == 0:
		return nobody(fmt.Sprintf("no event is known that makes a resource of type %s", t))
	case err != nil:
		return resource.Unread[resource.Origin](hinted(err))
	case q.tooYoung(j.now):
		return resource.Unread[resource.Origin](ErrTooYoung)
	case q.tooOld(j.now):
		why := fmt.Sprintf("it was made %d days ago, and CloudTrail tells of the last %d", days(j.now.Sub(q.made)), days(Reach))
		if j.archive != nil {
			why += "; no event in the archived logs of that time made it"
		}
		return nobody(why)
	case q.made.IsZero():
		return nobody(fmt.Sprintf("no event of the last %d days made it", days(Reach)))
	default:
		return nobody("CloudTrail has no event that made it")
	}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// needed are the events of questions, each with how far back it is to be
// read, and whether up to the present.
func (j *job) needed(qs []*question) []sweep {
	all := map[string]*sweep{}
	for _, q := range qs {
		if q.tooOld(j.now) {
			continue
		}
		for _, e := range q.events {
			w := all[e]
			if w == nil {
				w = &sweep{event: e, from: q.oldest(j.now)}
				all[e] = w
			}
			if from := q.oldest(j.now); from.Before(w.from) {
				w.from = from
			}
			w.head = w.head || q.tooYoung(j.now)
		}
	}
	out := make([]sweep, 0, len(all))
	for _, e := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[e])
	}
	return out
}
