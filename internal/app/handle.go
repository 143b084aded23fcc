package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// Event is one thing that happened.
type Event struct {
	// Run names the run in the ledger and everywhere it is shown.
	Run string
	// Now is the time as of which it is judged.
	Now     time.Time
	Request *trigger.Request
	// AtOnce says that policies which let late tags settle judge it at once all
	// the same, as when a person asks.
	AtOnce bool
	// Confirm, where it is set, is asked before Handle does what it planned. Its
	// error ends the handling: nothing is done, and the event counts as not
	// handled.
	Confirm func(*Handling) error
	// Until is when whoever handles it is ended at the latest, after Now: until
	// then nobody else gets at it. Zero: in as long as a function may run.
	Until time.Time
}

// Handling is what an event comes to.
type Handling struct {
	// Policies are those that it wakes.
	Policies []string
	// Ignored is why nothing follows from it, "" where something may.
	Ignored string
	// Later are the policies that judge it once late tags have had their time;
	// where the event is judged AtOnce, those that would have.
	Later []Later
	// Plan is what would be done, nil where it is ignored. What could only be
	// seen after a while is added to it.
	Plan *plan.Plan
	// Unseen are the resources that the event names and that cannot be seen yet,
	// or not with all that came along with them, as happens in the first seconds;
	// the event is to be handled again.
	Unseen []resource.Ref

	session *session
	// absent are those of the unseen that cannot be seen at all.
	absent []resource.Ref
	// again says that tags could not be read, or people not told, for a passing
	// reason.
	again bool
}

// Later is a judgement that waits.
type Later struct {
	Policy string
	// After is how long after the event the policy judges, and At when that is.
	After time.Duration
	At    time.Time
	Refs  []resource.Ref
}

// Judge says what an event comes to. It changes nothing.
func (a *App) Judge(ctx context.Context, e Event) (*Handling, error) {
	if ask := e.Request.Evaluation; ask != nil && ask.Left {
		return &Handling{Ignored: leftScope}, nil
	}
	h, refs, err := a.wake(ctx, e)
	if err != nil || h.Ignored != "" || len(h.Policies) == 0 {
		return h, err
	}
	return h, a.judgeEvent(ctx, h, refs)
}

// wake says which policies an event wakes and which resources it is about.
func (a *App) wake(ctx context.Context, e Event) (*Handling, []resource.Ref, error) {
	h := &Handling{}
	h.Policies, h.Ignored = Woken(a.o.Set, e.Request)
	if h.Ignored != "" {
		return h, nil, nil
	}
	s, err := a.session(ctx, Request{Run: e.Run, Now: e.Now, Only: h.Policies})
	if err != nil {
		return nil, nil, err
	}
	h.session, s.build.Event = s, happened(e.Request)
	if e.Request.Evaluation != nil {
		s.opinions = &opinions{}
	}
	if h.Ignored, err = a.foreign(ctx, s, e); h.Ignored != "" || err != nil {
		return h, nil, err
	}
	refs, err := a.targets(ctx, h, e.Request.Subject())
	if err != nil {
		return nil, nil, err
	}
	h.postpone(a, e, refs)
	return h, refs, nil
}

// foreign says why an event is not to be judged although it wakes policies: it
// is about another account, or about what we did ourselves.
func (a *App) foreign(ctx context.Context, s *session, e Event) (string, error) {
	r := e.Request.Subject()
	if why, err := a.elsewhere(ctx, s, e); why != "" || err != nil {
		return why, err
	}
	if r.Cause == trigger.Call && r.Record.CreatedBy().ARN == s.at.ARN {
		return "it is tagwarden's own call", nil
	}
	if r.Cause != trigger.TagsChanged {
		return "", nil
	}
	if len(r.Keys) == 1 && r.Keys[0] == a.o.Set.Settings.Mark {
		return "only the mark was changed", nil
	}
	for _, ref := range r.Refs {
		done, err := a.o.Ledger.History(ctx, s.scope, ref.ARN, "", 10)
		if err != nil {
			return "", fmt.Errorf("reading what was done: %w", err)
		}
		if !ours(r, done, a.o.Set.Settings.Mark) {
			return "", nil
		}
	}
	return "it is tagwarden's own change", nil
}

// Elsewhere says why an event is not for an account, "" where it is, or does not
// say.
func Elsewhere(r *trigger.Request, account string) string {
	if r.Account == "" || r.Account == account {
		return ""
	}
	return fmt.Sprintf("it is about account %s, and this is %s", r.Account, account)
}

// postpone puts the policies aside that let late tags settle first.
func (h *Handling) postpone(a *App, e Event, refs []resource.Ref) {
	h.Policies = slices.DeleteFunc(h.Policies, func(name string) bool {
		p := a.o.Set.Policy(name)
		at := settles(e.Request, p.Settle, e.Now)
		// What comes back too early waits where somebody keeps it: since it was sent
		// on, its policy may have ceased to wait.
		if at.IsZero() || e.Request.Cause == trigger.Settled && a.o.Later == nil && !e.AtOnce {
			return false
		}
		h.Later = append(h.Later, Later{Policy: name, After: p.Settle, At: at, Refs: refs})
		return !e.AtOnce
	})
}

// targets are the resources of an event that the policies which it wakes are
// about, each once. What came along with something is found through that.
func (a *App) targets(ctx context.Context, h *Handling, r *trigger.Request) ([]resource.Ref, error) {
	s := h.session
	s.event, s.creation, s.patience = true, creationOf(r), newPatience(a.o.Wait)
	s.came = cameAlong(r, s.creation)
	s.origin = originOf(r, s.creation, s.came)
	s.io = newHeldReads(a.o.Source, a.o.Actor, s.origin, behind(r))
	refs, sure := slices.Clone(r.Refs), r.Cause == trigger.Settled || r.Evaluation != nil
	switch {
	case s.creation != nil:
		refs = s.made(r.Record, s.creation)
		brought, err := a.brought(ctx, h, s.creation)
		if err != nil {
			return nil, err
		}
		refs = append(refs, brought...)
	case r.Cause == trigger.Call:
		refs, s.mentions = r.Record.Mentions(), true
	}
	for _, ref := range refs {
		s.target(ref, sure)
	}
	return s.targets, nil
}

// brought are the resources that came along with what a call made and that a
// policy is about in their own right, not as children.
func (a *App) brought(ctx context.Context, h *Handling, c *creation.Creation) ([]resource.Ref, error) {
	s := h.session
	var refs []resource.Ref
	for _, t := range c.Brings {
		alone := func(p *policy.Policy) bool {
			return p.Concerns(t) && !(slices.Contains(p.Children, t) && makes(p, &creation.Creation{Made: c.Made}))
		}
		if !slices.ContainsFunc(s.judge.Policies(), alone) {
			continue
		}
		var made []resource.Ref
		for _, m := range c.Made {
			if m.Known && len(m.Ref.ARN) > 0 {
				made = append(made, m.Ref)
			}
		}
		for _, part := range byPlace(made) {
			rs, err := s.io.Get(ctx, part.at, part.t, part.ids)
			if err != nil {
				return nil, fmt.Errorf("reading what the event is about: %w", err)
			}
			h.lacks(unseen(part, rs)...)
			for _, r := range rs {
				if resource.Forming(r) {
					h.missed(r.Ref())
				}
				for _, id := range resource.ChildIDs(r, t) {
					if ref := resource.EC2Ref(part.at, t, id); s.came(ref) {
						refs = append(refs, ref)
					}
				}
			}
		}
	}
	return refs, nil
}

// judgeEvent reads the resources of an event and makes the plan.
func (a *App) judgeEvent(ctx context.Context, h *Handling, refs []resource.Ref) error {
	s := h.session
	s.only(a, h.Policies)
	if err := a.remember(ctx, s); err != nil {
		return err
	}
	b := plan.NewBuilder(s.build)
	for _, part := range byPlace(refs) {
		rs, err := s.io.Get(ctx, part.at, part.t, part.ids)
		if err != nil {
			return fmt.Errorf("reading what the event is about: %w", err)
		}
		a.judge(ctx, s, b, part.at, rs)
		h.again = h.again || slices.ContainsFunc(rs, func(r resource.Resource) bool { return mayPass(fault.ClassOf(resource.TagsUnread(r))) })
		if !s.mentions { // what is only mentioned may be another account's
			h.lacks(unseen(part, rs)...)
		}
		for _, r := range rs {
			if resource.Forming(r) && s.wantsChildren(r.Ref()) {
				h.missed(r.Ref())
			}
		}
	}
	for _, u := range s.untold {
		b.Unread(u)
	}
	s.untold = nil
	var err error
	h.Plan, err = a.conclude(ctx, s, b)
	return err
}

// missed notes resources that cannot be seen whole yet, each once.
func (h *Handling) missed(refs ...resource.Ref) { h.Unseen = union(h.Unseen, refs) }

// lacks notes resources that cannot be seen at all yet, each once.
func (h *Handling) lacks(refs ...resource.Ref) {
	h.missed(refs...)
	h.absent = union(h.absent, refs)
}

// union is a list with more resources, each once.
func union(list, more []resource.Ref) []resource.Ref {
	for _, ref := range more {
		if !among(list, ref) {
			list = append(list, ref)
		}
	}
	return list
}

// among says whether a list has a resource, however much else it says of it.
func among(list []resource.Ref, ref resource.Ref) bool {
	return slices.ContainsFunc(list, func(o resource.Ref) bool { return o.Type == ref.Type && o.ID == ref.ID })
}

// wantsChildren says whether what comes along with a resource of the event gets
// tags by a policy about it.
func (s *session) wantsChildren(r resource.Ref) bool {
	wants := func(p *policy.Policy) bool { return slices.Contains(p.Types, r.Type) && len(p.Children) > 0 }
	return slices.ContainsFunc(s.judge.Policies(), wants)
}

// creationOf is what an event tells to have been made, nil for nothing.
func creationOf(r *trigger.Request) *creation.Creation {
	if r.Cause != trigger.Call {
		return nil
	}
	c, ignored := r.Record.Creation()
	if ignored != nil {
		return nil
	}
	return &c
}

// cameAlong says whether a resource came along with what an event made. What
// the call itself names was there before, such as a network interface that an
// instance is launched with, and has an owner already.
func cameAlong(r *trigger.Request, c *creation.Creation) func(resource.Ref) bool {
	if c == nil {
		return func(resource.Ref) bool { return false }
	}
	before := r.Record.Requested()
	return func(ref resource.Ref) bool { return slices.Contains(c.Brings, ref.Type) && !among(before, ref) }
}

// originOf says who made what an event made, and what came along with that.
func originOf(r *trigger.Request, c *creation.Creation, came func(resource.Ref) bool) func(resource.Ref) (resource.Origin, bool) {
	if c == nil {
		return func(resource.Ref) (resource.Origin, bool) { return resource.Origin{}, false }
	}
	by := resource.Origin{Creator: r.Record.CreatedBy().Creator, Unsure: c.Overwrites}
	return func(ref resource.Ref) (resource.Origin, bool) {
		made := func(m creation.Made) bool {
			return m.Ref.Type == ref.Type && m.Ref.ID == ref.ID || m.Ref.ARN != "" && m.Ref.ARN == ref.ARN
		}
		return by, slices.ContainsFunc(c.Made, made) || came(ref)
	}
}

// passing are the states that an instance is in before the one that an event
// tells of ("Amazon EC2 instance state changes").
var passing = map[string]string{"running": "pending", "stopped": "stopping", "terminated": "shutting-down"}

// behind says of what was read whether it is from before an event: EC2's answers
// may be some seconds old ("Eventual consistency in the Amazon EC2 API"), and who
// was judged by one would be let off, as no other event comes.
func behind(r *trigger.Request) func(resource.Resource) bool {
	before := passing[r.State]
	return func(r resource.Resource) bool {
		i, ok := r.(*resource.Instance)
		return ok && before != "" && i.State == before
	}
}

// sameType is resources of one type and place.
type sameType struct {
	at  resource.Place
	t   resource.Type
	ids []string
	arn map[string]string
}

func byPlace(refs []resource.Ref) []*sameType {
	var parts []*sameType
	for _, ref := range refs {
		i := slices.IndexFunc(parts, func(p *sameType) bool { return p.at == ref.Place() && p.t == ref.Type })
		if i < 0 {
			i = len(parts)
			parts = append(parts, &sameType{at: ref.Place(), t: ref.Type, arn: map[string]string{}})
		}
		parts[i].ids = append(parts[i].ids, ref.ID)
		parts[i].arn[ref.ID] = ref.ARN
	}
	return parts
}

// unseen are the resources of a part that were not found.
func unseen(part *sameType, found []resource.Resource) []resource.Ref {
	missing := maps.Clone(part.arn)
	for _, r := range found {
		delete(missing, r.Ref().ID)
	}
	var refs []resource.Ref
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		refs = append(refs, resource.Ref{ID: id, ARN: missing[id], Type: part.t, Account: part.at.Account, Region: part.at.Region})
	}
	return refs
}
