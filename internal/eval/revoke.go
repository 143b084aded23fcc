package eval

import (
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// rulesOf finds the rules that a revoke step takes away: those for which its
// condition is true, and no other. One for which it cannot be told is left, and
// said. Rules that deny traffic are left too: without one there would be more
// traffic and not less.
func (v *Verdict) rulesOf(sv *StepVerdict, in expr.Input) {
	ruled, ok := in.Resource.(resource.Ruled)
	if !ok || sv.Step.Rule == nil {
		sv.Applies = false
		return
	}
	rules, err := ruled.Rules()
	if err != nil {
		v.unruled(sv, err)
		return
	}
	untold := 0
	var why error
	for i := range rules {
		if !rules[i].Allow {
			continue
		}
		in.Rule = &rules[i]
		take, err := sv.Step.Rule.Bool(in)
		if missing := missingFacts(err); len(missing) > 0 {
			v.Needs = append(v.Needs, missing...)
			sv.Applies = false
			return
		}
		switch {
		case err != nil:
			untold++
			why = err
		case take:
			sv.Rules = append(sv.Rules, rules[i])
		}
	}
	if untold == 0 {
		return
	}
	r := Reason{Code: reason.RuleUnknown, Text: fmt.Sprintf("whether %s concerns %d of its rules cannot be told, and they are left: %v", sv.Step.ID, untold, why)}
	if len(sv.Rules) == 0 {
		sv.Applies, sv.Unknown = false, &r
		return
	}
	v.Reasons = append(v.Reasons, r)
}

// unruled records that the rules are not there.
func (v *Verdict) unruled(sv *StepVerdict, err error) {
	sv.Applies = false
	if missing, ok := errors.AsType[*resource.MissingFact](err); ok {
		v.Needs = append(v.Needs, missing.Fact)
		return
	}
	sv.Unknown = &Reason{Code: reason.RuleUnknown, Text: fmt.Sprintf("its rules cannot be told: %v", err)}
}
