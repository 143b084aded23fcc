package serve

import (
	"context"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/queue"
)

const (
	// batch is how many messages one call of an inbox gives at most, and inHand how
	// many are being worked at: one that takes long, such as a sweep, does not keep
	// the others waiting.
	batch  = 10
	inHand = 2 * batch
	// hide is for how long messages are hidden from others at a time; half of it
	// before it ends, it begins anew.
	hide = 2 * time.Minute
	// receiveLeast and receiveMost are how long to wait where nothing can be
	// received.
	receiveLeast = time.Second
	receiveMost  = time.Minute
	// againLeast and againMost are when a message comes again.
	againLeast = 30 * time.Second
	againMost  = 15 * time.Minute
	// tries is how often a message is tried where no queue for dead letters is set
	// up; that takes almost four hours.
	tries = 20
	// lastWords is how long acknowledging may take when all else has ended.
	lastWords = 10 * time.Second
)

// intake receives messages until ctx ends, and returns when work on all of them
// has.
func (s *Server) intake(ctx, work context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, inHand)
	for failed := 0; ; {
		taken := take(ctx, slots)
		if taken < batch {
			return
		}
		ms, err := s.o.Inbox.Receive(ctx, hide)
		for range batch - len(ms) {
			<-slots
		}
		switch {
		case ctx.Err() != nil:
			s.handBack(work, ms)
			return
		case err != nil:
			failed++
			s.health.set(receiving, err)
			s.metrics.add("tagwarden_receive_failures_total", 1)
			s.o.Log.Error("receiving messages", "error", err)
			if !pause(ctx, backoff(failed, receiveLeast, receiveMost), nil) {
				return
			}
			continue
		}
		failed = 0
		s.health.set(receiving, nil)
		for _, m := range ms {
			s.metrics.add("tagwarden_messages_in_hand", 1)
			wg.Go(func() {
				s.message(work, m)
				s.metrics.add("tagwarden_messages_in_hand", -1)
				<-slots
			})
		}
	}
}

// take takes room for a batch, and says how much of it there was when the
// context ended.
func take(ctx context.Context, slots chan<- struct{}) int {
	for n := range batch {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return n
		}
	}
	return batch
}

// handBack lets messages come again at once, for whoever works next.
func (s *Server) handBack(ctx context.Context, ms []queue.Message) {
	for _, m := range ms {
		s.again(ctx, m, 0)
	}
}

// message works at one message, keeps it hidden meanwhile, and acknowledges it
// or has it come again.
func (s *Server) message(work context.Context, m queue.Message) {
	ctx, stop := context.WithCancel(work)
	var wg sync.WaitGroup
	wg.Go(func() {
		for pause(ctx, hide/2, nil) {
			s.again(ctx, m, hide)
		}
	})
	v := s.judge(work, m.Body)
	stop()
	wg.Wait()
	switch {
	case v.what == malformed && !s.o.Manner.DeadLetters:
		v.again = false
	case v.again && work.Err() == nil && !s.o.Manner.DeadLetters && m.Times >= tries:
		v.what, v.again = givenUp, false
	}
	s.metrics.add("tagwarden_messages_total", 1, "result", string(v.what))
	s.say(m.ID, m.Times, v)
	switch {
	case v.again && work.Err() != nil:
		s.again(work, m, 0)
	case v.again:
		s.again(work, m, backoff(m.Times, againLeast, againMost))
	default:
		last, cancel := context.WithTimeout(context.WithoutCancel(work), lastWords)
		defer cancel()
		if err := s.o.Inbox.Delete(last, m); err != nil {
			s.o.Log.Error("acknowledging a message; it comes again, and is known then", "message", m.ID, "error", err)
		}
	}
}

// again has a message come again after a time.
func (s *Server) again(work context.Context, m queue.Message, after time.Duration) {
	last, cancel := context.WithTimeout(context.WithoutCancel(work), lastWords)
	defer cancel()
	if err := s.o.Inbox.Hide(last, m, after); err != nil {
		s.o.Log.Warn("setting when a message comes again", "message", m.ID, "error", err)
	}
}

// say logs what came of a message.
func (s *Server) say(id string, times int, v verdict) {
	switch v.what {
	case handled, ignored:
		s.o.Log.Info("message "+string(v.what), "message", id, "why", v.why, "runs", v.runs)
	case retried:
		s.o.Log.Warn("message comes again", "message", id, "delivery", times, "why", v.why)
	default:
		s.o.Log.Error("message "+string(v.what), "message", id, "delivery", times, "why", v.why, "kept", v.again)
	}
}
