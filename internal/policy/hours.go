package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/hours"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Hours are when a policy's resources are wanted.
type Hours struct {
	// Default holds where the resource does not say otherwise. Its zone and its
	// holidays hold for every resource.
	Default hours.Hours
	// Tag is the key of the tag whose value replaces the default week, "" for
	// none.
	Tag string
}

// Of returns the hours of a resource with these tags. An empty tag is none. The
// error says why the tag is no hours, and repeats its value quoted.
func (h *Hours) Of(tags tag.Set) (hours.Hours, error) {
	own := h.Default
	value := tags[h.Tag]
	if h.Tag == "" || value == "" {
		return own, nil
	}
	week, err := hours.Parse(value)
	if err != nil {
		return hours.Hours{}, fmt.Errorf("tag %s is %q, which is no hours: %w", h.Tag, value, err)
	}
	own.Week = week
	return own, nil
}

// Edge is when hours end or begin.
type Edge string

// The edges.
const (
	NoEdge Edge = ""
	Close  Edge = "close"
	Open   Edge = "open"
)

// stoppedByUs is the word for what one of the policy's own stops has stopped.
const stoppedByUs = "stopped_by_us"

// Timed says that the policy does nothing but stop and start resources at the
// edges of their hours: its resources do nothing wrong, and there is nothing
// to tell of them but what was done.
func (p *Policy) Timed() bool {
	return p.Hours != nil && len(p.Tags) == 0 && !slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Action != action.Notify && s.At == NoEdge
	})
}

// rawHours are a policy's hours as the file has them.
type rawHours struct{ week, zone, holidays, tag val[string] }

var hoursSection = section[rawHours]{name: "hours", doc: "When its resources are wanted; the steps with at stop and start them at the edges.", fields: []field[rawHours]{
	must(key("default", "The hours of what has no tag of its own: Mon-Fri 08:00-19:00, Sat 10:00-14:00.", weekKind, func(h *rawHours) *val[string] { return &h.week })),
	key("zone", "The time zone of the hours; that of the settings unless set.", zone, func(h *rawHours) *val[string] { return &h.zone }),
	key("holidays", "The country, or part of one, on whose public holidays nothing opens: DE, DE-BY; none unless set.", holidaysKind,
		func(h *rawHours) *val[string] { return &h.holidays }),
	key("tag", "The key of the tag with a resource's own hours, always or never.", readKey, func(h *rawHours) *val[string] { return &h.tag }),
}}

// weekKind is hours; a mistake is shown at its place within them.
var weekKind = kind[string]{want: "hours such as Mon-Fri 08:00-19:00",
	schema: func(defs object) object {
		return object{"type": "string", "minLength": 1, "maxLength": hours.MaxLength}
	},
	read: func(r *reporter, n *node) (string, bool) {
		s, ok := filled.read(r, n)
		if !ok {
			return "", false
		}
		_, err := hours.Parse(s)
		bad, wrong := errors.AsType[*hours.SyntaxError](err)
		switch {
		case wrong && n.secret(): // the words may hold a part of the value
			r.fault(n, bad.Hint, "%s is no hours", n.show())
		case wrong:
			r.within(n, bad.Column-1, bad.Width, bad.Hint, bad.Summary)
		}
		return s, !wrong
	}}

// holidaysKind is the code of a calendar of holidays.
var holidaysKind = text.that(func(s string) (string, string) {
	_, err := hours.CalendarOf(s)
	if bad, ok := errors.AsType[*hours.CountryError](err); ok {
		return "has no calendar of holidays here", bad.Hint
	}
	return "", ""
}).with(object{"examples": hours.Codes()})

// buildHours makes a policy's hours of what was checked when it was read.
func (l *loader) buildHours(p *policyDraft) {
	raw := p.raw.hours
	if !raw.set() {
		return
	}
	h := &Hours{Tag: raw.v.tag.v, Default: hours.Hours{Zone: l.set.Settings.Zone}}
	if week, err := hours.Parse(raw.v.week.v); err == nil {
		h.Default.Week = week
	}
	if zone, err := time.LoadLocation(raw.v.zone.v); err == nil && raw.v.zone.set() {
		h.Default.Zone = zone
	}
	if days, err := hours.CalendarOf(raw.v.holidays.v); err == nil {
		h.Default.Holidays = days
	}
	if raw.v.tag.set() {
		l.notMark(raw.v.tag.at)
	}
	p.Hours = h
}

// checkEdges checks the steps that wait for an edge of the hours.
func (l *loader) checkEdges(p *policyDraft) {
	some := false
	for i, e := range p.raw.steps.v {
		raw := e.v
		some = some || raw.names("at", e.at)
		switch {
		case raw.only.set() && !raw.at.set() && !raw.names("at", e.at):
			l.fault(raw.only.at, "write at: open with it", `"only" goes with "at"`)
		case raw.only.set() && raw.action != action.Start:
			l.fault(raw.only.at, "leave it out", `"only" goes with the step start`)
		case raw.only.set() && !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == action.Stop }):
			l.fault(raw.only.at, "add the step stop: {at: close}", "no step of the policy stops anything")
		}
		switch {
		case !raw.at.set():
		case raw.action != action.Stop && raw.action != action.Start:
			l.fault(raw.at.at, "only stop and start wait for hours", `the step %q cannot have "at"`, p.Steps[i].ID)
		case raw.after.set() || raw.since.set():
			l.fault(raw.at.at, "write one of them", `a step is due "after" a time or "at" an edge of the hours, not both`)
		case !p.raw.hours.set() && p.at.child("hours") == nil:
			l.fault(raw.at.at, `write hours: {default: "Mon-Fri 08:00-19:00"} in the policy`, `"at" needs the policy's "hours"`)
		}
		l.checkScope(p, &raw)
	}
	if p.raw.hours.set() && !some {
		l.warn(p.raw.hours.at, "write stop: {at: close}", `no step waits for these hours with "at"`)
	}
}

// checkScope warns of a policy that loses sight of what it stopped.
func (l *loader) checkScope(p *policyDraft, raw *rawStep) {
	if raw.action != action.Start || !raw.at.set() || p.Match == nil {
		return
	}
	for _, f := range p.Match.Fields() {
		if f == "state" || f == "running_for" {
			l.warn(p.raw.match.at, "leave resource."+f+" out: a stop of what is stopped does nothing", "what is stopped may be out of scope, and is then never started")
			return
		}
	}
}
