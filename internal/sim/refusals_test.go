package sim_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const absent = "i-0aaaaaaaaaaaaaaaa"

// scene brings an account into a situation and makes the call that is refused.
type scene func(a *sim.Account) error

// do makes a call about these ids and a plain running instance of another
// availability zone.
func do(k action.Kind, ids ...string) func(*sim.Account) error {
	return func(a *sim.Account) error {
		all := append([]string{plain(a)}, ids...)
		_, err := a.Do(ctx, execute.Call{Action: k, Type: resource.EC2Instance, At: home, IDs: all, Tags: tag.Set{"Project": "atlas"}, Keys: []string{"Owner"}})
		return err
	}
}

// raw makes exactly this call.
func raw(c execute.Call) scene {
	return func(a *sim.Account) error {
		c.Type, c.At = resource.EC2Instance, home
		_, err := a.Do(ctx, c)
		return err
	}
}

// plainIP tells plain instances from others.
const plainIP = "10.9.9.9"

// plain launches a plain instance with an owner.
func plain(a *sim.Account) string {
	return a.Launch(sim.Instance{Region: home.Region, Zone: "us-east-1f", PrivateIP: plainIP, Tags: tag.Set{"Owner": "ana"}})
}

// with launches the instance, lets it happen what prepare does, and makes the
// call about it.
func with(i sim.Instance, k action.Kind, prepare ...func(*sim.Account, string)) scene {
	return func(a *sim.Account) error {
		i.Region = home.Region
		id := a.Launch(i)
		for _, p := range prepare {
			p(a, id)
		}
		return do(k, id)(a)
	}
}

func first(k action.Kind) func(*sim.Account, string) {
	return func(a *sim.Account, id string) {
		if err := raw(execute.Call{Action: k, IDs: []string{id}})(a); err != nil {
			panic(err)
		}
	}
}

func wait(d time.Duration) func(*sim.Account, string) {
	return func(a *sim.Account, _ string) { a.Clock().Advance(d) }
}

func list(a *sim.Account) error {
	plain(a)
	return a.List(ctx, home, resource.EC2Instance, func([]resource.Resource) error { return nil })
}

// tagging makes a call with these tags about a plain instance.
func tagging(tags tag.Set) scene {
	return func(a *sim.Account) error {
		return raw(execute.Call{Action: action.Tag, IDs: []string{plain(a)}, Tags: tags})(a)
	}
}

func untagging(keys ...string) scene {
	return func(a *sim.Account) error {
		return raw(execute.Call{Action: action.Untag, IDs: []string{plain(a)}, Keys: keys})(a)
	}
}

func many(k action.Kind) scene {
	return func(a *sim.Account) error {
		ids := make([]string, 1001)
		for n := range ids {
			ids[n] = fmt.Sprintf("i-0%016x", n)
		}
		return do(k, ids...)(a)
	}
}

// scenes has one for every row of the table, by operation and condition.
func scenes() map[string]scene {
	all := map[string]scene{
		"any: the region is not enabled for the account": func(a *sim.Account) error {
			_, err := a.Get(ctx, resource.Place{Account: home.Account, Region: "eu-central-2"}, resource.EC2Instance, []string{absent})
			return err
		},
		"any: the caller lacks the permission": func(a *sim.Account) error {
			a.Deny("ec2:StopInstances")
			return do(action.Stop)(a)
		},
		"any: there were too many calls": func(a *sim.Account) error {
			a.Throttle("ec2:DescribeInstances", 1)
			return list(a)
		},
		"ec2:DescribeInstances: AWS failed": func(a *sim.Account) error {
			a.FailPages(home.Region, 0)
			return list(a)
		},
		"ec2:DescribeInstanceAttribute: there is no such instance": func(a *sim.Account) error {
			i := resource.Instance{Base: resource.Base{Reference: resource.Ref{ID: absent}}}
			a.Fill(ctx, home, need.Protection, []resource.Resource{&i})
			_, err := i.Protected.Get(need.Protection)
			return err
		},

		"ec2:StartInstances: an AWS service runs the instance":     with(sim.Instance{Operator: "eks.amazonaws.com", State: "stopped"}, action.Start),
		"ec2:StartInstances: its root device is an instance store": with(sim.Instance{RootDevice: "instance-store"}, action.Start),
		"ec2:StartInstances: the instance is still stopping":       with(sim.Instance{}, action.Start, first(action.Stop)),
		"ec2:StartInstances: the instance is terminated":           with(sim.Instance{}, action.Start, first(action.Terminate), wait(time.Minute)),
		"ec2:StartInstances: EC2 interrupted the spot instance, and only EC2 restarts it": with(sim.Instance{Lifecycle: "spot", Persistent: true}, action.Start,
			func(a *sim.Account, id string) { a.Interrupt(id) }, wait(time.Minute)),

		"ec2:StopInstances: an AWS service runs the instance":                                   with(sim.Instance{Operator: "eks.amazonaws.com"}, action.Stop),
		"ec2:StopInstances: its root device is an instance store":                               with(sim.Instance{RootDevice: "instance-store"}, action.Stop),
		"ec2:StopInstances: the spot instance is of a one-time request":                         with(sim.Instance{Lifecycle: "spot"}, action.Stop),
		"ec2:StopInstances: stop protection is on":                                              with(sim.Instance{StopProtected: true}, action.Stop),
		"ec2:StopInstances: the instance has never been running":                                with(sim.Instance{State: "pending"}, action.Stop),
		"ec2:StopInstances: the instance is terminated":                                         with(sim.Instance{}, action.Stop, first(action.Terminate)),
		"ec2:TerminateInstances: an AWS service runs the instance":                              with(sim.Instance{Operator: "eks.amazonaws.com"}, action.Terminate),
		"ec2:TerminateInstances: termination protection is on":                                  with(sim.Instance{TerminateProtected: true, Zone: "us-east-1f"}, action.Terminate),
		"ec2:TerminateInstances: stop protection is on, which protects against termination too": with(sim.Instance{StopProtected: true, Zone: "us-east-1f"}, action.Terminate),

		"ec2:CreateTags: it has no tags":                          tagging(nil),
		"ec2:CreateTags: a key is empty":                          tagging(tag.Set{"": "x", "Project": "atlas"}),
		"ec2:CreateTags: a key begins with aws:":                  tagging(tag.Set{"Aws:x": "x", "Project": "atlas"}),
		"ec2:CreateTags: a key is longer than 128 characters":     tagging(tag.Set{strings.Repeat("é", 129): "x"}),
		"ec2:CreateTags: a value is longer than 256 characters":   tagging(tag.Set{"Project": strings.Repeat("é", 257)}),
		"ec2:CreateTags: a resource would have more than 50 tags": tagging(tags(50)),
		"ec2:DeleteTags: it names more than 1000 tags":            untagging(strings.Split("Owner"+strings.Repeat(",k", 1000), ",")...),
		"ec2:DeleteTags: a key is empty":                          untagging("Owner", ""),
		"ec2:DeleteTags: a key begins with aws:":                  untagging("Owner", "aws:autoscaling:groupName"),
	}
	for op, k := range map[string]action.Kind{"ec2:StartInstances": action.Start, "ec2:StopInstances": action.Stop,
		"ec2:TerminateInstances": action.Terminate, "ec2:CreateTags": action.Mark, "ec2:DeleteTags": action.Unmark} {
		all[op+": it names no resource"] = raw(execute.Call{Action: k, Tags: tag.Set{"k": "v"}, Keys: []string{"k"}})
		all[op+": it names more than 1000 resources"] = many(k)
		all[op+": an id is malformed"] = do(k, "i-0123")
		all[op+": there is no such instance"] = do(k, absent)
	}
	maps.Copy(all, singleScenes())
	maps.Copy(all, namedScenes())
	maps.Copy(all, taggingScenes())
	for op, k := range map[string]action.Kind{"ec2:CreateTags": action.Tag, "ec2:DeleteTags": action.Untag} {
		for what, prefix := range prefixes {
			all[op+": there is no such "+what] = do(k, prefix+"-0aaaaaaaaaaaaaaaa")
		}
	}
	maps.Copy(all, deletions())
	return all
}

// prefixes are what the ids of each type but instances begin with.
var prefixes = map[string]string{"elastic-ip": "eipalloc", "image": "ami", "network-acl": "acl", "network-interface": "eni",
	"security-group": "sg", "snapshot": "snap", "subnet": "subnet", "volume": "vol", "vpc": "vpc"}

// tags makes n tags.
func tags(n int) tag.Set {
	s := tag.Set{}
	for i := range n {
		s[fmt.Sprintf("k%02d", i)] = "v"
	}
	return s
}

func TestEveryRefusalOfTheTableIsInForceAndChangesNothing(t *testing.T) {
	all := scenes()
	for _, r := range sim.Refusals() {
		name := r.Operation + ": " + r.Condition
		t.Run(name, func(t *testing.T) {
			scene, ok := all[name]
			if !ok {
				t.Fatal("no scene exercises this row")
			}
			delete(all, name)
			a := newAccount()
			err := scene(a)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok {
				t.Fatalf("it answered %v, want a refusal", err)
			}
			got := fault.Error{Class: f.Class, Code: f.Code}
			if want := (fault.Error{Class: r.Class, Code: r.Code}); got != want {
				t.Errorf("it was refused as %+v (%v), want %+v (%s)", got, f, want, r.Page)
			}
			if r.Operation != sim.Any && f.Call != r.Operation || f.Region == "" || f.Message == "" || f.RequestID == "" {
				t.Errorf("the error %#v lacks something or is of another operation", f)
			}
			if !strings.HasPrefix(r.Page, "https://docs.aws.amazon.com/") {
				t.Errorf("the row cites %q", r.Page)
			}
			calls := a.Log()
			if n := len(calls); n > 0 && f.Call == calls[n-1].Operation && len(calls[n-1].Changed) > 0 {
				t.Errorf("it changed %v all the same", calls[n-1].Changed)
			}
			for _, i := range a.Instances() {
				if i.PrivateIP == plainIP && (i.State != "running" || !cmp.Equal(i.TagSet, tag.Set{"Owner": "ana"})) {
					t.Errorf("the plain instance beside it is %s with the tags %v", i.State, i.TagSet)
				}
			}
		})
	}
	for name := range all {
		t.Errorf("the scene %q is of no row", name)
	}
}

// The example of "TerminateInstances" in AWS's reference.
func TestProtectionFromTerminationBlocksItsAvailabilityZoneAlone(t *testing.T) {
	for _, tt := range []struct {
		name      string
		protected sim.Instance
	}{
		{"termination protection", sim.Instance{TerminateProtected: true}},
		{"stop protection", sim.Instance{StopProtected: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount()
			c := tt.protected
			c.Region, c.Zone = home.Region, "us-east-1b"
			ids := []string{
				a.Launch(sim.Instance{Region: home.Region, Zone: "us-east-1a"}),
				a.Launch(sim.Instance{Region: home.Region, Zone: "us-east-1a"}),
				a.Launch(c),
				a.Launch(sim.Instance{Region: home.Region, Zone: "us-east-1b"}),
			}
			err := raw(execute.Call{Action: action.Terminate, IDs: ids})(a)
			if fault.ClassOf(err) != fault.Protected {
				t.Errorf("it answered %v, want class %q", err, fault.Protected)
			}
			want := []string{"shutting-down", "shutting-down", "running", "running"}
			if diff := cmp.Diff(want, states(a, ids...)); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			log := a.Log()
			if diff := cmp.Diff(ids[:2], log[len(log)-1].Changed); diff != "" {
				t.Errorf("the log's changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneBadIDStopsTheTerminationOfEveryZone(t *testing.T) {
	a := newAccount()
	ids := []string{plain(a), a.Launch(sim.Instance{Region: home.Region, TerminateProtected: true}), absent}
	if err := raw(execute.Call{Action: action.Terminate, IDs: ids})(a); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("it answered %v, want class %q", err, fault.NotFound)
	}
	if diff := cmp.Diff([]string{"running", "running"}, states(a, ids[:2]...)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestDeleteTagsWithoutKeysDeletesEveryTagOfTheUser(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, Tags: tag.Set{"Owner": "ana", "aws:autoscaling:groupName": "g"}})
	if err := raw(execute.Call{Action: action.Untag, IDs: []string{id}})(a); err != nil {
		t.Fatal(err)
	}
	i, _ := a.Instance(id)
	if diff := cmp.Diff(tag.Set{"aws:autoscaling:groupName": "g"}, i.TagSet); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestTagsUnderAWSDoNotCountTowardsTheLimit(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, Tags: tag.Set{"aws:autoscaling:groupName": "g"}})
	if err := raw(execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tags(50)})(a); err != nil {
		t.Errorf("50 tags beside one of AWS's: %v", err)
	}
}

func TestTerminatedInstancesCanBeTaggedWhileTheyAreListed(t *testing.T) {
	a := newAccount()
	id := plain(a)
	first(action.Terminate)(a, id)
	a.Clock().Advance(time.Minute)
	c := execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}}
	if err := raw(c)(a); err != nil {
		t.Error(err)
	}
	a.Clock().Advance(sim.Visible)
	if err := raw(c)(a); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("tagging what has vanished answered %v, want class %q", err, fault.NotFound)
	}
}

func TestWhatEC2DoesNotDoIsRefusedWithoutACall(t *testing.T) {
	a := newAccount()
	id := plain(a)
	for name, c := range map[string]execute.Call{
		"notify":          {Action: action.Notify, Type: resource.EC2Instance, At: home, IDs: []string{id}},
		"no action":       {Type: resource.EC2Instance, At: home, IDs: []string{id}},
		"another type":    {Action: action.Stop, Type: resource.EC2Volume, At: home, IDs: []string{id}},
		"another account": {Action: action.Stop, Type: resource.EC2Instance, At: resource.Place{Account: "999988887777", Region: home.Region}, IDs: []string{id}},
	} {
		want := fault.Unsupported
		if name == "another account" {
			want = fault.Invalid
		}
		if _, err := a.Do(ctx, c); fault.ClassOf(err) != want {
			t.Errorf("%s answered %v, want class %q", name, err, want)
		}
	}
	if diff := cmp.Diff([]string{"running"}, states(a, id), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// states returns the states of instances, "" of those that are gone.
func states(a *sim.Account, ids ...string) []string {
	all := make([]string, len(ids))
	for n, id := range ids {
		i, _ := a.Instance(id)
		all[n] = i.State
	}
	return all
}
