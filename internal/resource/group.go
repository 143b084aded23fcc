package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// AutoScalingGroup is the type of *Group.
const AutoScalingGroup Type = "autoscaling:group"

// SizesTag is the key of the tag in which a stop notes what a group's sizes
// were, so that a start can bring them back. It is on the group and not in the
// ledger, so that whoever starts it, with whatever, finds it there.
const SizesTag = "tagwarden:sizes"

// Sizes are what a group is scaled by. Its maximum is left alone.
type Sizes struct{ Min, Desired int }

// String is the value of SizesTag, in characters that every service takes.
func (s Sizes) String() string { return fmt.Sprintf("min=%d desired=%d", s.Min, s.Desired) }

// ParseSizes reads what String writes. It is false for anything else, and for
// sizes that are none: negative ones, and a minimum above what is desired.
func ParseSizes(text string) (Sizes, bool) {
	low, want, ok := strings.Cut(text, " ")
	low, ok1 := strings.CutPrefix(low, "min=")
	want, ok2 := strings.CutPrefix(want, "desired=")
	a, err1 := strconv.ParseUint(low, 10, 31)
	b, err2 := strconv.ParseUint(want, 10, 31)
	s := Sizes{Min: int(a), Desired: int(b)}
	return s, ok && ok1 && ok2 && err1 == nil && err2 == nil && s.Min <= s.Desired && s.String() == text
}

// Group is what was read of an Auto Scaling group.
type Group struct {
	Base
	Sizes
	Max       int
	CreatedAt time.Time
	Deleting  bool
	// Instances are its members, those that come and go included.
	Instances []string
	// Protected are the members that no scaling in ends; ProtectsNew says that new
	// ones will be among them.
	Protected   []string
	ProtectsNew bool
	// Suspended are the processes that do not run: Launch, Terminate, …
	Suspended []string
	// Propagated are the keys of the tags that new instances get.
	Propagated     []string
	LaunchTemplate string // its name or id, "" where it has a launch configuration
	HealthCheck    string // EC2, ELB, …
	Zones          []string
	Subnets        []string
	TargetGroups   []string // ARNs
	Operator       string   // the AWS service that runs it, "" for the account's own
}

// groupManagers are the tags that whoever scales a group by itself puts on it.
var groupManagers = []manager{
	{"eks:nodegroup-name", "eks", "eks:nodegroup"},
	{"elasticbeanstalk:environment-id", "elasticbeanstalk", "elasticbeanstalk:environment"},
	{"AmazonECSManaged", "ecs", ""},
	{"k8s.io/cluster-autoscaler/enabled", "cluster-autoscaler", ""},
}

// ManagedBy is who sets its sizes: an AWS service's principal, eks, ecs, …; ""
// where nobody but the account's people does.
func (g *Group) ManagedBy() string {
	if g.Operator != "" {
		return g.Operator
	}
	for _, m := range groupManagers {
		if _, ok := g.TagSet[m.key]; ok {
			return m.by
		}
	}
	return ""
}

// State is deleting, running where it is to have instances, stopping where it is
// to have none and still has, stopped where it has none.
func (g *Group) State() string {
	switch {
	case g.Deleting:
		return "deleting"
	case g.Sizes != Sizes{}:
		return "running"
	case len(g.Instances) > 0:
		return "stopping"
	default:
		return "stopped"
	}
}

// Ended says that it is about to be gone.
func (g *Group) Ended() bool { return g.Deleting }

// Already says that the action's effect is there. A group that is to have no
// instances is stopped, though the last ones may still be going.
func (g *Group) Already(k action.Kind) bool {
	switch k {
	case action.Stop:
		return g.Sizes == Sizes{}
	case action.Start:
		return g.Desired > 0
	default:
		return false
	}
}

// Refuses returns why it must not be scaled to nothing or back, or nil. What
// the processes do is from "Suspend and resume Amazon EC2 Auto Scaling
// processes" and what protection does from "Use instance scale-in protection"
// in the user guide.
func (g *Group) Refuses(k action.Kind) *Refusal {
	if k != action.Stop && k != action.Start {
		return nil
	}
	if g.Operator != "" {
		return &Refusal{Code: reason.ManagedByAWS, Text: fmt.Sprintf("%s runs it, and AWS lets nobody else %s it", g.Operator, k)}
	}
	no := g.refusesScaling(k)
	if by := g.ManagedBy(); by != "" {
		return &Refusal{Code: reason.Managed, Managed: true, Beneath: no,
			Text: fmt.Sprintf("%s sets its sizes; set include_managed to act all the same", by)}
	}
	return no
}

func (g *Group) refusesScaling(k action.Kind) *Refusal {
	if g.Already(k) {
		return nil
	}
	process := map[action.Kind]string{action.Stop: "Terminate", action.Start: "Launch"}[k]
	if slices.Contains(g.Suspended, process) {
		return &Refusal{Code: reason.ProcessSuspended, Text: "its process " + process + " is suspended, without which nothing would come of it"}
	}
	if k == action.Stop {
		if len(g.Protected) > 0 || g.ProtectsNew {
			return &Refusal{Code: reason.ScaleInProtection, Text: "its instances are protected from scaling in"}
		}
		return nil
	}
	noted, ok := g.TagSet[SizesTag]
	if !ok {
		return &Refusal{Code: reason.SizesUnknown, Text: "what to scale it to is not known: it has no tag " + SizesTag + ", which a stop writes"}
	}
	s, ok := ParseSizes(noted)
	switch {
	case !ok || s.Desired == 0:
		return &Refusal{Code: reason.SizesUnknown, Text: fmt.Sprintf("what to scale it to is not known: its tag %s is %q, and not like %q", SizesTag, noted, Sizes{1, 2})}
	case s.Desired > g.Max:
		return &Refusal{Code: reason.SizesUnknown, Text: fmt.Sprintf("it had %d instances, and may have no more than %d now", s.Desired, g.Max)}
	}
	return nil
}
