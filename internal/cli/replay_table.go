package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The bounds of the table: how many creators of a call are counted, and how
// many of them are named.
const (
	maxCreators   = 1000
	namedCreators = 3
)

// tally counts what events tell. It grows with the kinds of events that create
// or wake something, of which the catalogue and the policies have so many, and
// not with the events.
type tally struct {
	files, events, made, unread int
	first, last                 time.Time
	ignored                     map[creation.Why]int // "" for what is no call that changes something
	rows                        map[string]*row
}

// row is one line of the table.
type row struct {
	event             string
	events, resources int
	creators          map[string]int
	uncounted         bool // there are more creators than are counted
	policies          map[string]bool
}

func newTally() *tally { return &tally{ignored: map[creation.Why]int{}, rows: map[string]*row{}} }

// add counts one event.
func (s *tally) add(t *told) {
	s.events++
	switch {
	case t.Error != "":
		s.unread++
		return
	case t.request == nil:
		s.ignored[""]++
		return
	}
	if at := t.request.Time; !at.IsZero() {
		if s.first.IsZero() || at.Before(s.first) {
			s.first = at
		}
		if at.After(s.last) {
			s.last = at
		}
	}
	if len(t.made.Made) > 0 {
		s.made++
	}
	if len(t.Resources)+len(t.Policies) == 0 {
		s.ignored[t.why]++
		return
	}
	s.count(t)
}

// count counts an event that something comes of in its row.
func (s *tally) count(t *told) {
	event := eventName(t.request)
	r := s.rows[event]
	if r == nil {
		r = &row{event: event, creators: map[string]int{}, policies: map[string]bool{}}
		s.rows[event] = r
	}
	r.events++
	r.resources += len(t.Resources)
	for _, p := range t.Policies {
		r.policies[p] = true
	}
	if t.Creator == nil {
		return
	}
	who := creatorName(t.Creator)
	if _, counted := r.creators[who]; !counted && len(r.creators) == maxCreators {
		r.uncounted = true
		return
	}
	r.creators[who]++
}

// creatorName is how the table names a creator: a person by the name alone.
func creatorName(c *resource.Creator) string {
	switch {
	case c.Name == "":
		return "(unknown)"
	case c.Kind == resource.PersonCreator || c.Name == string(c.Kind):
		return c.Name
	default:
		return fmt.Sprintf("%s (%s)", c.Name, c.Kind)
	}
}

// write writes the summary for people.
func (s *tally) write(w io.Writer, policies bool) error {
	if len(s.rows) > 0 {
		if err := s.table(w, policies); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	period := ""
	if !s.first.IsZero() {
		period = fmt.Sprintf(", from %s to %s UTC", s.first.UTC().Format(time.DateTime), s.last.UTC().Format(time.DateTime))
	}
	fmt.Fprintf(w, "%s in %s%s\n", plural(s.events, "event", "events"), plural(s.files, "file", "files"), period)
	for _, l := range []struct {
		n    int
		text string
	}{
		{s.made, "created what can be tagged"},
		{s.ignored[creation.Failed], "failed, or were dry runs"},
		{s.ignored[creation.NotTaggable], "created what carries no tags"},
		{s.ignored[creation.Updated], "changed what was there"},
		{s.ignored[creation.NoID], "created something that the record does not name"},
		{s.ignored[creation.NotListed], "are other calls"},
		{s.ignored[""], "changed nothing, or are of another kind"},
		{s.unread, "could not be read"},
	} {
		if l.n > 0 {
			fmt.Fprintf(w, "%8d %s\n", l.n, l.text)
		}
	}
	if !policies {
		fmt.Fprintln(w, "no policies were looked at: there is no policy file")
	}
	return nil
}

// table writes a line for each kind of event that something comes of, the most
// frequent first.
func (s *tally) table(w io.Writer, policies bool) error {
	rows := slices.SortedFunc(maps.Values(s.rows), func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.events, a.events), strings.Compare(a.event, b.event))
	})
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heads := "EVENT\tEVENTS\tRESOURCES\tCREATORS"
	if policies {
		heads += "\tWAKES"
	}
	fmt.Fprintln(t, heads)
	for _, r := range rows {
		l := fmt.Sprintf("%s\t%d\t%d\t%s", diag.Printable(r.event), r.events, r.resources, diag.Printable(r.who()))
		if policies {
			l += "\t" + cmp.Or(strings.Join(slices.Sorted(maps.Keys(r.policies)), ", "), "-")
		}
		fmt.Fprintln(t, l)
	}
	return t.Flush()
}

// who names the creators who made most calls, and counts the others.
func (r *row) who() string {
	names := slices.SortedFunc(maps.Keys(r.creators), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.creators[b], r.creators[a]), strings.Compare(a, b))
	})
	switch more := len(names) - namedCreators; {
	case len(names) == 0:
		return "-"
	case r.uncounted:
		return fmt.Sprintf("%s and more than %d others", strings.Join(names[:namedCreators], ", "), more)
	case more > 0:
		return fmt.Sprintf("%s and %s", strings.Join(names[:namedCreators], ", "), plural(more, "other", "others"))
	default:
		return strings.Join(names, ", ")
	}
}
