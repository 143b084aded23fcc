package iam

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// ErrNoAccess says that the policy file has no access section.
var ErrNoAccess = errors.New("the policy file has no access section: write access: {} for what is usual, see docs/access.md")

// self is IAM's word for who asks: of a role with the name of its session.
const self = "${aws:userid}"

// deny is the effect of statements that take something away.
const deny = "Deny"

// What people make is of these types, and network interfaces come with it; they
// look at resource groups.
var (
	onGroups     = []string{"arn:{partition}:resource-groups:{region}:{account}:group/*"}
	onImages     = own[resource.EC2Image]
	onInstances  = own[resource.EC2Instance]
	onInterfaces = own[resource.EC2NetworkInterface]
	onSnapshots  = own[resource.EC2Snapshot]
	onVolumes    = own[resource.EC2Volume]
	onRequests   = []string{ec2("spot-instances-request")}
)

// creating are the calls that may write tags on what they make.
var creating = []string{"ec2:CreateImage", "ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CreateVolume", "ec2:RunInstances"}

// whose is which of the resources somebody may use.
type whose int

const (
	anybodys whose = iota
	// nobodys are also those that say nothing of an owner: what the call makes.
	nobodys
	theirs
)

// given is what everybody gets whom the policy is attached to. What a call needs
// on which resources is from the table of EC2 in the "Service Authorization
// Reference". A statement allows each of its actions on each of its resources,
// so that none may be in one with a resource that it takes from somebody else:
// CreateSnapshot names the new snapshot and the volume.
var given = []struct {
	sid     string
	whose   whose
	actions []string
	on      []string
}{
	{"Look", anybodys, []string{"ec2:Describe*", "resource-groups:ListGroups", "tag:GetResources"}, []string{everything}},
	{"LookAtGroups", anybodys, []string{"resource-groups:GetGroup", "resource-groups:GetGroupQuery", "resource-groups:ListGroupResources"}, onGroups},
	{"Launch", anybodys, []string{"ec2:RunInstances"}, slices.Concat([]string{ec2("capacity-reservation"), ec2("dedicated-host")}, onImages, onInstances,
		[]string{ec2("key-pair"), ec2("launch-template"), ec2("placement-group"), ec2("security-group")}, onSnapshots, onRequests, own[resource.EC2Subnet], onVolumes)},
	{"LaunchInterfaces", nobodys, []string{"ec2:RunInstances"}, onInterfaces},
	{"MakeVolumes", anybodys, []string{"ec2:CreateVolume"}, slices.Concat(onSnapshots, onVolumes)},
	{"MakeCopies", anybodys, []string{"ec2:CreateImage", "ec2:CreateSnapshot", "ec2:CreateSnapshots"}, slices.Concat(onImages, onSnapshots)},
	{"OwnInstances", theirs, []string{"ec2:AttachVolume", "ec2:CreateImage", "ec2:CreateSnapshots", "ec2:DetachVolume", "ec2:RebootInstances", "ec2:StartInstances",
		"ec2:StopInstances", "ec2:TerminateInstances"}, onInstances},
	{"OwnVolumes", theirs, []string{"ec2:AttachVolume", "ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"}, onVolumes},
	{"OwnSnapshots", theirs, []string{"ec2:DeleteSnapshot"}, onSnapshots},
	{"OwnImages", theirs, []string{"ec2:DeregisterImage"}, onImages},
}

// AccessPolicy is the managed policy of the people: they may look at everything
// and launch, act on what is their own by the owner's tag, write tags on what
// they are making, and never write or delete the protected ones, whatever else
// allows it. Of the options the account counts. The errors are ErrNoAccess, one
// of partitions that differ, and one of a policy that is too long.
func AccessPolicy(set *policy.Set, o Options) (*Document, error) {
	p, err := peoplesPlace(set, o)
	if err != nil {
		return nil, err
	}
	d := &Document{Version: version}
	add := func(effect, sid string, c Conditions, actions, on []string) {
		d.Statement = append(d.Statement, Statement{Sid: sid, Effect: effect, Action: slices.Clone(actions), Resource: p.arns(on), Condition: c})
	}
	tag := "ec2:ResourceTag/" + set.Access.OwnerKey
	of := map[whose]Conditions{
		nobodys: {"StringEqualsIfExists": {tag: {self}}},
		theirs:  {"StringEquals": {tag: {self}}},
	}
	for _, g := range given {
		add("Allow", g.sid, of[g.whose], g.actions, g.on)
	}
	add("Allow", "TagWhatIsMade", Conditions{"StringEquals": {keyCreating: names(creating)}, "Null": {keyTagKeys: {"false"}}},
		[]string{"ec2:CreateTags"}, slices.Concat(onImages, onInstances, onInterfaces, onSnapshots, onRequests, onVolumes))
	var kept []string
	for _, k := range set.Access.Protect {
		kept = append(kept, literal(k))
	}
	// Keys of conditions have no upper and lower case: another spelling of the
	// owner's tag could be taken for it.
	add(deny, "KeepProtectedTags", Conditions{"ForAnyValue:StringEqualsIgnoreCase": {keyTagKeys: kept}}, writers(), []string{everything})
	// EC2 takes a DeleteTags without any key to mean every tag.
	add(deny, "KeepAllTags", Conditions{"Null": {keyTagKeys: {"true"}}}, []string{"ec2:DeleteTags"}, []string{everything})
	if n := d.Size(); n > MaxDocument {
		return nil, fmt.Errorf("the policy would have %d characters, and a managed policy holds %d: protect fewer tags, or shorter ones", n, MaxDocument)
	}
	return d, nil
}

// CostTags are the keys by which costs can be told apart: those that say whose
// something is, and what must be there at creation.
func CostTags(set *policy.Set) ([]string, error) {
	if set.Access == nil {
		return nil, ErrNoAccess
	}
	keys := slices.Clone(set.Access.Owning)
	for _, d := range set.Access.Require {
		keys = append(keys, d.Key)
	}
	return keys, nil
}

// peoplesPlace is where people are: in every region, whichever tagwarden reads.
func peoplesPlace(set *policy.Set, o Options) (place, error) {
	if set.Access == nil {
		return place{}, ErrNoAccess
	}
	p, err := placeOf(set, o)
	p.regions = nil
	return p, err
}

// arns makes ARNs of patterns.
func (p *place) arns(patterns []string) []string {
	out := make([]string, len(patterns))
	for i, pattern := range patterns {
		out[i] = p.arn(pattern)
	}
	return out
}

// names are calls as ec2:CreateAction has them: without their service.
func names(permissions []string) []string {
	out := make([]string, len(permissions))
	for i, p := range permissions {
		out[i] = p[len("ec2:"):]
	}
	return out
}

// writers are the permissions to write and delete tags of whatever tagwarden
// reads, as far as IAM knows which tags. A new Auto Scaling group takes no
// further permission for its own, which it gives to its instances.
func writers() []string {
	out := []string{"autoscaling:CreateAutoScalingGroup"}
	for _, t := range slices.Sorted(maps.Keys(changes)) {
		for _, k := range []action.Kind{action.Tag, action.Untag} {
			for _, r := range changes[t][k] {
				if r.keyed {
					out = append(out, r.permission)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
