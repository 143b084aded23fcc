package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/span"
)

// clock is how people read times: in their zone, and as seen from the plan's
// own time.
type clock struct {
	now  time.Time
	zone *time.Location
}

func (c clock) date(t time.Time) string { return t.In(c.zone).Format("2006-01-02 15:04 MST") }

// when is a date with its distance from the plan's time.
func (c clock) when(t time.Time) string {
	d := t.Sub(c.now)
	switch {
	case d > 0:
		return fmt.Sprintf("%s (in %s)", c.date(t), length(d))
	case d < 0:
		return fmt.Sprintf("%s (%s ago)", c.date(t), length(-d))
	default:
		return c.date(t) + " (now)"
	}
}

// length rounds down to the unit a person would count in.
func length(d time.Duration) string {
	switch {
	case d >= 2*span.Day:
		return number(span.Days(d), "day", "days")
	case d >= time.Hour:
		return number(int(d/time.Hour), "hour", "hours")
	case d >= time.Minute:
		return number(int(d/time.Minute), "minute", "minutes")
	default:
		return "less than a minute"
	}
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// detail is what exactly an action writes, deletes or whom it tells.
func detail(a plan.Action) string {
	switch a.Action {
	case action.Notify:
		return recipient(Delivery{Channel: a.To, Address: a.Address})
	case action.Mark:
		return strings.Join(slices.Collect(maps.Values(a.Tags)), ", ")
	default:
		return a.Detail()
	}
}

// recipient is a channel, or the owner who is told through it.
func recipient(d Delivery) string {
	if d.Address != "" {
		return d.Address + " through " + d.Channel
	}
	return d.Channel
}

// standing says how far an action has come, what exactly it does and why, in
// a line without a full stop.
func (c clock) standing(a plan.Action) string {
	var what []string
	for _, s := range []string{detail(a), a.Reason} {
		if s != "" {
			what = append(what, s)
		}
	}
	if len(what) == 0 {
		return c.state(a)
	}
	return c.state(a) + ": " + strings.Join(what, " — ")
}

func (c clock) state(a plan.Action) string {
	switch a.State {
	case plan.Planned:
		return "planned now"
	case plan.Waiting:
		switch {
		case a.At.IsZero():
			return "waiting"
		case !a.Clock:
			return "waiting, not before " + c.when(a.At)
		default:
			return "waiting until " + c.when(a.At)
		}
	case plan.Would:
		if a.At.After(c.now) {
			return "would be due " + c.when(a.At)
		}
		return "would be done now"
	default:
		return string(a.State)
	}
}

// tally counts the actions of a plan for its last line.
type tally struct {
	kinds   map[action.Kind]int // planned, or done once it was applied
	notices map[[2]string]bool  // channel and address
	states  map[plan.State]int
}

func count(fs []plan.Finding, counted plan.State) tally {
	t := tally{kinds: map[action.Kind]int{}, notices: map[[2]string]bool{}, states: map[plan.State]int{}}
	for _, f := range fs {
		for _, a := range f.Actions {
			if a.State == counted && a.Action == action.Notify {
				t.notices[[2]string{a.To, a.Address}] = true
			} else if a.State == counted {
				t.kinds[a.Action]++
			}
			if a.State != counted && a.Action != action.Notify {
				t.states[a.State]++
			}
		}
	}
	return t
}

// rest names what is neither planned nor done.
func (t tally) rest() []string {
	var parts []string
	for _, s := range []plan.State{plan.Failed, plan.Held, plan.Waiting, plan.Would, plan.Superseded, plan.Skipped} {
		switch n := t.states[s]; {
		case n == 0:
		case s == plan.Would:
			parts = append(parts, fmt.Sprintf("%d only observed", n))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return parts
}

// Nothing is the Summary of a plan that does nothing.
const Nothing = "nothing to do"

// Summary is what applying a plan would do, in a line: "3 to stop, 5 to tag,
// 1 notice"; Nothing for one that does nothing.
func Summary(p *plan.Plan) string {
	t := count(p.Findings, plan.Planned)
	var parts []string
	for k := len(action.All()); k > 0; k-- {
		if n := t.kinds[action.Kind(k)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, action.Kind(k)))
		}
	}
	if n := len(t.notices); n > 0 {
		parts = append(parts, number(n, "notice", "notices"))
	}
	if len(parts) == 0 {
		return Nothing
	}
	return strings.Join(parts, ", ")
}

// results is what applying a plan did, in a line.
func results(d Document) string {
	t := count(d.Findings, plan.Done)
	var parts []string
	for k := len(action.All()); k > 0; k-- {
		if n := t.kinds[action.Kind(k)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action.Kind(k).Past()))
		}
	}
	sent, unsent := 0, 0
	for _, x := range d.Deliveries {
		if x.Accepted {
			sent++
		} else {
			unsent++
		}
	}
	if sent > 0 {
		parts = append(parts, number(sent, "notice", "notices")+" sent")
	}
	if unsent > 0 {
		parts = append(parts, number(unsent, "notice", "notices")+" not delivered")
	}
	if len(parts) == 0 {
		return "nothing was done"
	}
	return strings.Join(parts, ", ")
}

// numbers is what was found, in a line; what is zero is left out.
func numbers(s plan.Summary) string {
	parts := []string{}
	for _, c := range []struct {
		n    int
		word string
	}{{s.Violating, "violating"}, {s.Fixable, "fixable"}, {s.Fixed, "fixed"}, {s.Compliant, "compliant"}, {s.Exempt, "exempt"},
		{s.Unknown, "unknown"}, {s.OutOfScope, "out of scope"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	line := fmt.Sprintf("%d examined", s.Examined)
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	if s.Unread > 0 {
		line += "; " + number(s.Unread, "read failed", "reads failed")
	}
	return line
}
