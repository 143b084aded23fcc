package execute

import (
	"encoding/json"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Was is what an action's Before holds: what it takes to take it back.
type Was struct {
	Resource resource.Ref `json:"resource"`
	// State is that before a stop, "" where the API does not tell.
	State string `json:"state,omitempty"`
	// Wrote and Deleted are the change of tags, Tags the former values of its
	// keys; one that is not in it was not there.
	Wrote   tag.Set  `json:"wrote,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
	Tags    tag.Set  `json:"tags,omitempty"`
	// SecurityGroups are those that each network interface had before an
	// isolation, and Given the one it got. Rules are what a revocation took. The
	// actor tells them, and of these the resource is known by its ARN.
	SecurityGroups map[string][]string `json:"security_groups,omitempty"`
	Given          map[string]string   `json:"given,omitempty"`
	Rules          []resource.Rule     `json:"rules,omitempty"`
}

// before is what there was before an action that was done, nil of one that
// takes nothing away that could be put back.
func (p *part) before(id string, a *plan.Action, answer Answer) json.RawMessage {
	r, ok := p.fresh[id]
	if !ok {
		return nil
	}
	was := Was{Resource: r.Ref(), State: answer.Previous[id]}
	switch a.Action {
	case action.Stop:
	case action.Tag, action.Untag:
		was.Wrote, was.Deleted = a.Tags, a.Keys
		for _, k := range append(a.Tags.Keys(), a.Keys...) {
			if v, ok := r.Tags()[k]; ok {
				if was.Tags == nil {
					was.Tags = tag.Set{}
				}
				was.Tags[k] = v
			}
		}
	case action.Restore:
		was.Rules = a.Rules
	default:
		return nil
	}
	b, err := json.Marshal(was)
	if err != nil {
		return nil // strings alone: it cannot fail
	}
	return b
}
