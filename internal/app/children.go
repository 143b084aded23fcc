package app

import (
	"context"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// families says what each child belongs to. It is safe for concurrent use.
type families struct {
	mu sync.Mutex
	of map[string]resource.Ref // by the child's ARN
}

// familiesOf reads them from a plan that was saved.
func familiesOf(p *plan.Plan) *families {
	f := &families{}
	for i := range p.Findings {
		if of := p.Findings[i].Of; of != nil {
			f.put(p.Findings[i].Resource.ARN, *of)
		}
	}
	return f
}

func (f *families) put(child string, of resource.Ref) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[string]resource.Ref{}
	}
	f.of[child] = of
}

func (f *families) get(child string) (resource.Ref, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, ok := f.of[child]
	return of, ok
}

// brood is the resources of a page whose children get their tags, each with
// the verdicts that say which.
type brood []parent

type parent struct {
	resource resource.Resource
	verdicts []eval.Verdict
}

// take adds a resource that a policy with children is about.
func (b *brood) take(r resource.Resource, verdicts []eval.Verdict) {
	p := parent{resource: r}
	for i := range verdicts {
		if wanted, _ := verdicts[i].Wanted(); len(verdicts[i].Policy.Children) > 0 && len(wanted) > 0 {
			p.verdicts = append(p.verdicts, verdicts[i])
		}
	}
	if p.verdicts != nil {
		*b = append(*b, p)
	}
}

// children judges what belongs to the resources of a page: it gets their tags.
func (a *App) children(ctx context.Context, s *session, b *plan.Builder, at resource.Place, parents brood) {
	for _, t := range []resource.Type{resource.EC2Volume, resource.EC2NetworkInterface, resource.EC2Snapshot} {
		var ids []string
		unseen := false // that some must be read to know what they lack
		for _, p := range parents {
			for i := range p.verdicts {
				v := &p.verdicts[i]
				if !slices.Contains(v.Policy.Children, t) {
					continue
				}
				all, own := v.Wanted()
				for _, id := range resource.ChildIDs(p.resource, t) {
					if ref := resource.EC2Ref(at, t, id); !s.itself(v.Policy, ref) {
						unseen = unseen || !s.fresh(ref) || len(own) < len(all) || v.Fix.Empty()
						ids = append(ids, id)
					}
				}
			}
		}
		if len(ids) == 0 {
			continue
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		// Ownership alone is written whatever they have. Where the resource has its
		// tags already the event is most likely not the first of its kind.
		if !unseen {
			s.io.hold(bare(at, t, ids)...)
		}
		found, err := a.source(s).Get(ctx, at, t, ids)
		if err != nil {
			u := inventory.Unread{At: at, Type: t, Err: err}
			b.Unread(plan.Unread{Account: at.Account, Region: at.Region, Type: t, Call: u.Call(), Reason: err.Error(), Hint: fault.HintOf(err)})
			continue
		}
		a.inherit(s, b, parents, t, found)
	}
}

// inherit adds what each child that was found lacks.
func (a *App) inherit(s *session, b *plan.Builder, parents brood, t resource.Type, found []resource.Resource) {
	byID := make(map[string]resource.Resource, len(found))
	for _, r := range found {
		byID[r.Ref().ID] = r
	}
	for _, p := range parents {
		for _, id := range resource.ChildIDs(p.resource, t) {
			child := byID[id]
			if child == nil {
				continue
			}
			child.HideMark(a.o.Set.Settings.Mark)
			var vs []eval.Verdict
			for i := range p.verdicts {
				if policy := p.verdicts[i].Policy; !slices.Contains(policy.Children, t) || s.itself(policy, child.Ref()) {
					continue
				}
				if v, ok := p.verdicts[i].Child(child, s.fresh(child.Ref())); ok {
					vs = append(vs, v)
				}
			}
			if len(vs) > 0 {
				b.AddChild(child, p.resource.Ref(), vs)
				s.families.put(child.Ref().ARN, p.resource.Ref())
			}
		}
	}
}

// againChildren judges children that were read again, by what they belong to.
func (a *App) againChildren(ctx context.Context, s *session, b *plan.Builder, at resource.Place, fresh []resource.Resource) {
	byType := map[resource.Type][]resource.Resource{}
	var refs []resource.Ref
	for _, r := range fresh {
		if of, ok := s.families.get(r.Ref().ARN); ok {
			byType[r.Ref().Type] = append(byType[r.Ref().Type], r)
			if !slices.Contains(refs, of) {
				refs = append(refs, of)
			}
		}
	}
	var parents brood
	for _, part := range byPlace(refs) {
		rs, err := a.source(s).Get(ctx, part.at, part.t, part.ids)
		if err != nil {
			continue // a child without its parent is not called for, and is skipped
		}
		for _, r := range rs {
			r.HideMark(a.o.Set.Settings.Mark)
		}
		for _, one := range a.settle(ctx, s, at, rs) {
			parents.take(one.resource, one.verdicts)
		}
	}
	for t, rs := range byType {
		a.inherit(s, b, parents, t, rs)
	}
}

// itself says whether a child is judged by the policy in its own right, so that
// it does not depend on what it belongs to: in a sweep where the policy is
// about its type, for an event where the event names it.
func (s *session) itself(p *policy.Policy, child resource.Ref) bool {
	return p.Concerns(child.Type) && (!s.event || s.names(child))
}

// fresh says whether a resource has just come along with what the run's event
// made, so that it has no owner yet but what was written at the launch.
func (s *session) fresh(r resource.Ref) bool { return s.came != nil && s.came(r) }

// names says whether the run's event names the resource.
func (s *session) names(r resource.Ref) bool { return among(s.targets, r) }

// onlyChild says whether a resource concerns an event only by what it belongs
// to.
func (s *session) onlyChild(r resource.Resource) bool {
	_, child := s.families.get(r.Ref().ARN)
	return s.event && child && !s.names(r.Ref())
}

// bare are resources of which nothing is known but that they are there.
func bare(at resource.Place, t resource.Type, ids []string) []resource.Resource {
	rs := make([]resource.Resource, 0, len(ids))
	for _, id := range ids {
		rs = append(rs, resource.Bare(resource.EC2Ref(at, t, id)))
	}
	return rs
}
