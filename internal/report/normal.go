package report

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// normal returns a copy of d without a nil list or map in it, so that readers
// of the JSON never meet a null. It shares what it does not change with d.
func (d Document) normal() Document {
	p := *d.Plan
	p.Regions = list(p.Regions)
	p.Unread = list(p.Unread)
	p.Findings = list(slices.Clone(p.Findings))
	if p.Examined == nil {
		p.Examined = map[resource.Type]int{}
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		f.Reasons = list[eval.Reason](f.Reasons)
		f.Actions = list[plan.Action](f.Actions)
		if f.Resource.Tags == nil {
			f.Resource.Tags = tag.Set{}
		}
	}
	out := Document{Plan: &p}
	if d.Outcome != nil {
		o := *d.Outcome
		o.Problems = list(o.Problems)
		o.Deliveries = list(o.Deliveries)
		out.Outcome = &o
	}
	return out
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
