package resource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// codes are the reason codes of a refusal and of what is beneath it, with
// "(fetch protection)" where that would decide.
func codes(r *resource.Refusal) string {
	var all []string
	for ; r != nil; r = r.Beneath {
		c := r.Code
		if r.Managed {
			c += " (liftable)"
		}
		if r.Fact != "" {
			c += " (fetch " + string(r.Fact) + ")"
		}
		all = append(all, c)
	}
	return strings.Join(all, " over ")
}

// changed is an instance that nothing forbids to stop, but for the changes.
func changed(changes ...func(*resource.Instance)) *resource.Instance {
	i := stoppable()
	for _, c := range changes {
		c(i)
	}
	return i
}

func protected(p resource.Protection) func(*resource.Instance) {
	return func(i *resource.Instance) { i.Protected = resource.Known(p) }
}

func member(i *resource.Instance)  { i.TagSet = tag.Set{group: "web"} }
func store(i *resource.Instance)   { i.RootDevice = "instance-store" }
func spot(i *resource.Instance)    { i.Lifecycle = "spot" }
func unknown(i *resource.Instance) { i.Protected = resource.Lazy[resource.Protection]{} }
func unread(i *resource.Instance) {
	i.Protected = resource.Unread[resource.Protection](errors.New("access denied"))
}
func operated(i *resource.Instance) { i.Operator = "eks.amazonaws.com" }

func TestRefuses(t *testing.T) {
	const fetch = "protection-unread (fetch protection)"
	tests := []struct {
		name                   string
		instance               *resource.Instance
		stop, terminate, start string
	}{
		{"nothing forbids it", changed(), "", "", ""},
		{"run by AWS", changed(operated), "managed-by-aws", "managed-by-aws", "managed-by-aws"},
		{"run by AWS in a group", changed(operated, member), "managed-by-aws", "managed-by-aws", "managed-by-aws"},
		{"run by AWS, nothing else known", changed(operated, unknown), "managed-by-aws", "managed-by-aws", "managed-by-aws"},
		{"in a group", changed(member), "managed (liftable)", "managed (liftable)", ""},
		{"instance store", changed(store), "instance-store", "", ""},
		{"instance store, nothing else known", changed(store, unknown), "instance-store", fetch, ""},
		{"one-time spot", changed(spot), "one-time-spot", "", ""},
		{"persistent spot", changed(spot, protected(resource.Protection{PersistentSpot: true})), "", "", ""},
		{"persistent spot with stop protection", changed(spot, protected(resource.Protection{PersistentSpot: true, Stop: true})), "stop-protection", "stop-protection", ""},
		{"stop protection", changed(protected(resource.Protection{Stop: true})), "stop-protection", "stop-protection", ""},
		{"termination protection", changed(protected(resource.Protection{Terminate: true})), "", "termination-protection", ""},
		{"both protections", changed(protected(resource.Protection{Stop: true, Terminate: true})), "stop-protection", "termination-protection", ""},
		{"protection not fetched", changed(unknown), fetch, fetch, ""},
		{"protection of a spot not fetched", changed(spot, unknown), fetch, fetch, ""},
		{"protection unreadable", changed(unread), "protection-unread", "protection-unread", ""},
		{"protection of a spot unreadable", changed(spot, unread), "protection-unread", "protection-unread", ""},

		// What include_managed lifts must not hide what it does not lift.
		{"in a group, protection not fetched", changed(member, unknown), "managed (liftable) over " + fetch, "managed (liftable) over " + fetch, ""},
		{"in a group, protection unreadable", changed(member, unread), "managed (liftable) over protection-unread", "managed (liftable) over protection-unread", ""},
		{"in a group, stop protection", changed(member, protected(resource.Protection{Stop: true})), "stop-protection", "stop-protection", ""},
		{"in a group, termination protection", changed(member, protected(resource.Protection{Terminate: true})), "managed (liftable)", "termination-protection", ""},
		{"in a group, one-time spot", changed(member, spot), "one-time-spot", "managed (liftable)", ""},
		{"in a group, instance store, nothing else known", changed(member, store, unknown), "instance-store", "managed (liftable) over " + fetch, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for k, want := range map[action.Kind]string{action.Stop: tt.stop, action.Terminate: tt.terminate, action.Start: tt.start} {
				r := tt.instance.Refuses(k)
				if got := codes(r); got != want {
					t.Errorf("%s: %q, want %q", k, got, want)
				}
				if r != nil && (r.Text == "" || strings.HasSuffix(r.Text, ".")) {
					t.Errorf("%s: the text is %q", k, r.Text)
				}
			}
			for _, k := range action.All() {
				if k >= action.Start {
					continue
				}
				if r := tt.instance.Refuses(k); r != nil {
					t.Errorf("%s: %q, which only stop, start and terminate are", k, r.Code)
				}
			}
		})
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	tests := []struct {
		instance *resource.Instance
		k        action.Kind
		want     string
	}{
		{changed(operated), action.Terminate, "eks.amazonaws.com runs it, and AWS lets nobody else terminate it"},
		{changed(operated), action.Start, "eks.amazonaws.com runs it, and AWS lets nobody else start it"},
		{changed(member), action.Stop, "it belongs to Auto Scaling group web, which would replace it; set include_managed to act all the same"},
		{changed(unread), action.Stop, "its protection could not be read: reading protection: access denied"},
		{changed(unknown), action.Stop, "its protection was not read"},
		{changed(protected(resource.Protection{Stop: true})), action.Terminate, "its stop protection is on, which forbids terminating too"},
	}
	for _, tt := range tests {
		if got := tt.instance.Refuses(tt.k); got == nil || got.Text != tt.want {
			t.Errorf("%s: %+v, want %q", tt.k, got, tt.want)
		}
	}
}

func TestManagersAreKnownByTheirTags(t *testing.T) {
	tests := []struct {
		name   string
		tags   tag.Set
		by     string
		parent resource.Parent
		named  string
	}{
		{"Auto Scaling", tag.Set{group: "web"}, "autoscaling", resource.Parent{Type: "autoscaling:group", ID: "web"}, "Auto Scaling group web"},
		{"Karpenter", tag.Set{"karpenter.sh/nodepool": "default"}, "karpenter", resource.Parent{Type: "karpenter:nodepool", ID: "default"}, "karpenter:nodepool default"},
		{"EKS", tag.Set{"eks:nodegroup-name": "blue"}, "eks", resource.Parent{Type: "eks:nodegroup", ID: "blue"}, "eks:nodegroup blue"},
		{"Beanstalk", tag.Set{"elasticbeanstalk:environment-id": "e-1"}, "elasticbeanstalk", resource.Parent{Type: "elasticbeanstalk:environment", ID: "e-1"}, "elasticbeanstalk:environment e-1"},
		{"ECS", tag.Set{"AmazonECSManaged": "true"}, "ecs", resource.Parent{}, "ecs"},
		{"ECS without a value", tag.Set{"AmazonECSManaged": ""}, "ecs", resource.Parent{}, "ecs"},
		{"EMR", tag.Set{"aws:elasticmapreduce:job-flow-id": "j-1"}, "elasticmapreduce", resource.Parent{Type: "elasticmapreduce:cluster", ID: "j-1"}, "elasticmapreduce:cluster j-1"},
		{"EC2 Fleet", tag.Set{"aws:ec2:fleet-id": "fleet-1"}, "fleet", resource.Parent{Type: "ec2:fleet", ID: "fleet-1"}, "ec2:fleet fleet-1"},
		{"Spot Fleet", tag.Set{"aws:ec2spot:fleet-request-id": "sfr-1"}, "fleet", resource.Parent{Type: "ec2:spot-fleet", ID: "sfr-1"}, "ec2:spot-fleet sfr-1"},
		{"an EKS node group by its Auto Scaling group", tag.Set{group: "web", "eks:nodegroup-name": "blue"}, "autoscaling", resource.Parent{Type: "autoscaling:group", ID: "web"}, "Auto Scaling group web"},
		{"Karpenter before the fleet that it uses", tag.Set{"karpenter.sh/nodepool": "default", "aws:ec2:fleet-id": "fleet-1"}, "karpenter", resource.Parent{Type: "karpenter:nodepool", ID: "default"}, "karpenter:nodepool default"},
		{"ECS in a stack", tag.Set{"AmazonECSManaged": "true", "aws:cloudformation:stack-id": "stack-1"}, "ecs", resource.Parent{Type: "cloudformation:stack", ID: "stack-1"}, "ecs"},
		{"a manager before the stack", tag.Set{group: "web", "aws:cloudformation:stack-id": "stack-1"}, "autoscaling", resource.Parent{Type: "autoscaling:group", ID: "web"}, "Auto Scaling group web"},
		{"a stack replaces nothing", tag.Set{"aws:cloudformation:stack-id": "stack-1"}, "", resource.Parent{Type: "cloudformation:stack", ID: "stack-1"}, ""},
		{"a key in other case is another key", tag.Set{"AWS:autoscaling:groupname": "web"}, "", resource.Parent{}, ""},
		{"nobody", tag.Set{"Owner": "alice"}, "", resource.Parent{}, ""},
		{"no tags", nil, "", resource.Parent{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := stoppable()
			i.TagSet = tt.tags
			if got := i.ManagedBy(); got != tt.by {
				t.Errorf("managed by %q, want %q", got, tt.by)
			}
			if got := i.Group(); got != tt.tags[group] {
				t.Errorf("group %q", got)
			}
			if diff := cmp.Diff(tt.parent, i.Parent()); diff != "" {
				t.Errorf("the parent (-want +got):\n%s", diff)
			}
			for _, k := range []action.Kind{action.Stop, action.Terminate} {
				r := i.Refuses(k)
				if (r != nil) != (tt.by != "") {
					t.Fatalf("%s is refused: %+v", k, r)
				}
				if r != nil && (!r.Managed || r.Code != "managed" || !strings.HasPrefix(r.Text, "it belongs to "+tt.named+", which")) {
					t.Errorf("%s: %+v", k, r)
				}
			}
			if r := i.Refuses(action.Start); r != nil {
				t.Errorf("start: %+v", r)
			}
		})
	}
}

func TestTheOperatorManagesBeforeTags(t *testing.T) {
	i := changed(operated, member)
	if got := i.ManagedBy(); got != "eks.amazonaws.com" {
		t.Errorf("managed by %q", got)
	}
}

func TestAlreadyAndEndedFollowTheState(t *testing.T) {
	tests := map[string]struct{ stop, start, terminate bool }{
		"pending":       {start: true},
		"running":       {start: true},
		"stopping":      {stop: true},
		"stopped":       {stop: true},
		"shutting-down": {terminate: true},
		"terminated":    {terminate: true},
		"":              {},
	}
	for state, want := range tests {
		i := &resource.Instance{State: state}
		for _, k := range action.All() {
			wanted := k == action.Stop && want.stop || k == action.Start && want.start || k == action.Terminate && want.terminate
			if got := i.Already(k); got != wanted {
				t.Errorf("%q already %s: %v", state, k, got)
			}
		}
		if got := i.Ended(); got != want.terminate {
			t.Errorf("%q ended: %v", state, got)
		}
	}
}
