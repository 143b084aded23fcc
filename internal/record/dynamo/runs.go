package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

const (
	// leaseOf is how long a run counts as alive after it last said so.
	leaseOf = 5 * time.Minute
	// beat is how often it says so: several may fail.
	beat = time.Minute
	// letGo is how long Close tries to say that a run is not alive.
	letGo = 10 * time.Second
)

// lock is what a run has while it is open: an item that says until when it is
// alive. Nobody can tell from afar whether a process has died, so it has to
// say again and again that it has not.
type lock struct {
	l     *Ledger
	key   Key
	run   string
	token string // nobody else's, whatever runs are called
	stop  context.CancelFunc
	ended chan struct{}
}

func lockKey(s record.Scope) Key { return Key{of("lock", s), "lock"} }

// mine is the condition that nobody has taken over.
func (h *lock) mine() [][]Test { return [][]Test{{{Attr: "token", Is: Equal, Value: h.token}}} }

// Begin implements record.Ledger. A run for an event leaves no trace before it
// reserves something.
func (l *Ledger) Begin(ctx context.Context, s record.Scope, r record.RunInfo) error {
	if r.Event {
		return l.wrap("beginning run "+r.ID, ctx.Err())
	}
	h := &lock{l: l, key: lockKey(s), run: r.ID, token: rand.Text(), ended: make(chan struct{})}
	var dead string
	err := again(ctx, func() error {
		items, err := l.get(ctx, []Key{h.key})
		if err != nil {
			return err
		}
		condition := [][]Test{{{Attr: AttrPK, Is: Absent}}}
		if old, there := items[h.key]; there {
			if stamp(l.clock()) < old.text("until") {
				return record.Busy(record.RunInfo{ID: old.text("run"), Started: moment(old.text("started"))})
			}
			dead = old.text("run")
			condition = [][]Test{{{Attr: "token", Is: Equal, Value: old.text("token")}, {Attr: "until", Is: Equal, Value: old.text("until")}}}
		}
		return l.write(ctx, Write{Key: h.key, If: condition, Set: Item{"run": valid(r.ID), "token": h.token, "started": stamp(r.Started),
			"until": stamp(l.clock().Add(leaseOf)), "digest": valid(r.Digest), "by": valid(r.By)}})
	})
	if err == nil && dead != "" {
		err = l.giveBack(ctx, s, dead)
	}
	if err != nil {
		return l.wrap("beginning run "+r.ID, err)
	}
	alive, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go h.live(alive)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[s] = h
	return nil
}

// live says that the run is alive until it is stopped, or another has taken
// over. Whether that is so is asked again with each intent.
func (h *lock) live(ctx context.Context) {
	defer close(h.ended)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err := h.until(ctx, h.l.clock().Add(leaseOf))
			if _, lost := errors.AsType[*ConditionError](err); lost {
				return
			}
		}
	}
}

func (h *lock) until(ctx context.Context, t time.Time) error {
	return h.l.write(ctx, Write{Key: h.key, Kind: Update, Set: Item{"until": stamp(t)}, If: h.mine()})
}

// drop stops saying that the run is alive, and says that it is not.
func (h *lock) drop() error {
	h.stop()
	<-h.ended
	ctx, cancel := context.WithTimeout(context.Background(), letGo)
	defer cancel()
	err := h.until(ctx, time.Time{})
	if _, lost := errors.AsType[*ConditionError](err); lost {
		return nil
	}
	return err
}

// lockOf is the lock of a run that this ledger has begun; nil for any other.
func (l *Ledger) lockOf(s record.Scope, run string) *lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.held[s]; h != nil && h.run == run {
		return h
	}
	return nil
}

// fenced puts before writes the check that the run's lock is still its own: one
// that was cut off for so long that another took over does nothing further.
func (l *Ledger) fenced(ctx context.Context, s record.Scope, run string, ws []Write) error {
	h := l.lockOf(s, run)
	if h != nil {
		ws = append([]Write{{Key: h.key, Kind: Check, If: h.mine()}}, ws...)
	}
	err := l.table.Write(ctx, ws)
	if failed, ok := errors.AsType[*ConditionError](err); ok && h != nil && failed.At == 0 {
		return record.ErrLost
	}
	return err
}

// End implements record.Ledger.
func (l *Ledger) End(ctx context.Context, s record.Scope, run string, _ time.Time) error {
	err := l.giveBack(ctx, s, run)
	if h := l.lockOf(s, run); err == nil && h != nil {
		h.stop()
		<-h.ended
		err = l.write(ctx, Write{Key: h.key, Kind: Delete, If: h.mine()})
		if _, lost := errors.AsType[*ConditionError](err); lost {
			err = nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, s)
	}
	return l.wrap("ending run "+run, err)
}
