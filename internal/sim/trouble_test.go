package sim_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// classes makes a call so many times and returns how each ended.
func classes(n int, call func() error) []fault.Class {
	var all []fault.Class
	for range n {
		all = append(all, fault.ClassOf(call()))
	}
	return all
}

func wantClasses(t *testing.T, got []fault.Class, want ...fault.Class) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

func TestADeniedOperationIsDeniedUntilItIsMended(t *testing.T) {
	a := newAccount()
	id := plain(a)
	stop := func() error { return raw(execute.Call{Action: action.Stop, IDs: []string{id}})(a) }
	a.Deny("ec2:StopInstances")
	wantClasses(t, classes(2, stop), fault.Denied, fault.Denied)
	if got := states(a, id)[0]; got != "running" {
		t.Errorf("it is %s", got)
	}
	if err := list(a); err != nil {
		t.Errorf("another operation: %v", err)
	}
	a.Mend()
	wantClasses(t, classes(1, stop), "")
}

func TestTheFirstCallsAreThrottled(t *testing.T) {
	a := newAccount()
	a.Throttle("ec2:DescribeInstances", 2)
	wantClasses(t, classes(3, func() error { return list(a) }), fault.Throttled, fault.Throttled, "")
}

func TestARegionThatIsCutOffLeavesTheOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		cut  func(*sim.Account, string)
		want fault.Class
	}{
		"unreachable": {(*sim.Account).Unreachable, fault.Unreachable},
		"timing out":  {(*sim.Account).TimeOut, fault.TimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			id := a.Launch(sim.Instance{Region: "ap-south-1"})
			tt.cut(a, "ap-south-1")
			stop := func() error {
				_, err := a.Do(ctx, execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: mumbai, IDs: []string{id}})
				return err
			}
			get := func() error {
				_, err := a.Get(ctx, mumbai, resource.EC2Instance, []string{id})
				return err
			}
			wantClasses(t, append(classes(1, stop), classes(1, get)...), tt.want, tt.want)
			if got := states(a, id)[0]; got != "running" {
				t.Errorf("it is %s", got)
			}
			if err := list(a); err != nil {
				t.Errorf("the other region: %v", err)
			}
			if _, err := a.Regions(ctx); err != nil {
				t.Errorf("listing the regions: %v", err)
			}
		})
	}
}

func TestPagesBeforeTheFailingOneStand(t *testing.T) {
	a := newAccount()
	a.SetPageSize(2)
	for range 6 {
		plain(a)
	}
	a.FailPages(home.Region, 2)
	got := 0
	err := a.List(ctx, home, resource.EC2Instance, func(rs []resource.Resource) error { got += len(rs); return nil })
	if fault.ClassOf(err) != fault.Passing || got != 4 {
		t.Errorf("it handed over %d instances and returned %v; want 4 and class %q", got, err, fault.Passing)
	}
	rs, err := a.Get(ctx, home, resource.EC2Instance, []string{absent})
	if err != nil || len(rs) != 0 {
		t.Errorf("Get: %v, %v", rs, err)
	}
}

func TestALostAnswerDoesNotSayWhetherTheCallWasCarriedOut(t *testing.T) {
	for _, tt := range []struct {
		name string
		done bool
		want string
	}{{"carried out", true, "stopping"}, {"not carried out", false, "running"}} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount()
			id := plain(a)
			a.LoseAnswers("ec2:StopInstances", 1, tt.done)
			answer, err := a.Do(ctx, execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: home, IDs: []string{id}})
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Class != fault.TimedOut || f.Code != "" || f.RequestID != "" || answer.Previous != nil {
				t.Errorf("it answered %+v, %#v", answer, err)
			}
			if got := states(a, id)[0]; got != tt.want {
				t.Errorf("it is %s, want %s", got, tt.want)
			}
			if log := a.Log(); len(log[0].Changed) > 0 != tt.done || log[0].Class != fault.TimedOut {
				t.Errorf("the log says %+v", log[0])
			}
			wantClasses(t, classes(1, func() error { return raw(execute.Call{Action: action.Stop, IDs: []string{id}})(a) }), "")
		})
	}
}

func TestTheLogHasEveryCallThatWasToChangeSomething(t *testing.T) {
	a := newAccount()
	id := plain(a)
	for _, c := range []execute.Call{
		{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}},
		{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}},
		{Action: action.Untag, IDs: []string{id}, Keys: []string{"Owner"}},
		{Action: action.Start, IDs: []string{absent}},
	} {
		_ = raw(c)(a) // the last one fails; the log says so
	}
	at, base := sim.DemoStart(), sim.Entry{At: sim.DemoStart(), Region: home.Region, IDs: []string{id}, Tags: tag.Set{}}
	if !base.At.Equal(at) {
		t.Fatal("the clock moved")
	}
	with := func(change func(*sim.Entry)) sim.Entry { e := base; change(&e); return e }
	want := []sim.Entry{
		with(func(e *sim.Entry) {
			e.Operation, e.Tags, e.Changed = "ec2:CreateTags", tag.Set{"Project": "atlas"}, []string{id}
			e.RequestID = "00000000-0000-4000-8000-000000000001"
		}),
		with(func(e *sim.Entry) {
			e.Operation, e.Tags = "ec2:CreateTags", tag.Set{"Project": "atlas"}
			e.RequestID = "00000000-0000-4000-8000-000000000002"
		}),
		with(func(e *sim.Entry) {
			e.Operation, e.Keys, e.Changed = "ec2:DeleteTags", []string{"Owner"}, []string{id}
			e.RequestID = "00000000-0000-4000-8000-000000000003"
		}),
		with(func(e *sim.Entry) {
			e.Operation, e.IDs, e.Code, e.Class = "ec2:StartInstances", []string{absent}, "InvalidInstanceID.NotFound", fault.NotFound
			e.RequestID = "00000000-0000-4000-8000-000000000004"
		}),
	}
	if diff := cmp.Diff(want, a.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestSomebodyElseCanChangeTagsBesideTheCalls(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, Tags: tag.Set{"Owner": "ana", "aws:autoscaling:groupName": "g"}})
	if !a.SetTags(id, tag.Set{"Project": "atlas"}) || a.SetTags(absent, nil) {
		t.Error("SetTags does not tell whether there is such an instance")
	}
	i, _ := a.Instance(id)
	if diff := cmp.Diff(tag.Set{"Project": "atlas", "aws:autoscaling:groupName": "g"}, i.TagSet); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if len(a.Log()) != 0 || len(a.Calls()) != 0 {
		t.Errorf("log %v, calls %v; want neither", a.Log(), a.Calls())
	}
}
