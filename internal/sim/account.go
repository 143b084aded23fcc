// Package sim is an AWS account in memory, with a clock of its own: the
// embedded account that demos, rehearsals and tests run on. It implements the
// same ports as the AWS adapter and is as strict as AWS: what EC2 refuses is
// one table (see Refusals), and a call that AWS fails as a whole changes
// nothing here either. It asks no system clock and draws no random number, so
// the same calls always give the same answers.
package sim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// maxPage is the largest page that DescribeInstances gives.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
const maxPage = 1000

// Account is an AWS account in memory. Make one with New, Demo or Large; it is
// safe for concurrent use.
type Account struct {
	id    string
	clock *Clock

	mu       sync.Mutex
	regions  map[string]*region
	taken    map[string]bool // every id there ever was
	due      []event         // by time, then by order of scheduling
	copying  []*thing        // snapshots that are pending, oldest first
	seq      int             // counts instances and things, in order of launch
	serial   int             // counts generated ids and public addresses
	events   int             // counts scheduled events
	requests int             // counts calls, for their request ids
	pageSize int
	// functions are by region and name, documents those that AWS does not offer.
	functions, documents map[string]bool

	reports map[string]map[string]series // by id and metric
	trail   []trailEvent                 // in no order
	tables  map[place]*table             // DynamoDB's
	objects map[string][]byte            // S3's, by URL: their names are one for all regions

	trouble trouble
	calls   map[string]int
	log     []Entry
}

// region is what an account has in one region.
type region struct {
	order     []*record // by seq
	byID      map[string]*record
	things    map[resource.Type][]*thing // by seq
	thingByID map[string]*thing
	// references are what uses things and is listed under no type.
	references []reference
}

// New returns an account of 12 digits without regions, VPCs and instances,
// whose clock stands at start.
func New(account string, start time.Time) *Account {
	return &Account{
		id:       account,
		clock:    &Clock{now: start},
		regions:  map[string]*region{},
		taken:    map[string]bool{},
		pageSize: maxPage,
		reports:  map[string]map[string]series{},
		tables:   map[place]*table{},
		objects:  map[string][]byte{},
		trouble:  noTrouble(),
		calls:    map[string]int{},
	}
}

// Clock returns the account's clock.
func (a *Account) Clock() *Clock { return a.clock }

// SetPageSize sets how many resources a page of a listing holds, from 1 to
// 1000 (the default); what lies outside is taken as the nearest of these.
func (a *Account) SetPageSize(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pageSize = min(max(n, 1), maxPage)
}

// AddRegion enables a region. AddVPC, Launch and Add do so by themselves.
func (a *Account) AddRegion(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.region(name)
}

// AddVPC makes a VPC with these tags in a region, or gives one that is there
// these tags in place of its own.
func (a *Account) AddVPC(region, id string, tags tag.Set) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x, ok := a.region(region).thingByID[id]; ok {
		x.setTags(tags.Clone())
		return
	}
	a.put(resource.EC2VPC, region, id, &resource.VPC{Base: resource.Base{TagSet: tags}})
}

// Instance returns a copy of an instance as it is now, whatever its region,
// with its VPC's tags and its protection not fetched. It counts as no call.
func (a *Account) Instance(id string) (resource.Instance, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	if r := a.find(id); r != nil {
		return r.snapshot(), true
	}
	return resource.Instance{}, false
}

// Instances returns a copy of every instance that is still listed, by region
// and then in order of launch. It counts as no call.
func (a *Account) Instances() []resource.Instance {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	var all []resource.Instance
	for _, name := range a.regionNames() {
		for _, r := range a.regions[name].order {
			all = append(all, r.snapshot())
		}
	}
	return all
}

// SetTags replaces the user's tags of a resource, as somebody else may do at
// any time; those under "aws:" stay. It counts as no call and is not logged.
// It returns false where there is no such resource, and panics where AWS would
// refuse the tags.
func (a *Account) SetTags(id string, tags tag.Set) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	r := a.item(id)
	if r == nil {
		return false
	}
	if err := tag.Fits(nil, tag.Diff{Set: tags}); err != nil {
		panic(fmt.Sprintf("sim: setting tags of %s: %v", id, err))
	}
	next := tags.Clone()
	for k, v := range r.tags() {
		if tag.IsReserved(k) {
			next[k] = v
		}
	}
	r.setTags(next)
	return true
}

// Protect sets an instance's attributes disableApiStop and
// disableApiTermination, as its owner may. It counts as no call and is not
// logged. It returns false where there is no such instance, or one that cannot
// be protected.
func (a *Account) Protect(id string, stop, terminate bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	r := a.find(id)
	if r == nil || protectable(r.inst.Lifecycle, r.inst.RootDevice, stop, terminate) != nil {
		return false
	}
	r.protection.Stop, r.protection.Terminate = stop, terminate
	return true
}

// Interrupt takes a running spot instance of a persistent request out of
// service as EC2 does when it needs the capacity back: it is stopped, and only
// EC2 can start it again. It returns false for any other instance.
func (a *Account) Interrupt(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	r := a.find(id)
	if r == nil || !r.protection.PersistentSpot || r.inst.State != running {
		return false
	}
	r.interrupted = true
	a.enter(r, stopping, a.clock.Now())
	return true
}

// find returns the instance of that id in any region, or nil.
func (a *Account) find(id string) *record {
	for _, reg := range a.regions {
		if r, ok := reg.byID[id]; ok {
			return r
		}
	}
	return nil
}

// region returns what there is in a region, which is enabled if need be.
func (a *Account) region(name string) *region {
	r, ok := a.regions[name]
	if !ok {
		r = &region{byID: map[string]*record{}, things: map[resource.Type][]*thing{}, thingByID: map[string]*thing{}}
		a.regions[name] = r
	}
	return r
}

// regionNames lists the enabled regions, sorted.
func (a *Account) regionNames() []string {
	names := make([]string, 0, len(a.regions))
	for name := range a.regions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// forget takes an instance out of every listing.
func (a *Account) forget(r *record) {
	reg := a.regions[r.inst.Reference.Region]
	delete(reg.byID, r.inst.Reference.ID)
	if i, ok := slices.BinarySearchFunc(reg.order, r.seq, bySeq); ok {
		reg.order = slices.Delete(reg.order, i, i+1)
	}
}

func bySeq(r *record, seq int) int { return cmp.Compare(r.seq, seq) }

// newID makes an id as EC2 makes them: the prefix, a zero and 16 hexadecimal
// digits, the same in every run.
func (a *Account) newID(prefix string) string {
	a.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", a.id, prefix, a.serial))
	return prefix + "-0" + hex.EncodeToString(sum[:8])
}

// newPublicIP makes an address of the ranges that RFC 5737 sets aside for
// documentation; it comes round again after 508 of them.
func (a *Account) newPublicIP() string {
	a.serial++
	n := a.serial % 508
	return fmt.Sprintf("%s.%d", []string{"198.51.100", "203.0.113"}[n/254], n%254+1)
}

var (
	_ inventory.Source = (*Account)(nil)
	_ execute.Actor    = (*Account)(nil)
	_ creators.Trail   = (*Account)(nil)
)
