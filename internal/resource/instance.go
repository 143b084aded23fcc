package resource

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/span"
)

// EC2Instance is the type of *Instance.
const EC2Instance Type = "ec2:instance"

// Protection is what forbids to stop or terminate an instance.
type Protection struct {
	// Stop and Terminate are the attributes disableApiStop and
	// disableApiTermination.
	Stop, Terminate bool
	// PersistentSpot says that a spot instance comes from a persistent request,
	// which is the only kind that can be stopped.
	PersistentSpot bool
}

// Instance is a snapshot of an EC2 instance.
type Instance struct {
	Base
	Backed
	State        string // pending, running, shutting-down, terminated, stopping, stopped
	LaunchedAt   time.Time
	CreatedAt    time.Time // zero where the primary interface does not tell
	InstanceType string
	VPC          string // "" outside a VPC
	Subnet       string
	PrivateIP    string
	PublicIP     string
	Image        string
	KeyName      string
	Lifecycle    string // on-demand, spot, scheduled, capacity-block
	SpotRequest  string // the spot request's id, "" for others
	// Operator is the principal of the AWS service that runs the instance on the
	// account's behalf (EKS Auto Mode, …), "" for the account's own.
	Operator       string
	SecurityGroups []string
	Interfaces     []Interface
	RootDevice     string // ebs, instance-store
	Volumes        []string
	VPCTags        Lazy[map[string]string]
	Protected      Lazy[Protection]
}

// Interface is a network interface that is attached to an instance.
type Interface struct {
	ID             string
	VPC            string
	SecurityGroups []string // sorted
	// Managed says that a service of AWS made it, and lets nobody else change it.
	Managed bool
}

// Quarantine says which security group each of the instance's interfaces gets
// when it is isolated, by the interface's id. groups are those to choose from,
// by the id of their VPC, "" for one that is used whatever the VPC is. Where an
// interface has none, or cannot be given one, it returns why.
func (i *Instance) Quarantine(groups map[string]string) (map[string]string, *Refusal) {
	out := map[string]string{}
	for _, n := range i.Interfaces {
		group, ok := groups[n.VPC]
		if !ok {
			group, ok = groups[""]
		}
		switch {
		case n.Managed:
			return nil, &Refusal{Code: reason.ManagedByAWS, Text: fmt.Sprintf("its network interface %s is a service's of AWS, which lets nobody else change it", n.ID)}
		case !ok:
			return nil, &Refusal{Code: reason.NoQuarantine, Text: fmt.Sprintf("no security group is given for %s, where its network interface %s is", cmp.Or(n.VPC, "no VPC"), n.ID)}
		}
		out[n.ID] = group
	}
	if len(out) == 0 {
		return nil, &Refusal{Code: reason.NoQuarantine, Text: "it has no network interface that could be isolated"}
	}
	return out, nil
}

// Isolated says whether each interface has no security group but the one that
// Quarantine gives it.
func (i *Instance) Isolated(groups map[string]string) bool {
	want, no := i.Quarantine(groups)
	if no != nil {
		return false
	}
	for _, n := range i.Interfaces {
		if len(n.SecurityGroups) != 1 || n.SecurityGroups[0] != want[n.ID] {
			return false
		}
	}
	return true
}

// managers are the tags that whoever replaces a stopped instance puts on it.
// AWS's are reserved; Karpenter, EKS, Beanstalk and ECS document theirs. The
// values name the parent, except that of ECS, which says no more than "true".
var managers = []manager{
	{"aws:autoscaling:groupName", "autoscaling", "autoscaling:group"},
	{"karpenter.sh/nodepool", "karpenter", "karpenter:nodepool"},
	{"eks:nodegroup-name", "eks", "eks:nodegroup"},
	{"elasticbeanstalk:environment-id", "elasticbeanstalk", "elasticbeanstalk:environment"},
	{"AmazonECSManaged", "ecs", ""},
	{"aws:elasticmapreduce:job-flow-id", "elasticmapreduce", "elasticmapreduce:cluster"},
	{"aws:ec2:fleet-id", "fleet", "ec2:fleet"},
	{"aws:ec2spot:fleet-request-id", "fleet", "ec2:spot-fleet"},
}

// manager is a tag key, whom it tells of and the type of the parent it names.
type manager struct{ key, by, parent string }

// manager returns the first that has tagged the instance, and its parent there.
func (i *Instance) manager() (manager, Parent) {
	for _, m := range managers {
		if v, ok := i.TagSet[m.key]; ok {
			if m.parent == "" || v == "" {
				return m, Parent{}
			}
			return m, Parent{Type: m.parent, ID: v}
		}
	}
	return manager{}, Parent{}
}

// ManagedBy is who replaces the instance when it goes: an AWS service's
// principal, autoscaling, karpenter, eks, …; "" where nobody does.
func (i *Instance) ManagedBy() string {
	if i.Operator != "" {
		return i.Operator
	}
	m, _ := i.manager()
	return m.by
}

// Group is the Auto Scaling group it is a member of, "" for others.
func (i *Instance) Group() string { return i.TagSet["aws:autoscaling:groupName"] }

// Parent is the manager it belongs to, else the CloudFormation stack that
// made it.
func (i *Instance) Parent() Parent {
	if _, p := i.manager(); p != (Parent{}) {
		return p
	}
	if v := i.TagSet["aws:cloudformation:stack-id"]; v != "" {
		return Parent{Type: "cloudformation:stack", ID: v}
	}
	return Parent{}
}

// Ended says that the instance is terminated or about to be. EC2 lists it for
// about an hour more.
func (i *Instance) Ended() bool { return i.State == "terminated" || i.State == "shutting-down" }

// Already says that the action's effect is there.
func (i *Instance) Already(k action.Kind) bool {
	switch k {
	case action.Stop:
		return i.State == "stopped" || i.State == "stopping"
	case action.Start:
		return i.State == "running" || i.State == "pending"
	case action.Terminate:
		return i.Ended()
	default:
		return false
	}
}

// Refuses returns why the action cannot or must not be done to it, or nil.
// The reasons are from the EC2 user guide, "Stop and start Amazon EC2
// instances", "Change stop protection" and "Change termination protection".
func (i *Instance) Refuses(k action.Kind) *Refusal {
	switch k {
	case action.Backup:
		return i.refusesBackup()
	case action.Start, action.Isolate, action.Stop, action.Terminate:
	default:
		return nil
	}
	if i.Operator != "" {
		return &Refusal{Code: reason.ManagedByAWS, Text: fmt.Sprintf("%s runs it, and AWS lets nobody else %s it", i.Operator, k)}
	}
	var no *Refusal
	switch k {
	case action.Stop:
		no = i.refusesStop()
	case action.Terminate:
		no = i.refusesTerminate()
	}
	// What is known to forbid it comes first: no setting lifts that.
	if i.ManagedBy() != "" && k != action.Start && (no == nil || reason.Unread(no.Code)) {
		return &Refusal{Code: reason.Managed, Managed: true, Beneath: no,
			Text: fmt.Sprintf("it belongs to %s, which would replace it; set include_managed to act all the same", i.managerName())}
	}
	return no
}

func (i *Instance) refusesTerminate() *Refusal {
	p, err := i.Protected.Get(need.Protection)
	switch {
	case err != nil:
		return unverified(err)
	case p.Terminate:
		return &Refusal{Code: reason.TerminationProtection, Text: "its termination protection is on"}
	case p.Stop:
		return &Refusal{Code: reason.StopProtection, Text: "its stop protection is on, which forbids terminating too"}
	}
	return nil
}

func (i *Instance) refusesStop() *Refusal {
	if i.RootDevice == "instance-store" {
		return &Refusal{Code: reason.InstanceStore, Text: "its root device is an instance store: it can be terminated, never stopped"}
	}
	p, err := i.Protected.Get(need.Protection)
	switch {
	case err != nil:
		return unverified(err)
	case i.Lifecycle == "spot" && !p.PersistentSpot:
		return &Refusal{Code: reason.OneTimeSpot, Text: "a spot instance of a one-time request cannot be stopped"}
	case p.Stop:
		return &Refusal{Code: reason.StopProtection, Text: "its stop protection is on"}
	}
	return nil
}

// unverified is the refusal of a fact that is not there: missing, it names the
// fact so that it can be fetched; unreadable, it stands.
func unverified(err error) *Refusal {
	if m, ok := errors.AsType[*MissingFact](err); ok {
		return &Refusal{Code: reason.ProtectionUnread, Text: "its protection was not read", Fact: m.Fact}
	}
	return &Refusal{Code: reason.ProtectionUnread, Text: "its protection could not be read: " + err.Error()}
}

func (i *Instance) managerName() string {
	if g := i.Group(); g != "" {
		return "Auto Scaling group " + g
	}
	m, p := i.manager()
	if p.ID != "" {
		return p.Type + " " + p.ID
	}
	return m.by
}

const noIP = "N/A"

var instanceSchema = &Schema{
	Type:    EC2Instance,
	Title:   "EC2 instance",
	Doc:     "A virtual machine, whoever runs it: AWS-managed instances are listed too.",
	Actions: []action.Kind{action.Tag, action.Untag, action.RunCommand, action.Invoke, action.Start, action.Isolate, action.Stop, action.Terminate},
	Metrics: instanceMetrics,
	Fields:  sorted(append(shared[*Instance](need.Instances), instanceFields...)),
	Columns: []Column{
		{"Launched (UTC)", func(r Resource, _ time.Time) string { return utc(r.(*Instance).LaunchedAt) }},
		{"Type", func(r Resource, _ time.Time) string { return r.(*Instance).InstanceType }},
		{"Name", func(r Resource, _ time.Time) string { return cmp.Or(r.Tags()["Name"], "Unnamed") }},
		{"Owner", func(r Resource, _ time.Time) string { return cmp.Or(r.Tags()["Owner"], "Unknown") }},
		{"Private IP", func(r Resource, _ time.Time) string { return cmp.Or(r.(*Instance).PrivateIP, noIP) }},
		{"Days running", func(r Resource, now time.Time) string {
			i := r.(*Instance)
			if i.LaunchedAt.IsZero() || i.State != "running" {
				return "0"
			}
			return strconv.Itoa(span.Days(now.Sub(i.LaunchedAt)))
		}},
	},
}

var instanceFields = []Field{
	plain("state", String, need.Instances, "pending, running, stopping, stopped, shutting-down or terminated", func(i *Instance) any { return i.State }),
	field("launched_at", Timestamp, need.Instances, "when it was last started", func(i *Instance, _ time.Time) (any, error) { return timeOr(i.LaunchedAt, "its last start") }),
	field("running_for", Duration, need.Instances, "how long ago it was last started; 0 unless it is running", func(i *Instance, now time.Time) (any, error) {
		if i.State != "running" {
			return time.Duration(0), nil
		}
		return sinceOr(i.LaunchedAt, now, "its last start")
	}),
	field("created_at", Timestamp, need.Instances, "when it was first launched: the attach time of its primary network interface", func(i *Instance, _ time.Time) (any, error) { return timeOr(i.CreatedAt, "its creation") }),
	field("age", Duration, need.Instances, "how long ago it was first launched", func(i *Instance, now time.Time) (any, error) { return sinceOr(i.CreatedAt, now, "its creation") }),
	plain("instance_type", String, need.Instances, "such as m7g.large", func(i *Instance) any { return i.InstanceType }),
	plain("vpc", String, need.Instances, "the id of its VPC, \"\" outside one", func(i *Instance) any { return i.VPC }),
	field("vpc_tags", StringMap, need.VPCTags, "the tags of its VPC", func(i *Instance, _ time.Time) (any, error) {
		if i.VPC == "" {
			return map[string]string{}, nil
		}
		return i.VPCTags.Get(need.VPCTags)
	}),
	plain("subnet", String, need.Instances, "the id of its subnet", func(i *Instance) any { return i.Subnet }),
	plain("private_ip", String, need.Instances, "its primary private IPv4 address, \"\" without one", func(i *Instance) any { return i.PrivateIP }),
	plain("public_ip", String, need.Instances, "its public IPv4 address, \"\" without one", func(i *Instance) any { return i.PublicIP }),
	plain("image", String, need.Instances, "the id of the image it was launched from", func(i *Instance) any { return i.Image }),
	plain("key_name", String, need.Instances, "the name of its key pair, \"\" without one", func(i *Instance) any { return i.KeyName }),
	plain("lifecycle", String, need.Instances, "on-demand, spot, scheduled or capacity-block", func(i *Instance) any { return i.Lifecycle }),
	plain("group", String, need.Instances, "the Auto Scaling group it is a member of, \"\" without one", func(i *Instance) any { return i.Group() }),
	plain("managed_by", String, need.Instances, "who replaces it when it goes: autoscaling, eks, karpenter, ecs, an AWS service's principal, …; \"\" where nobody does", func(i *Instance) any { return i.ManagedBy() }),
	plain("security_groups", StringList, need.Instances, "the ids of its security groups", func(i *Instance) any { return i.SecurityGroups }),
	plain("root_device", String, need.Instances, "ebs or instance-store", func(i *Instance) any { return i.RootDevice }),
	plain("volumes", StringList, need.Instances, "the ids of its attached volumes", func(i *Instance) any { return i.Volumes }),
	plain("parent", ParentRef, need.Instances, "what it belongs to, as parent.type and parent.id: an Auto Scaling group, a node pool, a stack, …; both \"\" without one", func(i *Instance) any { return i.Parent() }),
}

func timeOr(t time.Time, what string) (any, error) { return knownTime(t, what) }

func utc(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// InstanceARN is the ARN of an instance; the partition follows the region.
func InstanceARN(region, account, id string) string {
	return EC2Ref(Place{Account: account, Region: region}, EC2Instance, id).ARN
}

var _ Resource = (*Instance)(nil)
