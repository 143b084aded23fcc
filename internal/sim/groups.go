package sim

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The operations of Auto Scaling.
const (
	setGroupTags    = "autoscaling:CreateOrUpdateTags"
	deleteGroupTags = "autoscaling:DeleteTags"
	updateGroup     = "autoscaling:UpdateAutoScalingGroup"
)

var autoscaling = &service{set: setGroupTags, unset: deleteGroupTags, named: true, alone: true,
	ref: func(at resource.Place, _ resource.Type, name string) resource.Ref {
		sum := sha256.Sum256([]byte(at.String() + "/" + name))
		return resource.GroupRef(at, fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]), name)
	}}

// groupKinds is the type of Auto Scaling. What the adapter does by several calls
// is one here: a stop notes the sizes in a tag.
var groupKinds = map[resource.Type]*kind{
	resource.AutoScalingGroup: {service: autoscaling, prefix: "group", gone: "ValidationError",
		copy: func(r resource.Resource) (resource.Resource, *resource.Base) {
			g := *r.(*resource.Group)
			for _, list := range []*[]string{&g.Instances, &g.Protected, &g.Suspended, &g.Propagated, &g.Zones, &g.Subnets, &g.TargetGroups} {
				*list = slices.Clone(*list)
			}
			g.TagSet = g.TagSet.Clone()
			return &g, &g.Base
		},
		is: func(r resource.Resource) bool { _, ok := r.(*resource.Group); return ok },
		complete: func(r resource.Resource, now time.Time) {
			g := r.(*resource.Group)
			g.CreatedAt, g.HealthCheck, g.Max = timeOr(g.CreatedAt, now), cmp.Or(g.HealthCheck, "EC2"), max(g.Max, g.Desired, g.Min)
			if len(g.Zones) == 0 {
				g.Zones = []string{g.Reference.Region + "a"}
			}
		},
		effects: map[action.Kind]effect{
			action.Stop:  {updateGroup, emptyGroup},
			action.Start: {updateGroup, growGroup},
		},
		retagged: propagate,
	},
}

// emptyGroup scales a group to nothing. Its protected instances stay.
func emptyGroup(_ *Account, x *thing) bool {
	g := x.res.(*resource.Group)
	if g.Already(action.Stop) {
		return false
	}
	x.setTags(tag.Diff{Set: tag.Set{resource.SizesTag: g.Sizes.String()}}.Apply(g.TagSet))
	g.Sizes, g.Instances = resource.Sizes{}, slices.Clone(g.Protected)
	return true
}

// growGroup brings back the sizes that were noted; the account launches no
// instances for it.
func growGroup(_ *Account, x *thing) bool {
	g := x.res.(*resource.Group)
	to, ok := resource.ParseSizes(g.TagSet[resource.SizesTag])
	if g.Already(action.Start) || !ok {
		return false
	}
	g.Sizes = to
	x.setTags(tag.Diff{Delete: []string{resource.SizesTag}}.Apply(g.TagSet))
	return true
}

// propagate keeps the list of the tags that new instances get: new ones are, but
// for tagwarden's own.
func propagate(x *thing, k action.Kind, before tag.Set) {
	g := x.res.(*resource.Group)
	g.Propagated = slices.DeleteFunc(g.Propagated, func(key string) bool { _, there := g.TagSet[key]; return !there })
	for _, key := range g.TagSet.Keys() {
		if _, there := before[key]; !there && k == action.Tag {
			g.Propagated = append(g.Propagated, key)
		}
	}
}
