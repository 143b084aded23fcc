package function

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// invocation is one delivery of events while it is handled.
type invocation struct {
	log      *slog.Logger
	id       string
	answer   *Answer
	batch    trigger.Batch
	policies *policies
	until    deadline
	tries    int // of the one event

	app *app.App
}

// Errors of events that are to be delivered again.
var (
	errLate    = errors.New("there is no time left for it")
	errNotDone = errors.New("something failed that may succeed a little later")
	errUnseen  = errors.New("what it is about cannot be seen yet")
	errEnded   = errors.New("the time was over before everything was done")
)

// prepare makes the pipeline for the policies in force. What a schedule asks for
// is done by the newest there are.
func (i *invocation) prepare(ctx context.Context) error {
	fresh := false
	for _, m := range i.batch.Messages {
		fresh = fresh || m.Request != nil && m.Request.Sweeps()
	}
	a := i.policies.account
	force, trouble, err := i.policies.get(ctx, i.log, a.now(), fresh)
	if err != nil {
		return &Error{NoPolicies, err}
	}
	if trouble != nil {
		e := &Error{NoPolicies, trouble}
		i.answer.Warnings = append(i.answer.Warnings, "the newest policies cannot be loaded, those of "+
			force.since.UTC().Format(time.RFC3339)+" stay in force: "+e.Error())
	}
	var archive creators.Archive
	if c := force.set.Settings.Creators; c != nil && a.archive != nil {
		archive = a.archive(c)
	}
	notifier := notify.New(force.set, a.ways, a.wait)
	i.app = app.New(app.Options{Set: force.set, Source: a.source, Actor: a.actor, Trail: a.trail, Accounts: a.governs(force.set), Archive: archive, Clock: a.now,
		Ledger: force.ledger, Notifier: notifier, Systems: notifier, Later: force.later, Region: a.region, Log: i.log, Wait: i.wait})
	return nil
}

// message handles the nth event. Its error says that it is to be delivered
// again.
func (i *invocation) message(ctx context.Context, n int) error {
	m := &i.batch.Messages[n]
	e := Event{Message: m.ID, Policies: []string{}, Ignored: m.Ignored}
	log := i.log
	if m.ID != "" {
		log = log.With("message", m.ID)
	}
	var err error
	switch {
	case m.Err != nil:
		// Delivered again it would be as malformed.
		bad := &Error{Malformed, m.Err}
		e.Error, e.Text = bad.Name, bad.Error()
		log.Error("it is no event", "name", bad.Name, "error", e.Text)
		i.answer.StatusCode = max(i.answer.StatusCode, statusMalformed)
		if len(i.batch.Messages) == 1 {
			i.answer.Body = e.Text
		}
	case m.Request != nil:
		e.Cause, e.ID = string(m.Request.Cause), m.Request.ID
		err = i.insist(ctx, m.Request, n, &e)
	}
	if err != nil {
		name := named(err)
		e.Error, e.Text, e.Again = name.Name, name.Error(), true
		log.Error("an event is to be delivered again", "cause", e.Cause, "event", e.ID, "run", e.Run, "name", name.Name, "error", e.Text)
		if i.batch.Queue {
			i.answer.failed(m.ID)
		}
	} else if m.Err == nil {
		log.Info("an event was handled", "cause", e.Cause, "event", e.ID, "run", e.Run, "policies", e.Policies, "ignored", e.Ignored)
	}
	i.answer.Events = append(i.answer.Events, e)
	return err
}

// firstWait is the one before an event is tried again, which doubles, and waits
// how many there are: in some fifteen seconds EC2 shows what it has made.
const (
	firstWait = time.Second
	waits     = 4
)

// insist tries an event again, within bounds, as long as it fails for what may
// pass: Lambda itself would do so after a minute. Of a batch, each event is
// tried once, as the rest of it waits.
func (i *invocation) insist(ctx context.Context, r *trigger.Request, n int, e *Event) error {
	pause := firstWait
	for try := 0; ; try++ {
		i.tries = try
		err := i.handle(ctx, r, n, e)
		if err == nil || named(err).Name != Unfinished || try == waits || len(i.batch.Messages) > 1 || i.until.left() < pause+i.until.kept {
			return err
		}
		i.log.Warn("an event is tried again", "in", pause.String(), "error", named(err).Error())
		if i.policies.account.wait(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
}

// wait lets time pass for what an event made to be found, as long as there is
// time. It is waited for once: not when the event is tried again, nor where the
// rest of a batch would have to wait too.
func (i *invocation) wait(ctx context.Context, d time.Duration) bool {
	if i.tries > 0 || len(i.batch.Messages) > 1 || i.until.left() < d+i.until.kept {
		return false
	}
	return i.policies.account.wait(ctx, d) == nil
}

// handle handles an event once.
func (i *invocation) handle(ctx context.Context, r *trigger.Request, n int, e *Event) error {
	if i.until.late() {
		return &Error{Unfinished, errLate}
	}
	now := i.policies.account.now()
	e.Run = i.run(now, n)
	event := app.Event{Run: e.Run, Now: now, Request: r, Until: now.Add(i.until.lease())}
	do := i.app.Handle
	if r.Cause == trigger.Schedule {
		do = i.app.Sweep
	}
	h, report, err := do(ctx, event)
	if err != nil {
		return err
	}
	e.Policies, e.Ignored = append([]string{}, h.Policies...), h.Ignored
	left := unfinished(h, report, r, now)
	if left == nil { // else the next delivery tells of it
		i.answer.take(h, report)
	}
	return left
}

// unfinished is why an event is to be handled again, nil where it need not be.
func unfinished(h *app.Handling, report *app.Report, r *trigger.Request, now time.Time) error {
	if report != nil && report.Interrupted {
		return &Error{Unfinished, errEnded}
	}
	if r.Sweeps() || h.Over(r, now) {
		return nil // the next sweep finds what this one left
	}
	if !h.DoneWithSeen() {
		return &Error{Unfinished, errNotDone}
	}
	return &Error{Unfinished, unseen(h.Unseen)}
}

// unseen is the error of an event that is about what cannot be seen, of which it
// names the first.
func unseen(refs []resource.Ref) error {
	const most = 10
	var ids []string
	for _, ref := range refs[:min(len(refs), most)] {
		ids = append(ids, fmt.Sprintf("%.100s", ref.ID))
	}
	more := ""
	if n := len(refs) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%w: %s%s", errUnseen, strings.Join(ids, ", "), more)
}

// run names a run: when it is, and what tells it from others.
func (i *invocation) run(now time.Time, n int) string {
	id := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
			return c
		}
		return -1
	}, i.id)
	run := now.UTC().Format("20060102T150405Z") + "-" + cmp.Or(id[:min(len(id), 8)], "function")
	if len(i.batch.Messages) > 1 {
		run = fmt.Sprintf("%s-%d", run, n+1)
	}
	return run
}
