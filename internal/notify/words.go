package notify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/view"
)

// join puts words together with a separator, leaving out empty ones.
func join(sep string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), sep)
}

// result says how an action ended; and when, if that was in an earlier run
// whose message did not arrive.
func (w *writer) result(l view.Line) remark {
	r := remark{tone: good, label: "Done"}
	what := join(" ", l.Action.Past(), l.Detail)
	if l.State != plan.Held && w.d.At.Sub(l.At) > time.Hour {
		what += w.on(l.At)
	}
	switch l.State {
	case plan.Failed:
		r.tone, r.label, what = bad, "Failed", join(" ", l.Action.String(), l.Detail)
	case plan.Held:
		r.tone, r.label, what = warn, "Held", join(" ", l.Action.String(), l.Detail)
	}
	r.text = clean(join(": ", what, join("; ", l.Reason, l.Hint)), maxReason)
	return r
}

// next says what follows.
func (w *writer) next(l view.Line) remark {
	what := join(" ", l.Action.String(), l.Detail)
	r := remark{tone: soon, label: "Next"}
	switch {
	case l.State == plan.Would:
		r.label, what = "Would", what+w.on(l.At)
	case !l.At.IsZero():
		what += w.on(l.At)
	case l.After > 0:
		what += " " + span.Format(l.After) + " after the first notice"
	}
	if l.WillBeHeld {
		r.tone, what = warn, join(": ", what, l.Reason)
	}
	r.text = clean(what, maxReason)
	return r
}

func (w *writer) on(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " on " + w.when(t)
}

// advice lists what those who are told can do, and what happens if they do
// nothing.
func (w *writer) advice(s *view.Section) []string {
	var tags []string
	n := 0
	ahead := map[action.Kind][]time.Time{}
	held := map[action.Kind]int{}
	for i := range s.Items {
		item := &s.Items[i]
		if !item.Open() || item.Status != eval.Violating {
			continue
		}
		n++
		for _, r := range item.Reasons {
			if r.Tag != "" {
				tags = append(tags, clean(r.Tag, maxValue))
			}
		}
		for _, l := range item.Results {
			if l.State == plan.Held {
				held[l.Action]++
			}
		}
		for _, l := range item.Next {
			if l.WillBeHeld {
				held[l.Action]++
			} else {
				ahead[l.Action] = append(ahead[l.Action], l.At)
			}
		}
	}
	if n == 0 {
		return nil
	}
	out := []string{"Put right what is named under “Why”."}
	slices.Sort(tags)
	if tags = slices.Compact(tags); len(tags) > 0 {
		out = []string{"Set the tag " + list(tags) + "."}
		if len(tags) > 1 {
			out = []string{"Set the tags " + list(tags) + ", as each needs it."}
		}
	}
	out = append(out, "Or terminate what is no longer needed.")
	if ends := w.otherwise(s, n, ahead, held); ends != "" {
		out = append(out, ends)
	}
	return out
}

// otherwise says what the policy does to what keeps violating: when it is
// known, at what time; else under which condition. It is not said of those
// that it is held for.
func (w *writer) otherwise(s *view.Section, n int, ahead map[action.Kind][]time.Time, held map[action.Kind]int) string {
	var parts []string
	say := func(of int, what string) {
		subject, verb := fmt.Sprintf("%d of them", of), "are"
		switch {
		case n == 1:
			subject = "it"
		case of == n:
			subject = "they"
		}
		switch {
		case s.Mode == policy.Observe:
			verb = "would be"
		case of == 1:
			verb = "is"
		}
		parts = append(parts, join(" ", subject, verb, what))
	}
	for _, k := range action.All() {
		times := slices.DeleteFunc(ahead[k], time.Time.IsZero)
		if !k.Destructive() || len(times) == 0 {
			continue
		}
		slices.SortFunc(times, time.Time.Compare)
		what := k.Past()
		if !times[0].Equal(times[len(times)-1]) {
			what += ", the first"
		}
		say(len(times), what+w.on(times[0]))
	}
	for _, step := range s.Steps {
		timed := slices.ContainsFunc(ahead[step.Action], func(t time.Time) bool { return !t.IsZero() })
		if left := n - held[step.Action]; step.Action.Destructive() && !timed && left > 0 {
			say(left, ruleOf(step))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Otherwise " + strings.Join(parts, "; ") + "."
}

// ruleOf says when a step is done: "stopped when resource.age > days(3)".
func ruleOf(s view.Step) string {
	out := s.Action.Past()
	if s.After != "" {
		since := "the first notice"
		if s.Since != "" {
			since = s.Since
		}
		out += fmt.Sprintf(" %s after %s", clean(s.After, maxReason), clean(since, maxReason))
	}
	if s.When != "" {
		out += " when " + clean(s.When, maxReason)
	}
	return out
}

// list writes words as a sentence does: a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	const shown = 10
	if len(words) > shown {
		words = append(slices.Clone(words[:shown]), fmt.Sprintf("%d more", len(words)-shown))
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// consoles are the console's hosts, by partition, where they are public.
var consoles = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-us-gov": "console.amazonaws-us-gov.com",
	"aws-eusc":   "console.amazonaws-eusc.eu",
}

// Ids and regions as AWS writes them: nothing else gets into a link.
var (
	instanceID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

// consoleLink is where the resource is shown in the AWS console, "" where
// that is not known.
func consoleLink(r resource.Ref) string {
	host := consoles[resource.Partition(r.Region)]
	if host == "" || r.Type != resource.EC2Instance || !instanceID.MatchString(r.ID) || !regionName.MatchString(r.Region) {
		return ""
	}
	return fmt.Sprintf("https://%s/ec2/home?region=%s#InstanceDetails:instanceId=%s", host, r.Region, r.ID)
}
