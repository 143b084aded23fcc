package report

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// statusWidth is that of the longest status but out of scope, which is never
// a finding.
const statusWidth = 9

// indent is where everything below a finding's first line begins.
var indent = strings.Repeat(" ", statusWidth+4)

// terminal writes a report line by line: text is made safe, then cut or broken
// to the width, then coloured.
type terminal struct {
	clock
	buf   bytes.Buffer
	width int
	style palette
	// many says that the plan is about several accounts, so that each is named.
	many bool
}

func writeTable(w io.Writer, d Document, o Options) error {
	t := &terminal{clock: clock{now: d.Created, zone: o.Zone}, width: o.Width, style: newPalette(o.Color), many: len(d.Accounts) > 0}
	t.header(d)
	for i := 0; i < len(d.Findings) && o.Extent != Totals; {
		n := i
		for n < len(d.Findings) && d.Findings[n].Policy == d.Findings[i].Policy {
			n++
		}
		t.policy(d.Findings[i:n], o.Extent == Samples)
		i = n
	}
	t.unread(d.Unread)
	if d.Outcome != nil {
		t.outcome(*d.Outcome)
	}
	t.summary(d)
	_, err := w.Write(t.buf.Bytes())
	return err
}

func (t *terminal) header(d Document) {
	where := ""
	if len(d.Regions) > 0 {
		where = " in " + strings.Join(d.Regions, ", ")
	}
	t.text("", whose(d.Plan)+where+", as of "+t.date(d.Created), t.style.strong)
	run := "run " + d.Run
	if d.Name != "" && d.Name != "default" {
		run += " of " + d.Name
	}
	if len(d.Only) > 0 {
		run += ", only " + strings.Join(d.Only, ", ")
	}
	t.text("", run, t.style.dim)
}

// mostNamed is how many accounts a header names.
const mostNamed = 5

// whose says which accounts a plan is about.
func whose(p *plan.Plan) string {
	switch n := len(p.Accounts); {
	case n == 0:
		return "Account " + p.Account
	case n > mostNamed:
		return strconv.Itoa(n) + " accounts"
	default:
		return "Accounts " + strings.Join(p.Accounts, ", ")
	}
}

func (t *terminal) policy(fs []plan.Finding, samples bool) {
	t.line("")
	mode := "mode " + string(fs[0].Mode) + ", " + number(len(fs), "finding", "findings")
	name := diag.Printable(fs[0].Policy)
	t.line(t.style.strong(name) + "  " + t.style.dim(mode))
	alike := map[string]int{}
	for i := range fs {
		alike[kind(&fs[i])]++
	}
	for i := range fs {
		switch n := alike[kind(&fs[i])]; {
		case !samples:
			t.finding(&fs[i])
		case n > 0:
			t.finding(&fs[i])
			if n > 1 {
				t.text(indent, "and "+strconv.Itoa(n-1)+" more like it", t.style.dim)
			}
			alike[kind(&fs[i])] = 0
		}
	}
}

// kind is what findings have in common that Samples shows once.
func kind(f *plan.Finding) string {
	var b strings.Builder
	b.WriteString(string(f.Status))
	for _, a := range f.Actions {
		b.WriteString("|" + a.Step + " " + a.Action.String() + " " + string(a.State) + " " + a.Code)
	}
	return b.String()
}

// finding writes the status and the resource in one line, and below it the
// reasons and the actions, one a line.
func (t *terminal) finding(f *plan.Finding) {
	t.line("")
	t.line("  " + t.style.status(f.Status)(pad(string(f.Status), statusWidth)) + "  " + t.resource(f.Resource, len(indent)))
	for _, r := range f.Reasons {
		t.text(indent, r.Text, t.style.plain)
	}
	widest := 0
	for _, a := range f.Actions {
		widest = max(widest, len(a.Action.String()))
	}
	for _, a := range f.Actions {
		t.item(indent, pad(a.Action.String(), widest)+"  ", t.standing(a), t.style.state(a.State))
		if a.Hint != "" {
			t.text(indent+strings.Repeat(" ", widest+2), a.Hint, t.style.dim)
		}
	}
}

// resource is its id, name and region; the name gives way where there is no
// room.
func (t *terminal) resource(r plan.Resource, used int) string {
	id, name, region := diag.Printable(r.ID), diag.Printable(r.Name), diag.Printable(placed(r.Account, r.Region, t.many))
	if t.width > 0 && name != "" {
		name = cut(name, max(8, t.width-used-lipgloss.Width(id)-lipgloss.Width(region)-4))
	}
	out := t.style.strong(id)
	if name != "" {
		out += "  " + name
	}
	if region != "" {
		out += "  " + t.style.dim(region)
	}
	return out
}

func (t *terminal) unread(us []plan.Unread) {
	if len(us) == 0 {
		return
	}
	t.line("")
	t.line(t.style.strong("Could not be read"))
	for _, u := range us {
		what := placed(u.Account, u.Region, t.many)
		if u.Type != "" {
			what += " " + string(u.Type)
		}
		t.text("  ", what+": "+u.Reason, t.style.bad)
		if u.Hint != "" {
			t.text("    ", u.Hint, t.style.dim)
		}
	}
}

func (t *terminal) outcome(o Outcome) {
	if len(o.Deliveries)+len(o.Problems) > 0 {
		t.line("")
	}
	for _, x := range o.Deliveries {
		if x.Accepted {
			t.text("", "told "+recipient(x), t.style.good)
			continue
		}
		t.text("", "could not tell "+recipient(x)+": "+x.Reason, t.style.bad)
		t.hint(x.Hint)
	}
	for _, p := range o.Problems {
		t.text("", p.What+": "+p.Text, t.style.bad)
		t.hint(p.Hint)
	}
}

func (t *terminal) hint(h string) {
	if h != "" {
		t.text("  ", h, t.style.dim)
	}
}

func (t *terminal) summary(d Document) {
	t.line("")
	t.text("", numbers(d.Summary), t.style.strong)
	what, state := "To do: "+Summary(d.Plan), plan.Planned
	if d.Outcome != nil {
		what, state = "Done: "+results(d), plan.Done
	}
	if rest := count(d.Findings, state).rest(); len(rest) > 0 {
		what += "; " + strings.Join(rest, ", ")
	}
	t.text("", what, t.style.strong)
	if d.Outcome != nil && d.Interrupted {
		t.text("", "The run was interrupted: what it did not reach is skipped, and the next run finds it again.", t.style.bad)
	}
}

// line writes a line that is safe and coloured already.
func (t *terminal) line(s string) { t.buf.WriteString(strings.TrimRight(s, " ") + "\n") }

// text writes text of any origin, broken to the width, each line indented.
func (t *terminal) text(indent, s string, paint func(string) string) { t.item(indent, "", s, paint) }

// item is text behind a label, its further lines indented to stand below it.
func (t *terminal) item(indent, label, s string, paint func(string) string) {
	s = diag.Printable(s)
	lead := lipgloss.Width(indent) + lipgloss.Width(label)
	lines := []string{s}
	if room := t.width - lead; t.width > 0 {
		lines = wrap(s, max(room, 20))
	}
	for i, l := range lines {
		if i == 0 {
			t.line(indent + label + paint(l))
		} else {
			t.line(strings.Repeat(" ", lead) + paint(l))
		}
	}
}
