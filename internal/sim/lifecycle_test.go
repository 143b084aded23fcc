package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var ctx = context.Background()

func TestStatesFollowACallInTime(t *testing.T) {
	type step struct {
		after time.Duration // since the step before
		do    action.Kind   // 0: nothing
		want  string
	}
	s := time.Second
	for _, tt := range []struct {
		name  string
		start string
		steps []step
	}{
		{"a stop", "running", []step{{0, action.Stop, "stopping"}, {29 * s, 0, "stopping"}, {s, 0, "stopped"}, {time.Hour, 0, "stopped"}}},
		{"a stop of what is stopping", "running", []step{{0, action.Stop, "stopping"}, {20 * s, action.Stop, "stopping"}, {10 * s, 0, "stopped"}}},
		{"a stop of what is stopped", "stopped", []step{{0, action.Stop, "stopped"}}},
		{"a start", "stopped", []step{{0, action.Start, "pending"}, {29 * s, 0, "pending"}, {s, 0, "running"}}},
		{"a start of what runs", "running", []step{{0, action.Start, "running"}}},
		{"a launch", "pending", []step{{0, 0, "pending"}, {30 * s, 0, "running"}}},
		{"a stop of what is being started again", "stopped", []step{{0, action.Start, "pending"}, {s, action.Stop, "stopping"}, {29 * s, 0, "stopping"}, {s, 0, "stopped"}}},
		{"a stop of a launch that has run", "pending", []step{{30 * s, action.Stop, "stopping"}, {30 * s, action.Start, "pending"}, {s, action.Stop, "stopping"}}},
		{"a termination", "running", []step{{0, action.Terminate, "shutting-down"}, {30 * s, 0, "terminated"}, {time.Hour - s, 0, "terminated"}, {s, 0, ""}}},
		{"a termination of what is stopped", "stopped", []step{{0, action.Terminate, "shutting-down"}, {30 * s, 0, "terminated"}}},
		{"a termination of what is stopping", "running", []step{{0, action.Stop, "stopping"}, {10 * s, action.Terminate, "shutting-down"}, {20 * s, 0, "shutting-down"}, {10 * s, 0, "terminated"}}},
		{"a second termination", "running", []step{{0, action.Terminate, "shutting-down"}, {s, action.Terminate, "shutting-down"}, {29 * s, action.Terminate, "terminated"}}},
		{"a long wait", "running", []step{{0, action.Terminate, "shutting-down"}, {24 * time.Hour, 0, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount()
			id := a.Launch(sim.Instance{Region: home.Region, State: tt.start})
			for n, st := range tt.steps {
				a.Clock().Advance(st.after)
				if st.do != 0 {
					if err := raw(execute.Call{Action: st.do, IDs: []string{id}})(a); err != nil {
						t.Fatalf("step %d: %v", n, err)
					}
				}
				if got := states(a, id)[0]; got != st.want {
					t.Errorf("step %d: it is %q, want %q", n, got, st.want)
				}
			}
		})
	}
}

func TestAStopTakesThePublicAddressAndAStartIsANewLaunchTime(t *testing.T) {
	a := newAccount()
	created := sim.DemoStart().Add(-100 * time.Hour)
	id := a.Launch(sim.Instance{Region: home.Region, LaunchedAt: created, PrivateIP: "10.0.0.7", PublicIP: "203.0.113.9"})
	first(action.Stop)(a, id)
	a.Clock().Advance(time.Minute)
	if i, _ := a.Instance(id); i.PublicIP != "" || i.PrivateIP != "10.0.0.7" {
		t.Errorf("stopped, its addresses are %q and %q", i.PublicIP, i.PrivateIP)
	}
	first(action.Start)(a, id)
	i, _ := a.Instance(id)
	if i.PublicIP == "" || i.PublicIP == "203.0.113.9" || i.PrivateIP != "10.0.0.7" {
		t.Errorf("started again, its addresses are %q and %q", i.PublicIP, i.PrivateIP)
	}
	if !i.LaunchedAt.Equal(a.Clock().Now()) || !i.CreatedAt.Equal(created) {
		t.Errorf("launched at %v and created at %v, want now and %v", i.LaunchedAt, i.CreatedAt, created)
	}
}

func TestATerminatedInstanceHasLostItsNetworkAndVolumes(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, VPC: "vpc-abc123c1", Subnet: "subnet-1", PrivateIP: "10.0.0.7",
		SecurityGroups: []string{"sg-1"}, Tags: tag.Set{"Name": "x"}})
	first(action.Terminate)(a, id)
	a.Clock().Advance(time.Minute)
	i, _ := a.Instance(id)
	got := []any{i.VPC, i.Subnet, i.PrivateIP, len(i.SecurityGroups), len(i.Volumes), i.CreatedAt.IsZero(), i.TagSet["Name"]}
	if diff := cmp.Diff([]any{"", "", "", 0, 0, true, "x"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// member launches a member of an Auto Scaling group.
func member(a *sim.Account) string {
	return a.Launch(sim.Instance{Region: home.Region, Zone: "us-east-1b", InstanceType: "m7g.large", VPC: "vpc-abc123c1", Subnet: "subnet-1",
		PrivateIP: "10.0.0.4", PublicIP: "203.0.113.9", Tags: tag.Set{"Name": "web", "aws:autoscaling:groupName": "web-asg"}, TerminateProtected: true})
}

func TestAnAutoScalingGroupReplacesAMemberThatWasStopped(t *testing.T) {
	a := newAccount()
	old := member(a)
	if err := raw(execute.Call{Action: action.Tag, IDs: []string{old}, Tags: tag.Set{"Project": "atlas"}})(a); err != nil {
		t.Fatal(err)
	}
	first(action.Stop)(a, old)
	a.Clock().Advance(sim.Transition)
	if got := states(a, old)[0]; got != "stopped" {
		t.Errorf("before the group looks it is %s", got)
	}
	a.Clock().Advance(sim.HealthCheck)
	all := a.Instances()
	if len(all) != 2 {
		t.Fatalf("there are %d instances, want the old and a new one", len(all))
	}
	was, is := all[0], all[1]
	if was.State != "shutting-down" || is.State != "pending" || !is.LaunchedAt.Equal(sim.DemoStart().Add(sim.Transition+sim.HealthCheck)) {
		t.Errorf("the old one is %s, the new one %s since %v", was.State, is.State, is.LaunchedAt)
	}
	if diff := cmp.Diff(tag.Set{"Name": "web", "aws:autoscaling:groupName": "web-asg"}, is.TagSet); diff != "" {
		t.Errorf("the new one's tags are not the group's (-want +got):\n%s", diff)
	}
	if is.InstanceType != was.InstanceType || is.Subnet != was.Subnet || is.Reference.ID == old || is.PrivateIP != "10.0.0.5" || is.PublicIP == "203.0.113.9" {
		t.Errorf("the new one is %+v", is)
	}
	a.Clock().Advance(48 * time.Hour)
	if all := a.Instances(); len(all) != 1 || all[0].State != "running" {
		t.Errorf("two days later there are %d instances", len(all))
	}
}

func TestAnAutoScalingGroupReplacesAMemberThatWasTerminated(t *testing.T) {
	a := newAccount()
	old := member(a)
	a.Protect(old, false, false)
	first(action.Terminate)(a, old)
	a.Clock().Advance(3 * time.Minute)
	if all := a.Instances(); len(all) != 2 || all[1].State != "running" || all[1].Group() != "web-asg" {
		t.Errorf("there are %+v", all)
	}
}

func TestAMemberStartedBeforeItsGroupLooksIsKept(t *testing.T) {
	a := newAccount()
	id := member(a)
	first(action.Stop)(a, id)
	a.Clock().Advance(sim.Transition)
	first(action.Start)(a, id)
	a.Clock().Advance(time.Hour)
	if all := a.Instances(); len(all) != 1 || all[0].State != "running" {
		t.Errorf("there are %+v", all)
	}
}

func TestAMemberThatWasPutThereStoppedIsLeftAlone(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, State: "stopped", Tags: tag.Set{"aws:autoscaling:groupName": "g"}})
	a.Clock().Advance(time.Hour)
	if got := states(a, id)[0]; got != "stopped" || len(a.Instances()) != 1 {
		t.Errorf("it is %q, of %d instances", got, len(a.Instances()))
	}
}

func TestAnInterruptedSpotInstanceCanStillBeTerminated(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, Lifecycle: "spot", Persistent: true})
	if !a.Interrupt(id) || a.Interrupt(id) || a.Interrupt(plain(a)) {
		t.Error("only a running spot instance of a persistent request is interrupted")
	}
	a.Clock().Advance(time.Minute)
	first(action.Terminate)(a, id)
	if got := states(a, id)[0]; got != "shutting-down" {
		t.Errorf("it is %s", got)
	}
}

func TestTheClockMovesOnlyWhenTold(t *testing.T) {
	c := newAccount().Clock()
	c.Advance(time.Hour)
	if want := sim.DemoStart().Add(time.Hour); !c.Now().Equal(want) {
		t.Errorf("Now() = %v, want %v", c.Now(), want)
	}
	c.Set(sim.DemoStart())
	if !c.Now().Equal(sim.DemoStart()) {
		t.Errorf("Now() = %v, want %v", c.Now(), sim.DemoStart())
	}
}

func TestWhatHappenedStaysWhenTheClockIsSetBack(t *testing.T) {
	a := newAccount()
	id := plain(a)
	first(action.Stop)(a, id)
	a.Clock().Advance(time.Hour)
	if got := states(a, id)[0]; got != "stopped" {
		t.Fatalf("it is %s", got)
	}
	a.Clock().Set(sim.DemoStart())
	if got := states(a, id)[0]; got != "stopped" {
		t.Errorf("set back, it is %s", got)
	}
}

func TestImpossibleLaunchesPanic(t *testing.T) {
	a := newAccount()
	for name, i := range map[string]sim.Instance{
		"no region":                  {},
		"malformed id":               {Region: home.Region, ID: "web-1"},
		"taken id":                   {Region: home.Region, ID: plain(a)},
		"51 tags":                    {Region: home.Region, Tags: tags(51)},
		"protected spot":             {Region: home.Region, Lifecycle: "spot", TerminateProtected: true},
		"stop-protected store":       {Region: home.Region, RootDevice: "instance-store", StopProtected: true},
		"persistent but not of spot": {Region: home.Region, Persistent: true},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was launched")
				}
			}()
			a.Launch(i)
		})
	}
}
