package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// page is a digest in words, the same for every format. Its texts are single
// lines without control characters, and not yet escaped.
type page struct {
	title  string
	lead   []string
	parts  []part
	unread []string
	foot   []string
}

// part is a section.
type part struct {
	heading string
	observe bool
	intro   []string
	notes   []string
	summary string
	blocks  []block
	advice  []string
}

// block is the open items of a section, or its results.
type block struct {
	title string
	// common is what is so for every row, said once.
	common []remark
	rows   []row
	more   string // what was left out, "" for nothing
}

// row is an item.
type row struct {
	n       int
	id      string
	link    string // to the console, "" for none
	place   string
	cells   []plan.Detail
	remarks []remark
}

// titles are the columns of the row's table.
func (r row) titles() []string {
	out := make([]string, len(r.cells))
	for i, c := range r.cells {
		out[i] = c.Title
	}
	return out
}

// remark is one thing said of a row.
type remark struct {
	tone  tone
	label string
	text  string
}

// tone is how a remark is meant.
type tone uint8

const (
	plain tone = iota
	good
	bad
	warn
	soon
)

// writer makes pages of one digest.
type writer struct {
	d    *view.Digest
	zone *time.Location
	// full says where the whole list is when rows were left out.
	full string
}

// elsewhere is where the whole list is for channels that cannot attach it.
const elsewhere = "the full list: tagwarden plan -o csv"

// when writes a time in the zone of the settings.
func (w *writer) when(t time.Time) string { return t.In(w.zone).Format("Mon 2 Jan 2006 15:04 MST") }

// rows is how many items the digest has.
func (w *writer) rows() int {
	n := 0
	for _, s := range w.d.Sections {
		n += len(s.Items)
	}
	return n
}

// page writes the digest with at most so many rows, shared out over the
// sections so that a long one does not hide a short one.
func (w *writer) page(rows int) *page {
	p := w.frame()
	var sizes []int
	for _, s := range w.d.Sections {
		open := openItems(s)
		sizes = append(sizes, open, len(s.Items)-open)
	}
	share := allot(sizes, rows)
	for i := range w.d.Sections {
		p.parts = append(p.parts, w.part(&w.d.Sections[i], share[2*i], share[2*i+1]))
	}
	return p
}

// brief is the page when not even the sections' headings fit.
func (w *writer) brief() *page {
	p := w.frame()
	p.unread = nil
	p.parts = []part{{
		heading: fmt.Sprintf("%d items in %d sections", w.rows(), len(w.d.Sections)),
		summary: "too long for this channel; " + w.full,
	}}
	return p
}

// frame is the page without its sections.
func (w *writer) frame() *page {
	d := w.d
	p := &page{title: cmp.Or(clean(d.Subject, maxHeader), "tagwarden")}
	lead := []string{w.when(d.At)}
	if d.Account != "" {
		lead = append([]string{"account " + clean(d.Account, maxValue)}, lead...)
	}
	if d.Name != "" {
		lead = append([]string{clean(d.Name, maxValue)}, lead...)
	}
	p.lead = []string{strings.Join(lead, " · ")}
	if d.Address != "" {
		p.lead = append(p.lead, "For "+clean(d.Address, maxValue)+", whom a tag names as the owner of these resources.")
	}
	const shown = 20
	for i, u := range d.Unread {
		if i == shown {
			p.unread = append(p.unread, fmt.Sprintf("and %d more", len(d.Unread)-shown))
			break
		}
		p.unread = append(p.unread, unreadLine(u))
	}
	p.foot = []string{"tagwarden, run " + clean(d.Run, maxValue)}
	return p
}

func unreadLine(u plan.Unread) string {
	place := strings.Trim(u.Account+"/"+u.Region, "/")
	line := fmt.Sprintf("%s in %s: %s", u.Call, place, u.Reason)
	if u.Hint != "" {
		line += "; " + u.Hint
	}
	return clean(line, maxReason)
}

// openItems is how many of a section's items are open; they come first.
func openItems(s view.Section) int {
	n := 0
	for n < len(s.Items) && s.Items[n].Open() {
		n++
	}
	return n
}

func (w *writer) part(s *view.Section, open, settled int) part {
	p := part{
		heading: clean(s.Policy, maxValue), observe: s.Mode == policy.Observe,
		summary: s.Summary(), advice: w.advice(s),
	}
	if s.Known > 0 {
		p.summary += fmt.Sprintf("; %d more were told earlier and still stand", s.Known)
	}
	if s.Description != "" {
		p.intro = append(p.intro, clean(s.Description, maxText))
	}
	p.intro = append(p.intro, lines(s.Text)...)
	for _, note := range s.Notes {
		p.notes = append(p.notes, clean(note, maxReason))
	}
	all := openItems(*s)
	if all > 0 {
		p.blocks = append(p.blocks, w.block("Violations", s.Items[:all], open))
	}
	if all < len(s.Items) {
		p.blocks = append(p.blocks, w.block("Results", s.Items[all:], settled))
	}
	return p
}

func (w *writer) block(title string, items []view.Item, limit int) block {
	b := block{title: title}
	for i := range items[:limit] {
		b.rows = append(b.rows, w.row(i+1, &items[i]))
	}
	if left := len(items) - limit; left > 0 {
		b.more = fmt.Sprintf("and %d more; %s", left, w.full)
	}
	b.hoist()
	return b
}

// hoist moves the remarks that every row has to the block.
func (b *block) hoist() {
	if len(b.rows) < 2 {
		return
	}
	for _, m := range b.rows[0].remarks {
		if m.tone != plain && m.tone != soon {
			continue // results stay with what they are results of
		}
		if slices.ContainsFunc(b.rows, func(r row) bool { return !slices.Contains(r.remarks, m) }) {
			continue
		}
		b.common = append(b.common, m)
	}
	for i := range b.rows {
		b.rows[i].remarks = slices.DeleteFunc(b.rows[i].remarks, func(m remark) bool { return slices.Contains(b.common, m) })
	}
}

func (w *writer) row(n int, i *view.Item) row {
	r := row{n: n, id: clean(i.Resource.ID, maxValue), link: consoleLink(i.Resource.Ref), place: clean(i.Resource.Region, maxValue)}
	if i.Resource.Account != w.d.Account {
		r.place = clean(i.Resource.Account, maxValue) + " " + r.place
	}
	switch i.Kind {
	case plan.Reminder:
		r.place += " · reminder"
	case plan.Standing:
		r.place += " · still violating"
	}
	for _, c := range i.Resource.Details {
		r.cells = append(r.cells, plan.Detail{Title: clean(c.Title, maxValue), Text: clean(c.Text, maxValue)})
	}
	why := "Why"
	if i.Status == eval.Fixed {
		why = "Was"
	}
	for _, reason := range i.Reasons {
		r.remarks = append(r.remarks, remark{plain, why, clean(reason.Text, maxReason)})
	}
	for _, l := range i.Results {
		r.remarks = append(r.remarks, w.result(l))
	}
	for _, l := range i.Next {
		r.remarks = append(r.remarks, w.next(l))
	}
	return r
}
