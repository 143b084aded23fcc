package policy

import (
	"maps"
	"slices"
)

// Reached are the channels that a notification can reach, routers and what they
// route to included.
func (s *Set) Reached(step *Step) []*Channel {
	names := []string{step.To}
	if o := s.Settings.Owner; step.To == OwnerChannel && o != nil {
		names = []string{o.Via, o.Otherwise}
	}
	var out []*Channel
	for len(names) > 0 {
		c := s.Channels[names[0]]
		names = names[1:]
		if c == nil || slices.Contains(out, c) {
			continue
		}
		out = append(out, c)
		if c.Router != nil {
			names = append(names, c.Router.Otherwise)
			names = append(names, slices.Sorted(maps.Values(c.Router.Map))...)
		}
	}
	return out
}
