package sim

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Instance is everything there is to say of an instance that is put into an
// account. Only Region is required.
type Instance struct {
	ID           string // default: generated, the same in every run
	Region       string
	Zone         string    // default: the region's zone a
	State        string    // default: running
	LaunchedAt   time.Time // the last start; default: the clock's time
	CreatedAt    time.Time // the first launch; default: LaunchedAt
	InstanceType string    // default: t3.micro
	Tags         tag.Set   // those under "aws:" included
	VPC          string    // "" for an instance that tells no VPC; one that was not added has no tags
	Subnet       string
	PrivateIP    string
	PublicIP     string // automatic: lost by a stop, and another after a start
	Image        string // default: an Amazon Linux image
	KeyName      string
	// Lifecycle is on-demand (the default), spot, scheduled or capacity-block.
	Lifecycle string
	// Persistent says that the spot request is a persistent one.
	Persistent     bool
	Operator       string // the principal of the AWS service that runs it
	SecurityGroups []string
	RootDevice     string   // ebs (the default) or instance-store
	Volumes        []string // default: one generated volume where the root device is ebs
	// Agent is how Systems Manager sees it: Online, ConnectionLost, "" where it
	// does not manage it.
	Agent string
	// StopProtected and TerminateProtected are its attributes disableApiStop and
	// disableApiTermination.
	StopProtected, TerminateProtected bool
	// By is who launched it, as CloudTrail tells; zero: CloudTrail does not.
	By Who
}

// instanceID is what EC2 takes for an instance's id: 8 hexadecimal digits for
// old ones and 17 since 2016.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var instanceID = regexp.MustCompile(`^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)

// record is an instance of the account. Its maps and slices are replaced as a
// whole, never changed, because made and inst share them.
type record struct {
	seq        int
	inst       resource.Instance // its Reference.Region says where it is
	zone       string
	protection resource.Protection
	// made is what it was launched as: an Auto Scaling group launches the same,
	// with the same tags, in its place.
	made        Instance
	ran         bool // has reached running at least once
	interrupted bool // EC2 stopped it; only EC2 starts it again
	replaced    bool // its Auto Scaling group launched another in its place
	changes     int  // counts state changes, so that events of an earlier state are void
}

// Launch puts an instance into the account and returns its id. It counts as no
// call. It panics where no such instance can be: without a region, with an id
// that is malformed or taken, with tags that AWS refuses, or with a protection
// that its kind cannot have.
func (a *Account) Launch(i Instance) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	if err := a.impossible(i); err != nil {
		panic("sim: launching an instance: " + err.Error())
	}
	return a.launch(i, a.clock.Now()).inst.Reference.ID
}

// impossible returns why EC2 could have no such instance, or nil.
func (a *Account) impossible(i Instance) error {
	switch {
	case i.Region == "":
		return errors.New("it has no region")
	case i.ID != "" && !instanceID.MatchString(i.ID):
		return fmt.Errorf("%q is no instance id", i.ID)
	case a.taken[i.ID]:
		return fmt.Errorf("the id %s is taken", i.ID)
	case i.Persistent && i.Lifecycle != spot:
		return errors.New("only a spot instance has a spot request")
	}
	if err := protectable(i.Lifecycle, i.RootDevice, i.StopProtected, i.TerminateProtected); err != nil {
		return err
	}
	return tag.Fits(nil, tag.Diff{Set: i.Tags.User()})
}

// protectable returns why an instance cannot have such a protection, or nil.
// See pageStopGuard and pageTermGuard.
func protectable(lifecycle, rootDevice string, stop, terminate bool) error {
	switch {
	case (stop || terminate) && lifecycle == spot:
		return errors.New("a spot instance cannot be protected")
	case stop && rootDevice == instanceStore:
		return errors.New("stop protection needs an EBS root volume")
	}
	return nil
}

// The values that Lifecycle and RootDevice take beside their defaults.
const (
	spot          = "spot"
	instanceStore = "instance-store"
)

// launch makes the record. at is when it happens.
func (a *Account) launch(i Instance, at time.Time) *record {
	a.seq++
	i.Tags, i.SecurityGroups, i.Volumes = i.Tags.Clone(), slices.Clone(i.SecurityGroups), slices.Clone(i.Volumes)
	id := i.ID
	for id == "" || i.ID == "" && a.taken[id] {
		id = a.newID("i")
	}
	a.taken[id] = true
	r := &record{
		seq:        a.seq,
		zone:       cmp.Or(i.Zone, i.Region+"a"),
		protection: resource.Protection{Stop: i.StopProtected, Terminate: i.TerminateProtected, PersistentSpot: i.Persistent},
		made:       i,
		ran:        i.State != pending,
		inst: resource.Instance{
			Base: resource.Base{
				Reference: resource.Ref{ID: id, ARN: resource.InstanceARN(i.Region, a.id, id),
					Type: resource.EC2Instance, Account: a.id, Region: i.Region},
				TagSet: i.Tags,
			},
			State:          cmp.Or(i.State, running),
			LaunchedAt:     i.LaunchedAt,
			CreatedAt:      i.CreatedAt,
			InstanceType:   cmp.Or(i.InstanceType, "t3.micro"),
			VPC:            i.VPC,
			Subnet:         i.Subnet,
			PrivateIP:      i.PrivateIP,
			PublicIP:       i.PublicIP,
			Image:          cmp.Or(i.Image, "ami-0f3c9e2d7b1a58640"),
			KeyName:        i.KeyName,
			Lifecycle:      cmp.Or(i.Lifecycle, "on-demand"),
			Operator:       i.Operator,
			SecurityGroups: i.SecurityGroups,
			RootDevice:     cmp.Or(i.RootDevice, "ebs"),
			Volumes:        i.Volumes,
		},
	}
	a.complete(r, at)
	reg := a.region(i.Region)
	reg.order = append(reg.order, r)
	reg.byID[id] = r
	if i.VPC != "" && reg.thingByID[i.VPC] == nil {
		a.put(resource.EC2VPC, i.Region, i.VPC, &resource.VPC{})
	}
	a.furnish(r)
	a.enterEvent(i.Region, "RunInstances", fmt.Sprintf(`{"instancesSet":{"items":[{"instanceId":%q}]}}`, id), r.inst.CreatedAt, i.By)
	a.schedule(r, at)
	return r
}

// complete fills in what follows from the rest.
func (a *Account) complete(r *record, at time.Time) {
	i := &r.inst
	if i.LaunchedAt.IsZero() {
		i.LaunchedAt = at
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = i.LaunchedAt
	}
	if i.Lifecycle == spot {
		i.SpotRequest = a.newID("sir")[:len("sir-")+8]
	}
	if i.RootDevice == "ebs" && len(i.Volumes) == 0 {
		i.Volumes = []string{a.newID("vol")}
	}
	i.Interfaces = primary(i)
	r.dropWhatItsStateLacks()
}

// snapshot returns a copy that shares nothing with the record.
func (r *record) snapshot() resource.Instance {
	i := r.inst
	i.TagSet = i.TagSet.Clone()
	i.SecurityGroups = slices.Clone(i.SecurityGroups)
	i.Volumes = slices.Clone(i.Volumes)
	i.Interfaces = slices.Clone(i.Interfaces)
	return i
}
