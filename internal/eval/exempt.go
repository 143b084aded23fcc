package eval

import (
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// exemption says whether the resource is exempt, by the settings' exemptions
// or the policy's own. Where it is, the verdict has the reason; where it is
// not, notes say which exemption was claimed in vain.
func (j *Judge) exemption(v *Verdict, in expr.Input) (exempt bool, notes []Reason) {
	for _, list := range [][]policy.Exemption{j.set.Settings.Exempt, v.Policy.Exempt} {
		for i := range list {
			why, ok, note := j.exempted(v, &list[i], in)
			if ok {
				v.Reasons = []Reason{why}
				v.Needs = nil // one exemption is enough
				return true, nil
			}
			if note != nil {
				notes = append(notes, *note)
			}
		}
	}
	return false, notes
}

func (j *Judge) exempted(v *Verdict, e *policy.Exemption, in expr.Input) (why Reason, ok bool, note *Reason) {
	tags := in.Resource.Tags()
	switch {
	case e.Tag != "":
		value, there := tags[e.Tag]
		if !there || e.Value != nil && *e.Value != value {
			return Reason{}, false, nil
		}
		return Reason{Code: reason.ExemptTag, Tag: e.Tag, Text: fmt.Sprintf("tag %s exempts it", e.Tag)}, true, nil
	case e.When != nil:
		yes, err := e.When.Bool(in)
		if facts := missingFacts(err); len(facts) > 0 {
			v.Needs = append(v.Needs, facts...)
			return Reason{}, false, nil
		}
		if err != nil {
			// Better to leave one alone in vain than to stop what is exempt.
			return Reason{Code: reason.ExemptUnknown, Text: fmt.Sprintf("it counts as exempt, because that cannot be told: %v", err)}, true, nil
		}
		if !yes {
			return Reason{}, false, nil
		}
		return Reason{Code: reason.ExemptWhen, Text: "it is exempt: " + e.When.Source()}, true, nil
	default:
		value, there := tags[e.UntilTag]
		if !there {
			return Reason{}, false, nil
		}
		return until(e, value, j.set.Settings.Zone, in.Now)
	}
}

// until judges an exemption that ends on a date, written in a tag: through the
// end of that day in the settings' zone.
func until(e *policy.Exemption, value string, zone *time.Location, now time.Time) (Reason, bool, *Reason) {
	refuse := func(code, text string) (Reason, bool, *Reason) {
		return Reason{}, false, &Reason{Code: code, Tag: e.UntilTag, Text: text}
	}
	day, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(value), zone)
	if err != nil {
		return refuse(reason.ExemptionMalformed, fmt.Sprintf("tag %s is %q, which is no date (YYYY-MM-DD), so it exempts nothing", e.UntilTag, value))
	}
	end := day.AddDate(0, 0, 1)
	switch {
	case !now.Before(end):
		return refuse(reason.ExemptionEnded, fmt.Sprintf("its exemption ended on %s (tag %s)", day.Format(time.DateOnly), e.UntilTag))
	case e.AtMost > 0 && day.After(now.Add(e.AtMost)):
		return refuse(reason.ExemptionTooLong, fmt.Sprintf("tag %s is %s, further ahead than the %d days allowed, so it exempts nothing",
			e.UntilTag, day.Format(time.DateOnly), int(e.AtMost/(24*time.Hour))))
	default:
		return Reason{Code: reason.ExemptUntil, Tag: e.UntilTag, Text: fmt.Sprintf("it is exempt until %s (tag %s)", day.Format(time.DateOnly), e.UntilTag)}, true, nil
	}
}
