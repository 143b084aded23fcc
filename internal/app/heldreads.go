package app

import (
	"context"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// heldReads is a source that reads each resource once, until it was changed
// through it: what is judged for an event is acted on at once, and a second
// look a moment later would only cost a call.
type heldReads struct {
	inventory.Source
	actor execute.Actor

	// origin is who made a resource by what the event says.
	origin func(resource.Ref) (resource.Origin, bool)
	// behind says that what was read is from before the event.
	behind func(resource.Resource) bool

	mu   sync.Mutex
	held map[heldKey]resource.Resource
	// told are resources of types that no service is asked for by id: the event
	// says of them all there is to know, beside their tags.
	told map[heldKey]told
}

// told is such a resource.
type told struct {
	thing *resource.Anything
	// sure says that it is there, whether or not it has tags.
	sure bool
}

type heldKey struct {
	at resource.Place
	t  resource.Type
	id string
}

func newHeldReads(src inventory.Source, actor execute.Actor, origin func(resource.Ref) (resource.Origin, bool), behind func(resource.Resource) bool) *heldReads {
	return &heldReads{Source: src, actor: actor, origin: origin, behind: behind, held: map[heldKey]resource.Resource{}, told: map[heldKey]told{}}
}

// hold keeps resources as if they had been read.
func (h *heldReads) hold(rs ...resource.Resource) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range rs {
		// Behind a service may be somebody else, who is asked for where it matters.
		if o, ok := h.origin(r.Ref()); ok && o.Kind != resource.ServiceCreator {
			r.SetOrigin(resource.Known(o))
		}
		h.held[heldKey{r.Ref().Place(), r.Ref().Type, r.Ref().ID}] = r
	}
}

// tellOf takes what an event says of a resource.
func (h *heldReads) tellOf(t *resource.Anything, sure bool) {
	h.told[heldKey{t.Reference.Place(), t.Reference.Type, t.Reference.ID}] = told{t, sure}
}

// read reads resources, those of which an event tells with their tags alone.
// One that is found nowhere is left out.
func (h *heldReads) read(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	var strange, rs []resource.Resource
	var rest []string
	for _, id := range ids {
		if of, ok := h.told[heldKey{at, t, id}]; ok {
			c := *of.thing
			c.TagSet = c.TagSet.Clone()
			strange = append(strange, &c)
		} else {
			rest = append(rest, id)
		}
	}
	if len(strange) > 0 {
		h.Fill(ctx, at, need.Tags, strange)
	}
	for _, r := range strange {
		c := r.(*resource.Anything)
		seen := c.TagSet != nil || c.TagsErr != nil || h.told[heldKey{at, t, c.Reference.ID}].sure
		if !seen || fault.ClassOf(c.TagsErr) == fault.NotFound {
			continue
		}
		if c.TagSet == nil {
			c.TagSet = tag.Set{}
		}
		rs = append(rs, c)
	}
	if len(rest) == 0 {
		return rs, nil
	}
	read, err := h.Source.Get(ctx, at, t, rest)
	return slices.Concat(rs, read), err
}

// Get reads what is not held. What is not there is asked for again each time,
// and so is what cannot be seen as the event has it.
func (h *heldReads) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	var rs []resource.Resource
	var rest []string
	h.mu.Lock()
	for _, id := range ids {
		if r := h.held[heldKey{at, t, id}]; r != nil {
			rs = append(rs, r)
		} else {
			rest = append(rest, id)
		}
	}
	h.mu.Unlock()
	if len(rest) == 0 {
		return rs, nil
	}
	read, err := h.read(ctx, at, t, rest)
	if err != nil {
		return nil, err
	}
	read = slices.DeleteFunc(read, h.behind)
	h.hold(read...)
	return slices.Concat(rs, read), nil
}

// forget has everything read anew.
func (h *heldReads) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.held)
}

// Do makes a call, after which what it names is read anew.
func (h *heldReads) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	h.mu.Lock()
	for k := range h.held {
		if k.at == c.At && slices.Contains(c.IDs, k.id) {
			delete(h.held, k)
		}
	}
	h.mu.Unlock()
	return h.actor.Do(ctx, c)
}
