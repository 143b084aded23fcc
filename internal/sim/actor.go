package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// operations are the API operations that the actions on instances are made of.
var operations = map[action.Kind]string{
	action.Mark: createTags, action.Tag: createTags,
	action.Unmark: deleteTags, action.Untag: deleteTags,
	action.Start: startInstances, action.Stop: stopInstances, action.Terminate: terminateInstances,
	action.Backup: createSnapshots, action.Isolate: modifyInterface, action.Restore: modifyInterface, action.RunCommand: sendCommand,
}

// operation is what an action on resources of a type is called; false where
// AWS has no such operation.
func operation(of action.Kind, t resource.Type) (string, bool) {
	if of == action.Invoke {
		return invokeFunction, true
	}
	if k := kindFor(t); k != nil {
		return k.operation(of)
	}
	op, ok := operations[of]
	return op, ok
}

// Do makes a call. Two things are as AWS has them and easily overlooked:
// DeleteTags without keys deletes all of a user's tags, and tags of terminated
// instances can be changed as long as these are listed.
func (a *Account) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	op, ok := operation(c.Action, c.Type)
	if !ok {
		return execute.Answer{}, &fault.Error{Class: fault.Unsupported, Call: c.Action.String(), Region: c.At.Region,
			Message: fmt.Sprintf("there is no such call for resources of type %q in the embedded account", c.Type)}
	}
	if k := kindFor(c.Type); k != nil && k.service.alone && len(c.IDs) > 1 {
		return a.oneByOne(ctx, c)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if do, ok := singles[c.Action]; ok {
		return do(a, ctx, c)
	}
	made, err := a.begin(ctx, op, c.At)
	entry := Entry{At: a.clock.Now(), Operation: op, Region: c.At.Region,
		IDs: slices.Clone(c.IDs), Tags: c.Tags.Clone(), Keys: slices.Clone(c.Keys)}
	if err != nil {
		a.write(entry, err)
		return execute.Answer{}, err
	}
	if err := made.knows(c.Type); err != nil {
		return execute.Answer{}, err
	}
	if c.Action == action.Delete && !kindFor(c.Type).service.alone && len(c.IDs) != 1 {
		return execute.Answer{}, &fault.Error{Class: fault.Invalid, Call: op, Region: c.At.Region, RequestID: made.id,
			Message: fmt.Sprintf("%d resources are named, and the call takes one", len(c.IDs))}
	}
	made.action, made.kind, made.ids, made.tags, made.keys = c.Action, c.Type, c.IDs, c.Tags, c.Keys
	lost, done := a.loses(op)
	answer := execute.Answer{}
	if !lost || done {
		answer, entry.Changed, err = a.carryOut(made)
	}
	if lost {
		answer, err = execute.Answer{}, &fault.Error{Class: fault.TimedOut, Call: op, Region: c.At.Region, Message: "no answer"}
	}
	entry.RequestID = answer.RequestID
	a.write(entry, err)
	return answer, err
}

// write logs a call.
func (a *Account) write(e Entry, err error) {
	if err != nil {
		e.Class, e.RequestID = fault.ClassOf(err), fault.RequestIDOf(err)
		e.Code = codeOf(err)
	}
	a.log = append(a.log, e)
}

// carryOut does what a call asks for, or as much of it as AWS does of one that
// it refuses, and returns the ids of what it changed.
func (a *Account) carryOut(c *call) (execute.Answer, []string, error) {
	if k := kindFor(c.kind); k != nil && k.service.piecemeal && c.retags() {
		return a.retagEach(c)
	}
	refusal := a.check(c)
	if c.retags() || len(c.things) > 0 {
		if refusal != nil {
			return execute.Answer{}, nil, refusal.err
		}
		if c.retags() {
			return execute.Answer{RequestID: c.id}, c.retag(), nil
		}
		return execute.Answer{RequestID: c.id}, a.affect(c), nil
	}
	work := c.found
	if refusal != nil {
		if refusal.zones == nil {
			return execute.Answer{}, nil, refusal.err
		}
		work = slices.DeleteFunc(slices.Clone(work), func(r *record) bool { return refusal.zones[r.zone] })
	}
	answer := execute.Answer{RequestID: c.id, Previous: map[string]string{}}
	var changed []string
	for _, r := range work {
		answer.Previous[r.inst.Reference.ID] = r.inst.State
		if a.change(c, r) {
			changed = append(changed, r.inst.Reference.ID)
		}
	}
	if refusal != nil {
		return execute.Answer{}, changed, refusal.err
	}
	return answer, changed, nil
}

// retagEach changes tags one resource after another. A call that is wrong in
// itself fails as a whole; what is wrong with one resource is its own affair.
func (a *Account) retagEach(c *call) (execute.Answer, []string, error) {
	if refusal := a.checkAgainst(c, requestRefusals); refusal != nil {
		return execute.Answer{}, nil, refusal.err
	}
	answer := execute.Answer{RequestID: c.id, Failed: map[string]error{}}
	var changed []string
	for _, id := range c.ids {
		one := &call{op: c.op, region: c.region, id: c.id, action: c.action, kind: c.kind, ids: []string{id}, tags: c.tags, keys: c.keys}
		if a.late(id) {
			answer.Failed[id] = c.refused(Refusal{Code: kindFor(c.kind).gone, Class: fault.NotFound, Condition: "there is no such resource"}, id)
			continue
		}
		if refusal := a.checkAgainst(one, resourceRefusals); refusal != nil {
			answer.Failed[id] = refusal.err
			continue
		}
		changed = append(changed, one.retag()...)
	}
	return answer, changed, nil
}

// change does to one instance what a call to start or end it asks for. It returns false where
// that is so already.
func (a *Account) change(c *call, r *record) bool {
	now, state := a.clock.Now(), r.inst.State
	switch c.op {
	case startInstances:
		if state != stopped {
			return false
		}
		a.start(r, now)
	case stopInstances:
		if state != running && state != pending {
			return false
		}
		a.enter(r, stopping, now)
	case terminateInstances:
		if r.inst.Ended() {
			return false
		}
		a.enter(r, shuttingDown, now)
	}
	return true
}

// affect does to each thing what a call asks for, and returns the ids of what
// it changed.
func (a *Account) affect(c *call) []string {
	var changed []string
	for _, x := range c.things {
		if x.kind.effects[c.action].do(a, x) {
			changed = append(changed, x.base.Reference.ID)
		}
	}
	return changed
}

// retags says whether a call writes or deletes tags.
func (c *call) retags() bool {
	switch c.action {
	case action.Tag, action.Mark, action.Untag, action.Unmark:
		return true
	default:
		return false
	}
}

// retag changes the tags of everything that a call names, and returns the ids
// of what it changed.
func (c *call) retag() []string {
	var changed []string
	for _, i := range c.items() {
		d := tag.Diff{Set: c.tags}
		if c.action == action.Untag || c.action == action.Unmark {
			d = tag.Diff{Delete: c.keys}
			if len(c.keys) == 0 {
				d.Delete = i.tags().User().Keys()
			}
		}
		next := d.Apply(i.tags())
		if !tag.Compare(i.tags(), next).Empty() {
			changed = append(changed, i.reference().ID)
		}
		before := i.tags()
		i.setTags(next)
		if x, ok := i.(*thing); ok && x.kind.retagged != nil {
			x.kind.retagged(x, c.action, before)
		}
	}
	return changed
}
