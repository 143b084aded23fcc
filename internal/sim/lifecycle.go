package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// The states of an instance, and the edges between them, are those of
// "Amazon EC2 instance state changes":
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
const (
	pending      = "pending"
	running      = "running"
	stopping     = "stopping"
	stopped      = "stopped"
	shuttingDown = "shutting-down"
	terminated   = "terminated"
)

// How long things take. AWS promises no times; an hour is what the same page
// says of terminated instances, and the others are typical of small instances.
const (
	// Transition is how long an instance is pending, stopping or shutting-down.
	Transition = 30 * time.Second
	// HealthCheck is how long after a member has stopped or ended its Auto
	// Scaling group replaces it.
	HealthCheck = 30 * time.Second
	// Visible is how long a terminated instance is still listed.
	Visible = time.Hour
)

// arrivals are where the states lead that an instance only passes through.
var arrivals = map[string]string{pending: running, stopping: stopped, shuttingDown: terminated}

// event is something that will happen to an instance unless its state changes
// before.
type event struct {
	at      time.Time
	order   int
	on      *record
	changes int // on.changes when it was scheduled
	what    func(*Account, *record, time.Time)
}

// settle lets everything happen that is due by now.
func (a *Account) settle() {
	now := a.clock.Now()
	a.completeSnapshots(now)
	for len(a.due) > 0 && !a.due[0].at.After(now) {
		e := a.due[0]
		a.due = a.due[1:]
		if e.changes == e.on.changes {
			e.what(a, e.on, e.at)
		}
	}
}

// after schedules what happens to an instance that stays in its state.
func (a *Account) after(d time.Duration, r *record, from time.Time, what func(*Account, *record, time.Time)) {
	a.events++
	e := event{at: from.Add(d), order: a.events, on: r, changes: r.changes, what: what}
	i, _ := slices.BinarySearchFunc(a.due, e, func(x, y event) int {
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.order, y.order))
	})
	a.due = slices.Insert(a.due, i, e)
}

// enter changes an instance's state.
func (a *Account) enter(r *record, state string, at time.Time) {
	r.inst.State = state
	r.changes++
	r.ran = r.ran || state == running
	r.dropWhatItsStateLacks()
	if state == terminated {
		a.release(r)
	}
	a.schedule(r, at)
}

// schedule schedules what follows from an instance's state.
func (a *Account) schedule(r *record, at time.Time) {
	switch r.inst.State {
	case pending, stopping, shuttingDown:
		a.after(Transition, r, at, (*Account).arrive)
	case stopped, terminated:
		// One that was put into the account in this state is none that its group
		// counts on.
		if r.inst.Group() != "" && r.changes > 0 {
			a.after(HealthCheck, r, at, (*Account).replace)
		}
	}
	if r.inst.State == terminated {
		a.after(Visible, r, at, func(a *Account, r *record, _ time.Time) { a.forget(r) })
	}
}

func (a *Account) arrive(r *record, at time.Time) { a.enter(r, arrivals[r.inst.State], at) }

// dropWhatItsStateLacks takes from an instance what it loses by its state. A
// stopped one has no automatic public address; of a terminated one the network
// interface (and with it everything that is read from it) and the volumes are
// gone. See "How instance termination works" and "How EC2 instance stop and
// start works" in the EC2 user guide.
func (r *record) dropWhatItsStateLacks() {
	i := &r.inst
	switch i.State {
	case stopped:
		i.PublicIP = ""
	case terminated:
		i.VPC, i.Subnet, i.PrivateIP, i.PublicIP = "", "", "", ""
		i.CreatedAt = time.Time{}
		i.SecurityGroups, i.Interfaces, i.Volumes = nil, nil, nil
	}
}

// start starts a stopped instance.
func (a *Account) start(r *record, at time.Time) {
	r.inst.LaunchedAt = at
	if r.made.PublicIP != "" {
		r.inst.PublicIP = a.newPublicIP()
	}
	a.enter(r, pending, at)
}

// replace is what an Auto Scaling group does about a member that no longer
// runs: the member is terminated, protected or not, and another is launched
// with the tags that the group gives.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html
func (a *Account) replace(r *record, at time.Time) {
	if !r.replaced {
		r.replaced = true
		a.launch(a.another(r), at)
	}
	if r.inst.State == stopped {
		a.enter(r, shuttingDown, at)
	}
}

// another says how to launch what an instance was launched as once more.
func (a *Account) another(r *record) Instance {
	i := r.made
	i.ID, i.State, i.LaunchedAt, i.CreatedAt, i.Volumes = "", pending, time.Time{}, time.Time{}, nil
	i.PrivateIP = a.freeIP(i.Region, i.PrivateIP)
	if i.PublicIP != "" {
		i.PublicIP = a.newPublicIP()
	}
	return i
}

// freeIP returns an address beside another one, "" beside none. A subnet's
// first four addresses and its last are AWS's own.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (a *Account) freeIP(region, beside string) string {
	dot := strings.LastIndexByte(beside, '.')
	if dot < 0 {
		return ""
	}
	used := tag.Set{}
	for _, r := range a.regions[region].order {
		used[r.inst.PrivateIP] = r.inst.Reference.ID
	}
	for n := 4; n < 255; n++ {
		ip := beside[:dot+1] + strconv.Itoa(n)
		if _, ok := used[ip]; !ok {
			return ip
		}
	}
	return ""
}
