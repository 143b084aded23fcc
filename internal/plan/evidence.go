package plan

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
)

// evidence is what a policy looked at to judge a resource: the values of the
// fields its expressions name and of the tags its rules and expressions name.
func evidence(v *eval.Verdict, event *expr.Event, now time.Time) map[string]string {
	out := map[string]string{}
	schema, ok := resource.SchemaOf(resource.KindOf(v.Resource))
	if !ok {
		return out
	}
	see := func(p *expr.Program) {
		if p == nil {
			return
		}
		for _, name := range p.Fields() {
			if f, ok := schema.Field(name); ok && name != "tags" {
				out[name] = fieldText(f, v.Resource, now)
			}
		}
		for _, name := range p.CreatorFields() {
			out["creator."+name] = creatorText(v.Resource, name)
		}
		for _, name := range p.EventFields() {
			out["event."+name] = event.Text(name)
		}
		for _, key := range p.TagKeys() {
			seeTag(out, v.Resource, key)
		}
		for _, m := range p.Metrics() {
			seeMetric(out, v.Resource, m, now)
		}
	}
	see(v.Policy.Match)
	if h := v.Policy.Hours; h != nil && h.Tag != "" {
		seeTag(out, v.Resource, h.Tag)
	}
	for i := range v.Policy.Tags {
		rule := &v.Policy.Tags[i]
		seeTag(out, v.Resource, rule.Key)
		see(rule.Value)
		for _, alias := range rule.Aliases {
			seeTag(out, v.Resource, alias)
		}
	}
	for i := range v.Policy.Steps {
		see(v.Policy.Steps[i].When)
		see(v.Policy.Steps[i].Rule)
		if a := v.Policy.Steps[i].After; a != nil {
			see(a.Prog)
		}
	}
	return out
}

func seeTag(out map[string]string, r resource.Resource, key string) {
	if value, ok := r.Tags()[key]; ok {
		out["tags."+key] = value
	}
}

// seeMetric leaves out what was not fetched because the rest of the expression
// had decided.
func seeMetric(out map[string]string, r resource.Resource, m need.Metric, now time.Time) {
	value, err := resource.Measure(r, m, now)
	if _, unasked := errors.AsType[*resource.MissingFact](err); unasked {
		return
	}
	out[m.String()] = "unknown"
	if err == nil {
		out[m.String()] = resource.MeasureText(value)
	}
}

// fieldText is a field's value as text; "unknown" where it is not known.
func fieldText(f resource.Field, r resource.Resource, now time.Time) string {
	v, err := f.Get(r, now)
	if err != nil {
		return "unknown"
	}
	switch x := v.(type) {
	case string:
		return x
	case time.Time:
		return x.UTC().Format(time.RFC3339)
	case time.Duration:
		return span.Format(x)
	case []string:
		return strings.Join(x, " ")
	case []resource.Rule:
		lines := make([]string, len(x))
		for i, r := range x {
			lines[i] = r.String()
		}
		return strings.Join(lines, "; ")
	default:
		return fmt.Sprint(x)
	}
}

// creatorText is a field of who made the resource; "unknown" where that is not
// known, or not to be found out.
func creatorText(r resource.Resource, name string) string {
	o, err := r.Origin()
	if err == nil && o.Kind != resource.UnknownCreator {
		for _, f := range resource.CreatorFields() {
			if f.Name == name {
				return f.Get(o.Creator)
			}
		}
	}
	return "unknown"
}
