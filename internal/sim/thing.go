package sim

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// thing is a resource of the account that is no instance: it is listed and
// tagged, and has no life of its own.
type thing struct {
	seq  int
	res  resource.Resource
	base *resource.Base // of res
	kind *kind
	// root volumes go with the instance they are attached to; others stay.
	root bool
	// groupRules are of a security group, whose listing does not tell them.
	groupRules []resource.Rule
	// shared are the accounts that were given it.
	shared []string
}

func (t *thing) order() int               { return t.seq }
func (t *thing) snap() resource.Resource  { c, _ := t.kind.copy(t.res); return c }
func (t *thing) reference() resource.Ref  { return t.base.Reference }
func (t *thing) tags() tag.Set            { return t.base.TagSet }
func (t *thing) setTags(s tag.Set)        { t.base.TagSet = s }
func (r *record) order() int              { return r.seq }
func (r *record) snap() resource.Resource { i := r.snapshot(); return &i }
func (r *record) reference() resource.Ref { return r.inst.Reference }
func (r *record) tags() tag.Set           { return r.inst.TagSet }
func (r *record) setTags(s tag.Set)       { r.inst.TagSet = s }

// item is what both are.
type item interface {
	// order is its place in listings.
	order() int
	// snap returns a copy that shares nothing with it.
	snap() resource.Resource
	reference() resource.Ref
	tags() tag.Set
	setTags(tag.Set)
}

// Add puts a resource other than an instance into the account and returns its
// id. Of its reference only the region is required; an id is generated, the
// same in every run, and what its type always has gets a plausible value. It
// counts as no call. It panics where no such resource can be: without a region,
// of a type the account does not have, with an id that is malformed or taken,
// or with tags that AWS refuses. A resource.Anything is of a type that tagwarden
// does not have, and its id is its ARN. Two resources that people name cannot have one
// name here, even where they are of different types.
func (a *Account) Add(r resource.Resource) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	t, ok := typeOf(r)
	if !ok {
		panic(fmt.Sprintf("sim: adding a %T, which the account does not have", r))
	}
	ref := r.Ref()
	if err := a.cannotAdd(kindFor(t), ref, r.Tags()); err != nil {
		panic(fmt.Sprintf("sim: adding a %s: %v", t, err))
	}
	for ref.ID == "" || r.Ref().ID == "" && a.taken[ref.ID] {
		ref.ID = kindFor(t).service.newID(a, kindFor(t).prefix)
	}
	return a.put(t, ref.Region, ref.ID, r).reference().ID
}

func (a *Account) cannotAdd(k *kind, ref resource.Ref, tags tag.Set) error {
	switch {
	case ref.Region == "":
		return errors.New("it has no region")
	case ref.ID != "" && !k.service.named && (!anyID.MatchString(ref.ID) || !strings.HasPrefix(ref.ID, k.prefix+"-")):
		return fmt.Errorf("%q is no id of its type", ref.ID)
	case a.taken[ref.ID]:
		return fmt.Errorf("the id %s is taken", ref.ID)
	}
	return tag.Fits(nil, tag.Diff{Set: tags.User()})
}

// put makes the thing of a copy of r.
func (a *Account) put(t resource.Type, region, id string, r resource.Resource) *thing {
	k := kindFor(t)
	a.seq++
	a.taken[id] = true
	x := &thing{seq: a.seq, kind: k}
	x.res, x.base = k.copy(r)
	x.base.Reference = k.service.ref(resource.Place{Account: a.id, Region: region}, t, id)
	if x.base.TagSet == nil {
		x.base.TagSet = tag.Set{}
	}
	k.complete(x.res, a.clock.Now())
	a.keepRules(x)
	if n, ok := x.res.(*resource.NetworkInterface); ok {
		a.attach(n)
	}
	reg := a.region(region)
	reg.things[t] = append(reg.things[t], x)
	reg.thingByID[id] = x
	return x
}

// Resource returns a copy of any resource as it is now, whatever its region and
// type, with its lazy facts not fetched. It counts as no call.
func (a *Account) Resource(id string) (resource.Resource, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	if i := a.item(id); i != nil {
		return i.snap(), true
	}
	return nil, false
}

// item returns what has that id in any region, or nil.
func (a *Account) item(id string) item {
	for _, reg := range a.regions {
		if i := reg.item(id); i != nil {
			return i
		}
	}
	return nil
}

func (r *region) item(id string) item {
	if i, ok := r.byID[id]; ok {
		return i
	}
	if x, ok := r.thingByID[id]; ok {
		return x
	}
	return nil
}

// remove takes a thing out of every listing.
func (r *region) remove(x *thing) {
	t := x.base.Reference.Type
	delete(r.thingByID, x.base.Reference.ID)
	r.things[t] = slices.DeleteFunc(r.things[t], func(y *thing) bool { return x == y })
}

// furnish puts the volumes and network interfaces of an instance into the
// account, those that are not there yet. The first volume is the root volume.
func (a *Account) furnish(r *record) {
	for n, id := range r.inst.Volumes {
		if a.item(id) != nil {
			continue
		}
		x := a.put(resource.EC2Volume, r.inst.Reference.Region, id, &resource.Volume{
			CreatedAt: r.inst.CreatedAt, Zone: r.zone, Instance: r.inst.Reference.ID,
		})
		x.root = n == 0
	}
	for _, n := range r.inst.Interfaces {
		if a.item(n.ID) == nil {
			a.put(resource.EC2NetworkInterface, r.inst.Reference.Region, n.ID, &resource.NetworkInterface{
				VPC: n.VPC, Subnet: r.inst.Subnet, PrivateIP: r.inst.PrivateIP, PublicIP: r.inst.PublicIP, Instance: r.inst.Reference.ID, SecurityGroups: n.SecurityGroups,
			})
		}
	}
}

// release is what a terminated instance leaves behind: its root volume and its
// network interfaces are gone, other volumes and its addresses are free. These
// are EC2's defaults; see "Preserve data when an instance is terminated" in the
// EC2 user guide.
func (a *Account) release(r *record) {
	reg, id := a.region(r.inst.Reference.Region), r.inst.Reference.ID
	for _, x := range slices.Clone(reg.things[resource.EC2Volume]) {
		v := x.res.(*resource.Volume)
		switch {
		case v.Instance != id:
		case x.root:
			reg.remove(x)
		default:
			v.Instance, v.State = "", available
		}
	}
	for _, x := range slices.Clone(reg.things[resource.EC2NetworkInterface]) {
		if x.res.(*resource.NetworkInterface).Instance == id {
			reg.remove(x)
		}
	}
	for _, x := range reg.things[resource.EC2ElasticIP] {
		if e := x.res.(*resource.ElasticIP); e.Instance == id {
			e.Instance, e.NetworkInterface, e.PrivateIP = "", "", ""
		}
	}
}

const available = "available"

// kind is what the account must know of a type.
type kind struct {
	service *service
	prefix  string // of its ids
	// gone is the code with which the service refuses an id that is not there.
	gone string
	// copy returns a copy that shares nothing with the original, and its base.
	copy func(resource.Resource) (resource.Resource, *resource.Base)
	is   func(resource.Resource) bool
	// complete fills in what every resource of the type has.
	complete func(r resource.Resource, now time.Time)
	// revoke is the operation that takes away one of its rules, "" where it has
	// none.
	revoke string
	// untold takes from a copy its tags, which could not be read.
	untold func(resource.Resource, error)
	// effects are what can be done to one beside tagging.
	effects map[action.Kind]effect
	// retagged, where it is set, does what else a change of its tags changes;
	// before are those that it had.
	retagged func(x *thing, k action.Kind, before tag.Set)
}

// service is what the types of one service have in common.
type service struct {
	// set and unset are the operations that write and delete tags.
	set, unset string
	ref        func(resource.Place, resource.Type, string) resource.Ref
	// named says that people name its resources, and that their names are their
	// ids; the ids of others are made by the service.
	named bool
	// alone says that a call takes one resource: one for several is several.
	alone bool
	// piecemeal says that a call to change tags does what it can, and says of the
	// rest why not.
	piecemeal bool
	// readEach is asked for each resource of a listing; "" where the listing says
	// everything. readAll reads the tags of a page, and where it is denied, "" or
	// not fresh enough readTags those of one; "" where the listing has them.
	readEach, readAll, readTags string
}

// newID makes an id that was never given before.
func (s *service) newID(a *Account, prefix string) string {
	if s.named {
		a.serial++
		return fmt.Sprintf("%s-%d", prefix, a.serial)
	}
	return a.newID(prefix)
}

// effect is an operation on one type: what it is called and what it does to a
// resource. do returns false where that is so already.
type effect struct {
	op string
	do func(*Account, *thing) bool
}

var ec2 = &service{set: createTags, unset: deleteTags, ref: resource.EC2Ref}

// operation is what an action on resources of the type is called; false where
// there is none.
func (k *kind) operation(of action.Kind) (string, bool) {
	switch of {
	case action.Tag, action.Mark:
		return k.service.set, true
	case action.Untag, action.Unmark:
		return k.service.unset, true
	case action.Backup:
		return createSnapshot, k == kinds[resource.EC2Volume]
	case action.Restore:
		return restorations[k.revoke], k.revoke != ""
	case action.Revoke:
		return k.revoke, k.revoke != ""
	default:
		e, ok := k.effects[of]
		return e.op, ok
	}
}

// kindOf makes a kind of EC2's. own gives a copy slices of its own and returns its base;
// complete may be nil.
func kindOf[T any, R interface {
	*T
	resource.Resource
}](prefix, gone string, own func(R) *resource.Base, complete func(R, time.Time)) *kind {
	return &kind{service: ec2, prefix: prefix, gone: gone,
		copy: func(r resource.Resource) (resource.Resource, *resource.Base) {
			c := *r.(R)
			base := own(&c)
			base.TagSet = base.TagSet.Clone()
			return R(&c), base
		},
		untold: func(r resource.Resource, err error) {
			b := own(r.(R))
			b.TagSet, b.TagsErr = tag.Set{}, err
		},
		is: func(r resource.Resource) bool { _, ok := r.(R); return ok },
		complete: func(r resource.Resource, now time.Time) {
			if complete != nil {
				complete(r.(R), now)
			}
		},
	}
}

// typeOf is the type of a resource that can be added.
func typeOf(r resource.Resource) (resource.Type, bool) {
	if anyKind.is(r) {
		t := r.Ref().Type
		return t, kindFor(t) == anyKind && r.Ref().ID != "" && r.Ref().ID == r.Ref().ARN
	}
	for t, k := range kinds {
		if k.is(r) {
			return t, true
		}
	}
	return "", false
}

// listing is the operation that lists a type.
func listing(t resource.Type) string {
	if s, ok := resource.SchemaOf(t); ok {
		if f, ok := s.Field("id"); ok {
			cost, _ := need.Of(f.Fact)
			return cost.Calls[0].String()
		}
	}
	return "list " + string(t)
}

// anyID is what EC2 takes for the id of something that can be tagged; see
// instanceID.
var anyID = func() *regexp.Regexp {
	prefixes := []string{"i"}
	for _, t := range kindTypes(ec2) {
		prefixes = append(prefixes, kinds[t].prefix)
	}
	return regexp.MustCompile(`^(?:` + strings.Join(prefixes, "|") + `)-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
}()

// kindTypes are the types of a service, sorted.
func kindTypes(s *service) []resource.Type {
	var types []resource.Type
	for t, k := range kinds {
		if k.service == s {
			types = append(types, t)
		}
	}
	slices.SortFunc(types, cmp.Compare[resource.Type])
	return types
}
