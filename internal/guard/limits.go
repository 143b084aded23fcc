package guard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The share of the examined resources that one policy may take out of service
// in 24 hours unless its limits say otherwise, and the number of examined
// resources below which a share says nothing: one instance of three is 33 %.
const (
	DefaultShare = 25.0
	ShareFrom    = 20
)

// everything is the share that limits nothing.
const everything = 100.0

// Limit holds, in the plan, every action of a kind of which one policy wants
// more than its limits allow: none of them is done then, because a policy that
// suddenly wants to stop half an account is more likely wrong than right. It
// returns what it held, and the room that the rest takes.
func Limit(p *plan.Plan, in Input) ([]Hold, []Room) {
	wanted := want(p)
	holds := held(p)
	var rooms []Room
	for _, s := range slices.SortedFunc(maps.Keys(wanted), compare) {
		released, rest := split(p, wanted[s], in.Released[s])
		if len(released) > 0 {
			rooms = append(rooms, Room{Subject: s, N: len(released), Limit: -1, Released: true})
		}
		if len(rest) == 0 {
			continue
		}
		pol := in.Set.Policy(s.Policy)
		limit := CountLimit(in.Set, pol, s.Action)
		before := in.Used[s] + len(released)
		why := over(p, in.Set, pol, s, rest, before, limit)
		if why == "" {
			rooms = append(rooms, Room{Subject: s, N: len(rest), Limit: limit})
			continue
		}
		// A subject has one hold, which a later Check may add to.
		i := slices.IndexFunc(holds, func(h Hold) bool { return h.Subject == s })
		if i < 0 {
			i, holds = len(holds), append(holds, Hold{Subject: s})
		}
		h := &holds[i]
		h.Reason = why
		for _, r := range rest {
			f := &p.Findings[r.finding]
			a := &f.Actions[r.action]
			a.State, a.Code, a.Reason = plan.Held, reason.OverLimit, why
			h.ARNs = append(h.ARNs, f.Resource.ARN)
		}
		slices.Sort(h.ARNs)
	}
	return holds, rooms
}

// held are the holds that the plan was made with. They stand even where there
// is room by now: whoever reviewed the plan saw that these are not done.
func held(p *plan.Plan) []Hold {
	var holds []Hold
	at := map[plan.Subject]int{}
	for i := range p.Findings {
		f := &p.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.State != plan.Held || a.Code != reason.OverLimit {
				continue
			}
			s := plan.Subject{Policy: f.Policy, Action: a.Action}
			if _, ok := at[s]; !ok {
				at[s] = len(holds)
				holds = append(holds, Hold{Subject: s, Reason: a.Reason})
			}
			h := &holds[at[s]]
			h.ARNs = append(h.ARNs, f.Resource.ARN)
		}
	}
	return holds
}

func compare(a, b plan.Subject) int {
	return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Action, b.Action))
}

// want lists the limited actions of a plan by what limits them.
func want(p *plan.Plan) map[plan.Subject][]ref {
	out := map[plan.Subject][]ref{}
	for i := range p.Findings {
		f := &p.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			// The fact is not fetched where a limit forbids the kind anyway.
			waits := a.State == plan.Held && reason.Unread(a.Code)
			if a.Action.DefaultLimit() > 0 && (a.State == plan.Planned || waits) {
				s := plan.Subject{Policy: f.Policy, Action: a.Action}
				out[s] = append(out[s], ref{i, j})
			}
		}
	}
	return out
}

// split parts what a human has released from the rest.
func split(p *plan.Plan, refs []ref, released map[string]bool) (yes, no []ref) {
	for _, r := range refs {
		switch {
		case !released[p.Findings[r.finding].Resource.ARN]:
			no = append(no, r)
		case p.Findings[r.finding].Actions[r.action].State == plan.Planned:
			yes = append(yes, r)
		}
	}
	return yes, no
}

// over says which limit forbids the actions, "" where none does.
func over(p *plan.Plan, set *policy.Set, pol *policy.Policy, s plan.Subject, rest []ref, before, limit int) string {
	if n := before + len(rest); limit >= 0 && n > limit {
		earlier := ""
		if before > 0 {
			earlier = fmt.Sprintf(" with %d in the last 24 hours", before)
		}
		return fmt.Sprintf("%d to %s%s, where the limit is %d in 24 hours", len(rest), s.Action, earlier, limit)
	}
	share := ShareLimit(set, pol)
	// All of them is no limit, also where some were stopped, and started again,
	// earlier in the 24 hours.
	if !s.Action.Destructive() || share >= everything {
		return ""
	}
	count := map[resource.Type]int{}
	for _, r := range rest {
		count[p.Findings[r.finding].Resource.Type]++
	}
	for _, t := range slices.Sorted(maps.Keys(count)) {
		// What could not be read is not counted: of a part of the account the
		// share is the same or larger, so the limit errs on the safe side.
		examined, of := p.Examined[t], p.Examined[t]
		if examined < ShareFrom && partly(p, t) {
			of = ShareFrom
		}
		if of >= ShareFrom && float64(before+count[t])*100 > share*float64(of) {
			more := ""
			if of > examined {
				more = fmt.Sprintf(" of %d, as others could not be read", of)
			}
			return fmt.Sprintf("%d to %s of the %d that were examined, where the limit is %s%%%s", before+count[t], s.Action, examined,
				strconv.FormatFloat(share, 'f', -1, 64), more)
		}
	}
	return ""
}

// partly says that a look at everything did not see all resources of a type:
// there may be enough of them for a share to say something.
func partly(p *plan.Plan, t resource.Type) bool {
	return len(p.Regions) > 0 && slices.ContainsFunc(p.Unread, func(u plan.Unread) bool {
		return !u.Lasting && (u.Type == t || u.Type == resource.Any || u.Type == "")
	})
}

// CountLimit is how many actions of a kind a policy may do in 24 hours.
func CountLimit(set *policy.Set, p *policy.Policy, k action.Kind) int {
	if p != nil {
		if n, ok := p.Limits.Counts[k]; ok {
			return n
		}
	}
	if n, ok := set.Settings.Limits.Counts[k]; ok {
		return n
	}
	return k.DefaultLimit()
}

// ShareLimit is the percentage of the examined resources of a type that a
// policy may take out of service in 24 hours.
func ShareLimit(set *policy.Set, p *policy.Policy) float64 {
	switch {
	case p != nil && p.Limits.Share >= 0:
		return p.Limits.Share
	case set.Settings.Limits.Share >= 0:
		return set.Settings.Limits.Share
	default:
		return DefaultShare
	}
}
