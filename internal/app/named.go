package app

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// concerned says whether a policy of the run is about resources of a type.
func (s *session) concerned(t resource.Type) bool {
	types := s.judge.Types()
	return slices.Contains(types, t) || slices.Contains(types, resource.Any)
}

// made are the resources that a call made. Those of types that tagwarden does
// not have are what the record says of them, under the type that their ARN
// says, as in every listing of everything.
func (s *session) made(r *creation.Record, c *creation.Creation) []resource.Ref {
	var refs []resource.Ref
	for i := range c.Made {
		m := &c.Made[i]
		if m.Known {
			refs = append(refs, m.Ref)
			continue
		}
		ref, ok := resource.AnythingRef(m.Ref.Place(), m.Ref.ARN)
		_, ours := resource.SchemaOf(ref.Type) // snapshots of clusters are snapshots
		switch {
		case !s.concerned(ref.Type):
		case ours:
			refs = append(refs, ref)
		case !ok:
			s.untold = append(s.untold, untold(r, m))
		case ref.Account == s.at.Account:
			thing := &resource.Anything{Base: resource.Base{Reference: ref, TagSet: m.Tags.Clone()}, NoCall: m.Tagging.Cannot()}
			if !c.Overwrites {
				thing.CreatedAt = r.Time
			}
			s.io.tellOf(thing, true)
			refs = append(refs, ref)
		}
	}
	return refs
}

// untold says that something was made that cannot be named.
func untold(r *creation.Record, m *creation.Made) plan.Unread {
	why := []string{"the record does not tell the ARN of the " + string(m.Ref.Type) + " that it made, so it is not judged"}
	if no := m.Tagging.Cannot(); no != "" {
		why = append(why, no)
	}
	return plan.Unread{Account: m.Ref.Account, Region: m.Ref.Region, Type: m.Ref.Type, Call: r.Key.String(), Reason: strings.Join(why, ": "), Lasting: true}
}

// target adds a resource to those that the run is about, once, if a policy is
// about it. One of a type that tagwarden does not have is there if sure; if not,
// it is where the tagging API knows it. What is another account's than the
// event's is only mentioned.
func (s *session) target(ref resource.Ref, sure bool) {
	if ref.Account != "" && ref.Account != s.at.Account {
		return
	}
	if _, ours := resource.SchemaOf(ref.Type); !ours && s.creation == nil {
		var ok bool
		if ref, ok = resource.AnythingRef(ref.Place(), ref.ARN); !ok || ref.Account != s.at.Account { // its ARN may say more
			return
		}
		s.io.tellOf(&resource.Anything{Base: resource.Base{Reference: ref}}, sure)
	}
	if s.concerned(ref.Type) && !s.names(ref) {
		s.targets = append(s.targets, ref)
	}
}

// isNew says whether the run's event made the resource, or something that
// brought it along.
func (s *session) isNew(r resource.Ref) bool {
	_, child := s.families.get(r.ARN)
	return s.creation != nil && (child || s.names(r))
}
