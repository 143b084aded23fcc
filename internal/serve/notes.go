package serve

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/queue"
)

// notes judges what has settled in this process until ctx ends.
func (s *Server) notes(ctx, work context.Context) {
	failed := map[string]int{}
	for {
		due, next := s.o.Notes.Take(s.o.Clock())
		for i, n := range due {
			if ctx.Err() != nil {
				s.keep(due[i:], 0)
				return
			}
			s.note(work, n, failed)
		}
		s.metrics.set("tagwarden_notes_waiting", float64(s.o.Notes.Len()))
		wait := time.Minute
		if !next.IsZero() {
			wait = min(wait, next.Sub(s.o.Clock()))
		}
		if !pause(ctx, wait, s.o.Notes.Changed()) {
			return
		}
	}
}

// note judges one note, and keeps it again where that may come to something
// else later.
func (s *Server) note(work context.Context, n queue.Note, failed map[string]int) {
	v := s.judge(work, n.Body)
	failed[n.Key]++
	times := failed[n.Key]
	if v.again && times >= tries {
		v.what, v.again = givenUp, false
	}
	s.metrics.add("tagwarden_notes_total", 1, "result", string(v.what))
	s.say("note "+n.Key, times, v)
	if v.again {
		s.keep([]queue.Note{n}, backoff(times, againLeast, againMost))
		return
	}
	delete(failed, n.Key)
}

// keep puts notes back that were taken.
func (s *Server) keep(ns []queue.Note, after time.Duration) {
	now := s.o.Clock()
	for _, n := range ns {
		n.At = now.Add(after)
		if err := s.o.Notes.Keep(context.Background(), n, now); err != nil {
			s.o.Log.Error("keeping what is to settle", "note", n.Key, "error", err)
		}
	}
}
