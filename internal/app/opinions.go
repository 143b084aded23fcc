package app

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// opinions are what the policies make of each resource, gathered from any number
// of goroutines for whoever asks about all of them.
type opinions struct {
	mu sync.Mutex
	of map[resource.Ref]*opinion
}

// opinion is what they make of one.
type opinion struct {
	faults    []faultOf
	compliant bool // with a policy
	unknown   bool // to a policy
}

// faultOf is what a policy finds wrong.
type faultOf struct{ policy, text string }

// note adds the verdicts on a resource. Of none it is noted that it was seen.
func (o *opinions) note(r resource.Resource, verdicts []eval.Verdict) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	one := o.of[r.Ref()]
	if one == nil {
		if o.of == nil {
			o.of = map[resource.Ref]*opinion{}
		}
		one = &opinion{}
		o.of[r.Ref()] = one
	}
	for i := range verdicts {
		one.add(&verdicts[i])
	}
}

func (o *opinion) add(v *eval.Verdict) {
	switch v.Status {
	case eval.Violating, eval.Fixable:
		if v.Policy.Timed() { // which breaks no rule
			o.compliant = true
			return
		}
		text := ""
		if len(v.Reasons) > 0 {
			text = v.Reasons[0].Text
		}
		o.faults = append(o.faults, faultOf{v.Policy.Name, text})
	case eval.Compliant:
		o.compliant = true
	case eval.Unknown:
		o.unknown = true
	}
}

// verdicts are what AWS Config is told of the resources once a plan was carried
// out, sorted: what was repaired complies, and of what is unknown nothing is
// told, unless it violates another policy.
func (o *opinions) verdicts(p *plan.Plan) []notify.Compliance {
	type pair struct{ policy, arn string }
	fixed := map[pair]bool{}
	if p != nil {
		for i := range p.Findings {
			if f := &p.Findings[i]; f.Status == eval.Fixed {
				fixed[pair{f.Policy, f.Resource.ARN}] = true
			}
		}
	}
	var cs []notify.Compliance
	for ref, one := range o.of {
		faults := slices.DeleteFunc(slices.Clone(one.faults), func(f faultOf) bool { return fixed[pair{f.policy, ref.ARN}] })
		c := notify.Compliance{Ref: ref, Verdict: notify.NotApplicable}
		switch {
		case len(faults) > 0:
			c.Verdict, c.Note = notify.NonCompliant, noteOf(faults)
		case one.unknown:
			continue
		case one.compliant || len(one.faults) > 0:
			c.Verdict = notify.Compliant
		}
		cs = append(cs, c)
	}
	slices.SortFunc(cs, func(a, b notify.Compliance) int {
		return cmp.Or(cmp.Compare(a.Ref.Type, b.Ref.Type), cmp.Compare(a.Ref.Region, b.Ref.Region), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	return cs
}

// maxNote is how long an annotation may be, in characters ("Evaluation", AWS
// Config API reference).
const maxNote = 256

// noteOf says what is wrong, policy by policy.
func noteOf(faults []faultOf) string {
	slices.SortFunc(faults, func(a, b faultOf) int { return cmp.Compare(a.policy, b.policy) })
	parts := make([]string, len(faults))
	for i, f := range faults {
		parts[i] = strings.TrimSuffix(f.policy+": "+f.text, ": ")
	}
	note := []rune(diag.Printable(strings.Join(parts, "; ")))
	if len(note) > maxNote {
		note = append(note[:maxNote-1], '…')
	}
	return string(note)
}
