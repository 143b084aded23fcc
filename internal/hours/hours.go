package hours

import (
	"slices"
	"time"
)

// Hours are opening hours in a place: a week, the zone of its clock and the
// holidays that are kept there. The zero Calendar keeps none.
type Hours struct {
	Week     *Week
	Zone     *time.Location
	Holidays Calendar
}

// Open says whether t is within the hours. All of a public holiday, from
// midnight to midnight in the zone, is outside; only Always knows no holidays.
//
// A shift begins and ends when clocks in the zone show its times. A time that
// clocks skip is the moment of the change; of one that they show twice, a
// shift begins with the first and ends with the second, so that nobody is
// closed out early.
func (h Hours) Open(t time.Time) bool {
	switch h.Week.word {
	case Always:
		return true
	case Never:
		return false
	}
	y, m, d := t.In(h.Zone).Date()
	if h.Holidays.Holiday(y, m, d) {
		return false
	}
	weekday := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday()
	for _, s := range h.Week.shifts {
		// What goes over midnight began the day before.
		for back := range 2 {
			if s.day != (weekday+7-time.Weekday(back))%7 || back > 0 && s.to <= minutesOfDay {
				continue
			}
			if !t.Before(h.first(y, m, d-back, s.from)) && t.Before(h.last(y, m, d-back, s.to)) {
				return true
			}
		}
	}
	return false
}

// horizon is how many days back and ahead an edge is looked for. Every week has
// a shift, and nowhere are there holidays on one weekday for five weeks on end.
const horizon = 36

// LastClosing returns the latest moment, at or before t, at which the hours
// closed. ok is false where there is none: hours without end. Never closes with
// each day's beginning.
func (h Hours) LastClosing(t time.Time) (at time.Time, ok bool) { return h.edge(t, false) }

// LastOpening returns the latest moment, at or before t, at which the hours
// opened. ok is false where there is none. Always opens with each day's
// beginning.
func (h Hours) LastOpening(t time.Time) (at time.Time, ok bool) { return h.edge(t, true) }

// NextClosing returns the next moment after t at which the hours close.
func (h Hours) NextClosing(t time.Time) (at time.Time, ok bool) { return h.next(t, false) }

// NextOpening returns the next moment after t at which the hours open.
func (h Hours) NextOpening(t time.Time) (at time.Time, ok bool) { return h.next(t, true) }

func (h Hours) edge(t time.Time, open bool) (time.Time, bool) {
	y, m, d := t.In(h.Zone).Date()
	for back := range horizon {
		edges := h.edges(y, m, d-back, open)
		for _, e := range slices.Backward(edges) {
			if !e.After(t) {
				return e, true
			}
		}
	}
	return time.Time{}, false
}

func (h Hours) next(t time.Time, open bool) (time.Time, bool) {
	y, m, d := t.In(h.Zone).Date()
	for ahead := range horizon {
		for _, e := range h.edges(y, m, d+ahead, open) {
			if e.After(t) {
				return e, true
			}
		}
	}
	return time.Time{}, false
}

// edges are the moments of a day at which the hours open, or close, in order.
func (h Hours) edges(y int, m time.Month, d int, open bool) []time.Time {
	begin, end := h.first(y, m, d, 0), h.first(y, m, d+1, 0)
	if h.Week.word != "" {
		if open == (h.Week.word == Always) && begin.Before(end) {
			return []time.Time{begin}
		}
		return nil
	}
	weekday := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday()
	at := []time.Time{begin}
	for _, s := range h.Week.shifts {
		for back := range 2 {
			if s.day == (weekday+7-time.Weekday(back))%7 {
				at = append(at, h.first(y, m, d-back, s.from), h.last(y, m, d-back, s.to))
			}
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	at = slices.CompactFunc(at, time.Time.Equal)
	return slices.DeleteFunc(at, func(e time.Time) bool {
		return e.Before(begin) || !e.Before(end) || h.Open(e) != open || h.Open(e.Add(-1)) == open
	})
}

// first is when the clock first shows a day's minute, last when it does for
// the last time.
func (h Hours) first(y int, m time.Month, d, minute int) time.Time {
	first, _ := h.shown(y, m, d, minute)
	return first
}

func (h Hours) last(y int, m time.Month, d, minute int) time.Time {
	_, last := h.shown(y, m, d, minute)
	return last
}

// shown is when the clock of the zone shows a day's minute: mostly once; twice
// where it was put back; where it was put forward over the minute, the moment
// of that. The offset a day before and the one a day after are tried, as no
// zone changes its clocks twice in so short a time.
func (h Hours) shown(y int, m time.Month, d, minute int) (first, last time.Time) {
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	near := time.Date(y, m, d, 0, minute, 0, 0, h.Zone)
	const day = 25 * time.Hour
	_, before := near.Add(-day).Zone()
	_, after := near.Add(day).Zone()
	a, b := wall.Add(-time.Duration(before)*time.Second).In(h.Zone), wall.Add(-time.Duration(after)*time.Second).In(h.Zone)
	shows := func(t time.Time) bool {
		_, offset := t.Zone()
		return t.Add(time.Duration(offset) * time.Second).Equal(wall)
	}
	switch {
	case shows(a) && shows(b):
		return a, b // the clock is put back: what was before comes first
	case shows(a):
		return a, a
	case shows(b):
		return b, b
	default:
		change, _ := a.ZoneBounds()
		return change, change
	}
}
