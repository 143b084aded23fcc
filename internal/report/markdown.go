package report

import (
	"bytes"
	"io"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// writeMarkdown writes GitHub's flavour, for the comment of a pull request.
func writeMarkdown(w io.Writer, d Document, o Options) error {
	var b bytes.Buffer
	c := clock{now: d.Created, zone: o.Zone}
	where := make([]string, len(d.Regions))
	for i, r := range d.Regions {
		where[i] = code(r)
	}
	whose := "account " + code(d.Account)
	many := len(d.Accounts) > 0
	if many {
		whose = number(len(d.Accounts), "account", "accounts")
	}
	b.WriteString("### tagwarden: " + whose)
	if len(where) > 0 {
		b.WriteString(" in " + strings.Join(where, ", "))
	}
	b.WriteString("\n\nAs of " + c.date(d.Created) + ". " + sentence(numbers(d.Summary)) + "\n")
	for i, f := range d.Findings {
		if i == 0 || d.Findings[i-1].Policy != f.Policy {
			b.WriteString("\n#### " + code(f.Policy) + " (" + escape(string(f.Mode)) + ")\n\n")
			b.WriteString("| Resource | Name | Region | Status | Why | What follows |\n|---|---|---|---|---|---|\n")
		}
		b.WriteString(row(f, c, many))
	}
	markdownUnread(&b, d.Unread, many)
	b.WriteString("\n")
	if d.Outcome == nil {
		b.WriteString("**To do:** " + escape(Summary(d.Plan)) + "\n")
	} else {
		markdownOutcome(&b, d)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// placed is a region, with its account where there are several.
func placed(account, region string, many bool) string {
	if many {
		return strings.TrimSpace(account + " " + region)
	}
	return region
}

func row(f plan.Finding, c clock, many bool) string {
	why := make([]string, len(f.Reasons))
	for i, r := range f.Reasons {
		why[i] = escape(r.Text)
	}
	next := make([]string, len(f.Actions))
	for i, a := range f.Actions {
		next[i] = "**" + a.Action.String() + "** " + escape(c.standing(a))
	}
	in := func(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }
	return "| " + strings.Join([]string{in(f.Resource.ID), in(f.Resource.Name), in(placed(f.Resource.Account, f.Resource.Region, many)), escape(string(f.Status)),
		strings.Join(why, "<br>"), strings.Join(next, "<br>")}, " | ") + " |\n"
}

func markdownUnread(b *bytes.Buffer, us []plan.Unread, many bool) {
	if len(us) == 0 {
		return
	}
	b.WriteString("\n#### Could not be read\n\n")
	for _, u := range us {
		b.WriteString("- " + code(placed(u.Account, u.Region, many)) + ": " + escape(u.Reason) + "\n")
	}
}

func markdownOutcome(b *bytes.Buffer, d Document) {
	for _, x := range d.Deliveries {
		if x.Accepted {
			b.WriteString("- told " + code(recipient(x)) + "\n")
		} else {
			b.WriteString("- could not tell " + code(recipient(x)) + ": " + escape(x.Reason) + "\n")
		}
	}
	for _, p := range d.Problems {
		b.WriteString("- " + code(p.What) + ": " + escape(p.Text) + "\n")
	}
	if len(d.Deliveries)+len(d.Problems) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("**Done:** " + escape(results(d)) + "\n")
	if d.Interrupted {
		b.WriteString("\n**The run was interrupted.**\n")
	}
}

func sentence(s string) string { return escape(s) + "." }

// code is text of any origin as a code span, in which only a run of
// backquotes as long as its own has a meaning; mentions and references in it
// notify nobody. "" stays "".
func code(s string) string {
	s = diag.Printable(s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// escapes take their meaning from every character that has one in GitHub's
// Markdown. A mention (@) and a reference (#) are broken with a zero-width
// space: they are found in the rendered text, where no escape is left.
var escapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, `|`, `\|`, `~`, `\~`, `$`, `\$`,
	`@`, "@&#8203;", `#`, "#&#8203;", `://`, `:&#8203;//`, `www.`, `www&#8203;.`)

// escape is text of any origin as plain text.
func escape(s string) string { return escapes.Replace(diag.Printable(s)) }
