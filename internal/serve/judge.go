package serve

import (
	"context"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// result is what became of a message, as logs and metrics call it.
type result string

const (
	handled   result = "handled"
	ignored   result = "ignored"
	malformed result = "malformed"
	retried   result = "retried"
	givenUp   result = "given up"
)

// worst is their order: of several events in a message, that counts which comes
// last.
var worst = map[result]int{ignored: 0, handled: 1, malformed: 2, retried: 3}

// verdict is what became of a message, and why.
type verdict struct {
	what  result
	again bool // it is to come again
	why   string
	runs  []string
}

// join adds what became of another event of the message.
func (v *verdict) join(o verdict) {
	if v.what == "" || worst[o.what] > worst[v.what] {
		v.what, v.why = o.what, o.why
	}
	v.again = v.again || o.again
	v.runs = append(v.runs, o.runs...)
}

// judge handles all events of a message. What is malformed is to come again: a
// queue for dead letters takes it in the end.
func (s *Server) judge(ctx context.Context, body []byte) verdict {
	b, err := trigger.Read(body)
	if err != nil {
		return verdict{what: malformed, again: true, why: diag.Printable(err.Error())}
	}
	v := verdict{what: ignored, why: "there is no event in it"}
	for i, m := range b.Messages {
		var one verdict
		switch {
		case m.Err != nil:
			one = verdict{what: malformed, again: true, why: diag.Printable(m.Err.Error())}
		case m.Request == nil:
			one = verdict{what: ignored, why: diag.Printable(m.Ignored)}
		default:
			one = s.request(ctx, m.Request)
		}
		if i == 0 {
			v = verdict{}
		}
		v.join(one)
	}
	return v
}

// request handles one event.
func (s *Server) request(ctx context.Context, r *trigger.Request) verdict {
	l, err := s.fresh(ctx)
	if err != nil {
		return comesAgain("reading the policies: %v", err)
	}
	if r.Cause == trigger.Schedule {
		return s.asked(ctx, l.Set, r)
	}
	if r.Sweeps() {
		free, err := s.alone(ctx)
		if err != nil {
			return comesAgain("%v", err)
		}
		defer free()
	}
	now := s.o.Clock()
	run := s.o.Run(now)
	h, report, err := l.App.Handle(ctx, app.Event{Run: run, Now: now, Request: r})
	if report != nil {
		s.count(report)
	}
	switch {
	case err != nil:
		return comesAgain("%v", err)
	case h.Ignored != "":
		return verdict{what: ignored, why: diag.Printable(h.Ignored)}
	case !h.DoneWithSeen():
		return comesAgain("run %s could not do everything", run)
	case !h.Over(r, now):
		return comesAgain("%d of its resources cannot be seen yet, or are gone", len(h.Unseen))
	}
	v := verdict{what: handled, runs: []string{run}}
	if len(h.Later) > 0 {
		var names []string
		for _, later := range h.Later {
			names = append(names, later.Policy)
		}
		v.why = "to be judged later by " + strings.Join(names, ", ")
	}
	return v
}

func comesAgain(format string, args ...any) verdict {
	return verdict{what: retried, again: true, why: diag.Printable(fmt.Sprintf(format, args...))}
}

// asked runs the sweep that an event asks for, once for all its deliveries.
func (s *Server) asked(ctx context.Context, set *policy.Set, r *trigger.Request) verdict {
	names, why := app.Swept(set, r)
	if why == "" {
		why = app.Elsewhere(r, s.o.Scope.Account)
	}
	if why != "" {
		return verdict{what: ignored, why: diag.Printable(why)}
	}
	run := s.o.Run(s.o.Clock())
	if r.ID == "" {
		if err := s.sweep(ctx, run, names); err != nil {
			return comesAgain("%v", err)
		}
		return verdict{what: handled, runs: []string{run}}
	}
	once := turn{key: "sweep/event/" + r.ID, until: s.o.Clock().Add(remembered)}
	switch answer, err := s.claim(ctx, run, &once); {
	case err != nil:
		return comesAgain("%v", err)
	case answer == record.Concluded:
		return verdict{what: ignored, why: "it was handled before"}
	case answer == record.Taken:
		return comesAgain("%v", app.ErrTaken)
	}
	if err := s.turnOf(ctx, run, []turn{once}, names); err != nil {
		return comesAgain("%v", err)
	}
	return verdict{what: handled, runs: []string{run}}
}
