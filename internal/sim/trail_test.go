package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// told are the events of a look-up: who, what was made, and how long before the
// demo's start.
func told(t *testing.T, a *sim.Account, event string, from, to time.Time) (list []string, pages int) {
	t.Helper()
	err := a.Lookup(t.Context(), home, event, from, to, func(es []creators.Event) error {
		pages++
		for _, e := range es {
			r, err := creation.Parse(e.Record)
			if err != nil {
				return err
			}
			c, ignored := r.Creation()
			if ignored != nil || !r.Time.Equal(e.Time) || r.Account != sim.DemoAccount {
				t.Errorf("%s made nothing: %v", e.Record, ignored)
				continue
			}
			list = append(list, fmt.Sprint(r.CreatedBy().Kind, " ", r.CreatedBy().Name, " ", c.Made[0].Ref.ID, " ", sim.DemoStart().Sub(e.Time)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, pages
}

func TestTheEventHistoryTellsNewestFirstWhatWasDelivered(t *testing.T) {
	a := newAccount()
	launch := func(n int, by sim.Who, age time.Duration) {
		a.Launch(sim.Instance{ID: fmt.Sprintf("i-0000000%d", n), Region: home.Region, LaunchedAt: sim.DemoStart().Add(-age), By: by})
	}
	launch(1, sim.Person("ada@example.com"), time.Hour)
	launch(2, sim.User("bob"), 2*time.Hour)
	launch(3, sim.Role("ci"), time.Hour)
	launch(4, sim.Service("autoscaling.amazonaws.com"), 30*time.Minute)
	launch(5, sim.User("eve"), creators.Reach+time.Second) // too old
	launch(6, sim.User("eve"), sim.Delivery-time.Second)   // not yet
	launch(7, sim.Who{}, time.Hour)                        // nobody tells
	a.Launch(sim.Instance{Region: "ap-south-1", By: sim.User("eve"), LaunchedAt: sim.DemoStart().Add(-time.Hour)})
	got, _ := told(t, a, "RunInstances", time.Time{}, sim.DemoStart())
	want := []string{"service autoscaling.amazonaws.com i-00000004 30m0s", "role ci i-00000003 1h0m0s", "person ada@example.com i-00000001 1h0m0s", "person bob i-00000002 2h0m0s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// From is in it and to is not.
	got, _ = told(t, a, "RunInstances", sim.DemoStart().Add(-2*time.Hour), sim.DemoStart().Add(-time.Hour))
	if diff := cmp.Diff(want[3:], got); diff != "" {
		t.Errorf("of an hour (-want +got)\n%s", diff)
	}
}

func TestTheEventHistoryHasEveryTypeOfThing(t *testing.T) {
	for _, typ := range []resource.Type{resource.EC2ElasticIP, resource.EC2Image, resource.EC2NetworkACL, resource.EC2NetworkInterface, resource.EC2SecurityGroup,
		resource.EC2Snapshot, resource.EC2Subnet, resource.EC2Volume, resource.EC2VPC} {
		a := newAccount()
		id := a.Add(blank(t, typ))
		if !a.MadeBy(id, sim.DemoStart().Add(-time.Hour), sim.User("ada")) {
			t.Errorf("%s: no call makes one", typ)
			continue
		}
		found := false
		for _, k := range creation.ByType(typ) {
			list, _ := told(t, a, k.Name, time.Time{}, sim.DemoStart())
			found = found || len(list) == 1 && strings.Contains(list[0], "ada "+id)
		}
		if !found {
			t.Errorf("%s: nobody tells who made %s", typ, id)
		}
	}
	if newAccount().MadeBy("vol-00000000", sim.DemoStart(), sim.User("ada")) {
		t.Error("somebody made what is not there")
	}
}

func TestTheEventHistoryComesInPagesOfFiftyAndCanFail(t *testing.T) {
	a := newAccount()
	for range 101 {
		a.Launch(sim.Instance{Region: home.Region, By: sim.User("ada"), LaunchedAt: sim.DemoStart().Add(-time.Hour)})
	}
	list, pages := told(t, a, "RunInstances", time.Time{}, sim.DemoStart())
	if len(list) != 101 || pages != 3 || a.Calls()["cloudtrail:LookupEvents"] != 3 {
		t.Errorf("%d events on %d pages, %v", len(list), pages, a.Calls())
	}
	a.FailPages(home.Region, 1)
	pages = 0
	err := a.Lookup(t.Context(), home, "RunInstances", time.Time{}, sim.DemoStart(), func([]creators.Event) error { pages++; return nil })
	if pages != 1 || fault.ClassOf(err) != fault.Passing {
		t.Errorf("after %d pages: %v", pages, err)
	}
	a.Mend()
	a.Deny("cloudtrail:LookupEvents")
	if err := a.Lookup(t.Context(), home, "RunInstances", time.Time{}, sim.DemoStart(), nil); fault.ClassOf(err) != fault.Denied {
		t.Errorf("denied: %v", err)
	}
}
