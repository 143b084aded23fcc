package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Info is what a digest says of its run.
type Info struct {
	Run     string
	At      time.Time
	Name    string // of the settings
	Account string
	// Known is how many violations of each policy were told earlier and still
	// stand; see the function Known. Owners are not told it: it is not of theirs.
	Known map[string]int
}

// Compose makes one digest for each channel (or owner) that has something to
// be told, sorted by channel and address; within it one section for each
// policy and step, sorted. Items of an earlier run that were not delivered are
// told together with this run's: two of one resource become one, with the
// results of both. What could not be read is told to channels, not to owners,
// who can do nothing about it.
//
// No message is lost for a subject or text that cannot be made: the default
// takes its place, and the section's notes say so.
func Compose(run Info, set *policy.Set, rs []Routed, unread []plan.Unread) []Digest {
	byDigest := group(rs, func(r Routed) place { return place{channel: r.Channel, address: r.Address} })
	out := make([]Digest, 0, len(byDigest))
	for _, mine := range byDigest {
		d := Digest{
			Run: run.Run, At: run.At, Name: run.Name, Account: run.Account,
			Channel: mine[0].Channel, Address: mine[0].Address,
		}
		if d.Address == "" {
			d.Unread = unread
		}
		own := make([]string, 0, 1)
		for _, step := range group(mine, placeOf) {
			s, subject := section(run, set, step)
			d.Sections = append(d.Sections, s)
			own = append(own, subject)
		}
		if own = slices.Compact(own); len(own) == 1 && own[0] != "" {
			d.Subject = own[0]
		} else {
			d.Subject = d.subject()
		}
		out = append(out, d)
	}
	return out
}

// place is one notify step's place in one digest.
type place struct{ channel, address, policy, step string }

func placeOf(r Routed) place { return place{r.Channel, r.Address, r.Policy, r.Step} }

// group cuts what is routed into runs of one key each, sorted by key; within a
// run, what earlier runs left comes first, in the order it was posted.
func group(rs []Routed, key func(Routed) place) [][]Routed {
	rs = slices.Clone(rs)
	slices.SortStableFunc(rs, func(a, b Routed) int {
		x, y := key(a), key(b)
		return cmp.Or(cmp.Compare(x.channel, y.channel), cmp.Compare(x.address, y.address),
			cmp.Compare(x.policy, y.policy), cmp.Compare(x.step, y.step), cmp.Compare(age(a), age(b)))
	})
	var out [][]Routed
	for i, r := range rs {
		if i == 0 || key(rs[i-1]) != key(r) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// age orders by parcel, what is new (and in no parcel yet) last.
func age(r Routed) int64 {
	if r.Parcel == 0 {
		return int64(^uint64(0) >> 1)
	}
	return r.Parcel
}

// section makes one section, and the subject that its step wants for the
// message, "" for none.
func section(run Info, set *policy.Set, rs []Routed) (Section, string) {
	s := Section{
		Policy: rs[0].Policy, Step: rs[0].Step, Mode: rs[len(rs)-1].Item.Mode,
		Items: merge(rs),
	}
	if rs[0].Address == "" {
		s.Known = run.Known[s.Policy]
	}
	i := slices.IndexFunc(set.Policies, func(p *policy.Policy) bool { return p.Name == s.Policy })
	if i >= 0 && set.Policies[i].Timed() {
		s.blameless()
	}
	s.Counts = tallyOf(s.Items).Counts
	if i < 0 {
		return s, "" // removed since the item was posted
	}
	p := set.Policies[i]
	s.Description, s.Mode, s.Steps = p.Description, p.Mode, stepsOf(p)
	step, ok := p.Step(s.Step)
	if !ok {
		return s, ""
	}
	in := s.input(run.At)
	s.Text = s.say(step.Text, in, "text")
	return s, oneLine(s.say(step.Subject, in, "subject"))
}

// blameless takes the blame from a section about a policy whose steps only wait
// for hours: what they concern does nothing wrong, and nobody was told that it
// did.
func (s *Section) blameless() {
	s.Known = 0
	for i := range s.Items {
		if it := &s.Items[i]; it.Status == eval.Violating {
			it.Status = eval.Compliant
		}
	}
}

// merge returns the items, each resource once and sorted. Of two about one
// resource the later is true, but what was done by then is not forgotten.
func merge(rs []Routed) []Item {
	at := make(map[string]int, len(rs))
	items := make([]Item, 0, len(rs))
	for _, r := range rs {
		i, ok := at[r.Item.Resource.ARN]
		if !ok {
			at[r.Item.Resource.ARN] = len(items)
			items = append(items, r.Item)
			continue
		}
		items[i] = join(items[i], r.Item)
	}
	slices.SortStableFunc(items, byWeight)
	return items
}

func join(old, now Item) Item {
	results := slices.Clone(old.Results)
	for _, l := range now.Results {
		if !slices.Contains(results, l) {
			results = append(results, l)
		}
	}
	now.Results = results
	if slices.Index(kinds, old.Kind) < slices.Index(kinds, now.Kind) {
		now.Kind = old.Kind
	}
	return now
}

// oneLine makes a subject of what a program returned: one line, nothing in it
// that changes how the rest is shown, and no longer than a subject should be.
func oneLine(s string) string {
	return Cut(diag.Printable(strings.Join(strings.Fields(s), " ")), maxSubject)
}
