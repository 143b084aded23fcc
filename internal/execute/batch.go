package execute

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// kind does one kind of action to the resources of a part: one call for all
// that get the same change.
func (x *Runner) kind(ctx context.Context, p *part, k action.Kind) {
	if k == action.Untag {
		x.confirm(ctx, p)
	}
	calls := map[string]*Call{}
	add := func(c Call) {
		if c.IDs == nil {
			return
		}
		key := signature(&c)
		if k == action.Delete || k == action.Backup {
			key += "\x02" + c.IDs[0] // what is deleted is deleted one at a time, and backed up before
		}
		if have := calls[key]; have != nil {
			have.join(&c)
		} else {
			calls[key] = &c
		}
	}
	for _, id := range p.ids {
		blank := Call{Action: k, Type: p.types[id], At: p.at}
		c := blank
		for _, o := range p.tasks[id] {
			if o.Action.Action != k || o.Action.State != plan.Planned || !x.fill(&c, p, o) {
				continue
			}
			merge(&c, o.Action)
			c.IDs = []string{id}
			if apart(k) {
				add(c)
				c = blank
			}
		}
		add(c)
	}
	for _, key := range slices.Sorted(maps.Keys(calls)) {
		x.send(ctx, p, *calls[key], &probe{})
	}
}

// merge adds what an action changes to a call for one resource: several rules
// on one resource become one call.
func merge(c *Call, a *plan.Action) {
	if len(a.Tags) > 0 {
		if c.Tags == nil {
			c.Tags = tag.Set{}
		}
		maps.Copy(c.Tags, a.Tags)
	}
	c.Keys = append(c.Keys, a.Keys...)
	slices.Sort(c.Keys)
	c.Keys = slices.Compact(c.Keys)
}

// signature is equal for calls that make the same change.
func signature(c *Call) string {
	var b strings.Builder
	for _, k := range c.Tags.Keys() {
		b.WriteString(k + "\x00" + c.Tags[k] + "\x00")
	}
	b.WriteString("\x01" + strings.Join(c.Keys, "\x00"))
	b.WriteString("\x01" + c.Policy + "\x00" + c.Step)
	if !together(c) {
		b.WriteString("\x01" + string(c.Type))
	}
	return b.String()
}

// together says whether a call takes resources of any type of its family:
// CreateTags and DeleteTags of EC2 take ids of mixed types.
func together(c *Call) bool {
	switch c.Action {
	case action.Tag, action.Untag, action.Mark, action.Unmark:
		return family(c.Type) == ec2
	default:
		return false
	}
}

// confirm reads again the resources whose tags are being renamed: the old key
// is deleted only where the new one is seen to be there.
func (x *Runner) confirm(ctx context.Context, p *part) {
	var ids []string
	p.renames(func(id string, old, written *plan.Action) {
		if written.State != plan.Done {
			skip(old, reason.RenameIncomplete, "the new tag was not written, so the old one stays")
			return
		}
		ids = append(ids, id)
	})
	if len(ids) == 0 {
		return
	}
	seen := map[string]tag.Set{}
	if rs, err := x.get(ctx, p, slices.Compact(ids)); err == nil {
		for _, r := range rs {
			seen[r.Ref().ID] = r.Tags()
		}
	}
	p.renames(func(id string, old, written *plan.Action) {
		if !contains(seen[id], written.Tags) {
			skip(old, reason.RenameIncomplete, "the new tag is not to be seen yet, so the old one stays until the next run")
		}
	})
}

// renames calls f for every deletion that is still planned of a repair that
// writes a tag too.
func (p *part) renames(f func(id string, old, written *plan.Action)) {
	p.each(func(id string, o Outcome) {
		if o.Action.Action != action.Untag || o.Action.Step != "" || o.Action.State != plan.Planned {
			return
		}
		if written := companion(o.Finding); written != nil {
			f(id, o.Action, written)
		}
	})
}

// companion is the write of the repair that a deletion of tags belongs to.
func companion(f *plan.Finding) *plan.Action {
	for i := range f.Actions {
		if a := &f.Actions[i]; a.Action == action.Tag && a.Step == "" {
			return a
		}
	}
	return nil
}

func contains(have, want tag.Set) bool {
	for k, v := range want {
		if w, ok := have[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// probe is what the halves of one call have shown so far.
type probe struct {
	done   bool // some id was let through
	denied int  // calls that were denied
	// repeated says that the call is about what an earlier one left out.
	repeated bool
}

// enough is how many halves must be denied, and none let through, before the
// permission is taken to be missing altogether: IAM can deny a whole call
// because a condition fails for one of its instances.
const enough = 8

// hopeless says whether halving a call would not help.
func (b *probe) hopeless(class fault.Class) bool {
	if class == fault.Denied {
		b.denied++
		return !b.done && b.denied > enough
	}
	return class.Whole()
}

// send makes a call. One that fails because of some of its ids is halved until
// each bad id stands alone, so that it costs nobody but itself.
func (x *Runner) send(ctx context.Context, p *part, c Call, b *probe) {
	if ctx.Err() != nil {
		x.settle(p, c, func(a *plan.Action) { skip(a, reason.Interrupted, "not done, because the run was interrupted") })
		return
	}
	// A call under way is not broken off: its outcome would not be known.
	steady := context.WithoutCancel(ctx)
	answer, err := x.Actor.Do(steady, c)
	if err == nil {
		x.answered(ctx, p, c, answer, b)
		return
	}
	if c.Action.Destructive() || c.Action == action.Start {
		if c = x.lookAgain(steady, p, c, err); len(c.IDs) == 0 {
			return
		}
	}
	switch {
	case b.hopeless(fault.ClassOf(err)) || len(c.IDs) == 1:
		x.failed(p, c, err, nil)
	default:
		half := len(c.IDs) / 2
		left, right := c, c
		left.IDs, right.IDs = c.IDs[:half], c.IDs[half:]
		x.send(ctx, p, left, b)
		x.send(ctx, p, right, b)
	}
}

// answered records what a call that succeeded did. Resources for which it did
// not are asked for once more, together, where the failure may pass and nothing
// of them was changed: what was there before is only known the first time.
func (x *Runner) answered(ctx context.Context, p *part, c Call, answer Answer, b *probe) {
	var again []string
	for _, id := range c.IDs {
		one := c
		one.IDs = []string{id}
		switch err := answer.Failed[id]; {
		case err == nil:
			b.done = true
			x.done(p, c, id, answer)
		case !b.repeated && fault.ClassOf(err).Passes() && answer.Before[id] == nil:
			again = append(again, id)
		default:
			x.failed(p, one, err, answer.Before[id])
		}
	}
	if len(again) > 0 {
		c.IDs = again
		x.send(ctx, p, c, &probe{done: b.done, denied: b.denied, repeated: true})
	}
}

// failed records failure for the resources of a call, and what was there
// before where part of it was done all the same. One that is gone needs nothing
// any more; of a restoration it may be a security group that is gone.
func (x *Runner) failed(p *part, c Call, err error, before json.RawMessage) {
	if x.notYet(p, c, err) && before == nil {
		p.late = append(p.late, lateCall{c, err})
		return
	}
	x.settle(p, c, func(a *plan.Action) {
		if len(c.IDs) == 1 && fault.ClassOf(err) == fault.NotFound && before == nil && !apart(c.Action) && c.Action != action.Restore {
			skip(a, reason.NoLongerHolds, "it is gone")
			return
		}
		fail(a, err)
		a.Before = before
	})
}

// lookAgain takes out of a failed call what was done all the same: a mixed
// TerminateInstances ends the instances of some availability zones and then
// reports failure, and a call that timed out may have arrived.
func (x *Runner) lookAgain(ctx context.Context, p *part, c Call, err error) Call {
	class := fault.ClassOf(err)
	if c.Action != action.Terminate && class != fault.TimedOut && class != fault.Passing || len(c.IDs) == 0 {
		return c
	}
	rs, readErr := x.get(ctx, p, c.IDs)
	if readErr != nil {
		return c
	}
	byID := map[string]resource.Resource{}
	for _, r := range rs {
		byID[r.Ref().ID] = r
	}
	var rest []string
	for _, id := range c.IDs {
		r := byID[id]
		// What is no longer listed after a deletion is deleted; an instance is
		// listed for a while after its end.
		if r != nil && r.Already(c.Action) || c.Action == action.Delete && (r == nil || r.Ended()) {
			x.done(p, c, id, Answer{RequestID: fault.RequestIDOf(err)})
		} else {
			rest = append(rest, id)
		}
	}
	c.IDs = rest
	return c
}

// done records success for one resource of a call.
func (x *Runner) done(p *part, c Call, id string, answer Answer) {
	one := c
	one.IDs = []string{id}
	x.settle(p, one, func(a *plan.Action) {
		a.State, a.Code, a.Reason, a.RequestID = plan.Done, "", answer.Notes[id], cmp.Or(answer.RequestIDs[id], answer.RequestID)
		if a.Before = answer.Before[id]; a.Before == nil {
			a.Before = p.before(id, a, answer)
		}
		if prev := answer.Previous[id]; c.Action == action.Stop && (prev == "stopped" || prev == "stopping") {
			a.Code, a.Reason = reason.Already, "it was "+prev+" already"
		}
	})
}

// settle writes an outcome into the planned actions of a call.
func (x *Runner) settle(p *part, c Call, write func(*plan.Action)) {
	for _, id := range c.IDs {
		for _, o := range p.tasks[id] {
			if c.concerns(o) {
				write(o.Action)
			}
		}
	}
}
