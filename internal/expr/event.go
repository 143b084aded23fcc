package expr

import (
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Event is what an expression sees as event: what happened that a policy was
// woken by.
type Event struct {
	// Time is when it happened, zero where the event does not say.
	Time time.Time
	// Name is what happened: for a call its name in CloudTrail, RunInstances, and
	// for others their kind in EventBridge, "Tag Change on Resource".
	Name string
	// Source is whose event it is, as EventBridge writes it: aws.ec2.
	Source string
}

// Text is a field of event as text, "unknown" where it is not known; of no event
// none is.
func (e *Event) Text(field string) string {
	switch {
	case e == nil || field == "time" && e.Time.IsZero():
		return "unknown"
	case field == "time":
		return e.Time.UTC().Format(time.RFC3339)
	case field == "name":
		return e.Name
	default:
		return e.Source
	}
}

// events is the kind of the variable event.
var events = newKind(eventType).
	add("time", types.TimestampType, happening(func(e *Event) (any, error) {
		if e.Time.IsZero() {
			return nil, &worded{"the event does not say when it happened"}
		}
		return e.Time, nil
	})).
	add("name", types.StringType, happening(func(e *Event) (any, error) { return e.Name, nil })).
	add("source", types.StringType, happening(func(e *Event) (any, error) { return e.Source, nil }))

// happening reads a field of the event. A sweep has none: what asks for it is
// unknown there, whatever it would be.
func happening(get func(*Event) (any, error)) getter {
	return func(self any) (any, error) {
		e := self.(*evaluation).in.Event
		if e == nil {
			return nil, &worded{"no event is judged, but the resource as it is found"}
		}
		return get(e)
	}
}

// AsksEvent is where the expression asks for the event, itself or by a
// definition: a Problem with these words, nil where it does not.
func (p *Program) AsksEvent(summary, hint string) []Problem {
	if p.event == nil {
		return nil
	}
	at := *p.event
	at.Summary, at.Hint = summary, hint
	return []Problem{at}
}

// EventFields are the fields of event that the expression names, itself or by a
// definition, sorted.
func (p *Program) EventFields() []string { return sortedKeys(p.uses.event) }

// asksEvent is the first place that names the event, or a definition that asks
// for it; nil where none does.
func (c *checked) asksEvent(defines []*definition) *Problem {
	for _, e := range c.nodes {
		if e.Kind() != ast.IdentKind {
			continue
		}
		name := strings.TrimPrefix(e.AsIdent(), ".")
		asks := func(d *definition) bool { return d.Name == name && len(d.program.uses.event) > 0 }
		if c.typeOf(e).TypeName() == eventType || slices.ContainsFunc(defines, asks) {
			at := c.at(e, "", "")
			return &at
		}
	}
	return nil
}
