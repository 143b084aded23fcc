package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// ErrTaken says that another run is at the same event, or at one of its
// resources: the event is to be handled again a little later.
var ErrTaken = errors.New("another run is at it")

const (
	// lease is how long a run has an event to itself that does not say how long it
	// may take: as long as a function may run ("Lambda quotas"). One that died lets
	// go of it then.
	lease = 15 * time.Minute
	// remembered is how long an event that was handled is known as such: twice as
	// long as EventBridge goes on delivering it ("Retrying event delivery").
	remembered = 48 * time.Hour
)

// handledBefore is why an event is ignored that was delivered twice.
const handledBefore = "it was handled before"

// handle is Handle without the answer that somebody may wait for.
func (a *App) handle(ctx context.Context, e Event) (h *Handling, report *Report, err error) {
	h, refs, err := a.wake(ctx, e)
	if err != nil || h.Ignored != "" || len(h.Policies) == 0 && !a.keeps(h) {
		return h, nil, err
	}
	if e.Request.Cause == trigger.Settled && len(h.Later) > 0 && !e.AtOnce {
		return h, nil, a.keep(ctx, h, e) // it came too early, and is none of the deliveries that count
	}
	claims := a.claims(h.session, e)
	// What was begun is let go of even when the user ends the run meanwhile.
	defer func() { err = errors.Join(err, claims.end(context.WithoutCancel(ctx), err == nil && h.Done())) }()
	switch known, err := claims.event(ctx, e); {
	case err != nil:
		return nil, nil, err
	case known:
		h.Policies, h.Unseen, h.Ignored = nil, nil, handledBefore
		return h, nil, nil
	}
	a.note(ctx, h.session, e)
	if err := a.keep(ctx, h, e); err != nil {
		return nil, nil, err
	}
	if len(h.Policies) == 0 {
		return h, nil, nil
	}
	if err := claims.resources(ctx, refs); err != nil {
		return nil, nil, err
	}
	if err := a.judgeEvent(ctx, h, refs); err != nil {
		return nil, nil, err
	}
	if e.Confirm != nil {
		if err := e.Confirm(h); err != nil {
			return nil, nil, err
		}
		h.session.io.forget() // it may have taken a person a while
	}
	if report, err = a.apply(ctx, h.session, h.Plan, e.Now); err != nil {
		return h, report, err
	}
	h.again = h.again || report.untold()
	return h, report, a.catchUp(ctx, h, e, claims, report)
}

// note keeps who made what the event tells of. It is a cache: where it cannot be
// written, the event history tells the same some minutes later.
func (a *App) note(ctx context.Context, s *session, e Event) {
	if a.creators == nil || s.creation == nil {
		return
	}
	if err := a.creators.Note(ctx, s.makersOf(s.at.Account), e.Request.Subject().Record); err != nil {
		a.o.Log.Warn("who made it was not kept", "event", e.Request.ID, "error", err)
	}
}

// Done says that handling the event again would change nothing: all of its
// resources were seen, and nothing failed that may succeed a little later, be it
// to tell people, or was left because the run was ended.
func (h *Handling) Done() bool { return len(h.Unseen) == 0 && h.DoneWithSeen() }

// DoneWithSeen is Done where those of its resources that cannot be seen are taken
// for gone.
func (h *Handling) DoneWithSeen() bool {
	if h.again {
		return false
	}
	if h.Plan == nil {
		return true
	}
	for i := range h.Plan.Findings {
		for j := range h.Plan.Findings[i].Actions {
			a := &h.Plan.Findings[i].Actions[j]
			if a.State == plan.Failed && mayPass(fault.Class(a.Code)) || a.State == plan.Skipped && a.Code == reason.Interrupted {
				return false
			}
		}
	}
	return !slices.ContainsFunc(h.Plan.Unread, func(u plan.Unread) bool { return !u.Lasting })
}

// gone is how old an event may be about something that cannot be seen: services
// show what they have made within seconds, so that it is taken for deleted.
const gone = 2 * time.Minute

// Over is Done as of a time at which what cannot be seen may be taken for gone.
func (h *Handling) Over(r *trigger.Request, now time.Time) bool {
	return h.Done() || h.DoneWithSeen() && !r.Time.IsZero() && now.Sub(r.Time) > gone
}

// untold says whether people were not told for a reason that may pass. Nobody
// else tells them of an event, unless a sweep finds the same.
func (r *Report) untold() bool {
	return slices.ContainsFunc(r.Deliveries, func(d notify.Delivery) bool { return !d.Accepted && d.Err != nil && mayPass(fault.ClassOf(d.Err)) })
}

// mayPass says whether what failed so may succeed a little later.
func mayPass(c fault.Class) bool {
	return c.Passes() || c == fault.TimedOut || c == fault.Unreachable || c == fault.Cancelled
}

// claims are what a run has to itself.
type claims struct {
	ledger record.Ledger
	scope  record.Scope
	run    string
	now    time.Time
	until  time.Time
	id     string   // of the event, "" for one without
	held   []string // the resources
}

// claims begins with none.
func (a *App) claims(s *session, e Event) *claims {
	c := &claims{ledger: a.o.Ledger, scope: s.scope, run: e.Run, now: e.Now, until: e.Until}
	if c.until.IsZero() {
		c.until = e.Now.Add(lease)
	}
	return c
}

// event claims an event. It is true where that was handled before.
func (c *claims) event(ctx context.Context, e Event) (known bool, err error) {
	if e.Request.ID == "" {
		return false, nil
	}
	key := fmt.Sprintf("event/%s/%s", e.Request.Cause, e.Request.ID)
	answer, err := c.ledger.Claim(ctx, c.scope, key, c.run, c.now, c.until)
	switch {
	case err != nil:
		return false, fmt.Errorf("claiming the event: %w", err)
	case answer == record.Concluded:
		return true, nil
	case answer == record.Taken:
		return false, fmt.Errorf("claiming the event: %w", ErrTaken)
	}
	c.id = key
	return false, nil
}

// resources claims what an event is about.
func (c *claims) resources(ctx context.Context, refs []resource.Ref) error {
	for _, r := range refs {
		key := fmt.Sprintf("resource/%s/%s/%s/%s", r.Account, r.Region, r.Type, r.ID)
		answer, err := c.ledger.Claim(ctx, c.scope, key, c.run, c.now, c.until)
		switch {
		case err != nil:
			return fmt.Errorf("claiming %s: %w", r.ID, err)
		case answer != record.Yours:
			return fmt.Errorf("claiming %s: %w", r.ID, ErrTaken)
		}
		c.held = append(c.held, key)
	}
	return nil
}

// end lets go of everything, and remembers the event where it is done.
func (c *claims) end(ctx context.Context, done bool) error {
	var errs []error
	for _, key := range c.held {
		errs = append(errs, c.ledger.Conclude(ctx, c.scope, key, c.run, false, c.now))
	}
	if c.id != "" {
		errs = append(errs, c.ledger.Conclude(ctx, c.scope, c.id, c.run, done, c.now.Add(remembered)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("letting go of the event: %w", err)
	}
	return nil
}
