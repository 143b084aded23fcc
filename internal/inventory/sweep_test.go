package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

const account = "111122223333"

var types = []resource.Type{resource.EC2Instance}

func TestRegions(t *testing.T) {
	aws := sim.New(account, time.Unix(0, 0))
	aws.AddRegion("us-east-1")
	aws.AddRegion("ap-south-1")
	denied := sim.New(account, time.Unix(0, 0))
	denied.Deny("ec2:DescribeRegions")
	tests := []struct {
		name     string
		src      inventory.Source
		ask, set []string
		def      string
		want     []string
		fails    bool
	}{
		{"the configuration's", aws, nil, nil, "eu-west-1", []string{"eu-west-1"}, false},
		{"the settings' win over it", aws, nil, []string{"b", "a"}, "eu-west-1", []string{"a", "b"}, false},
		{"what was asked for wins over both", aws, []string{"c"}, []string{"b"}, "eu-west-1", []string{"c"}, false},
		{"named twice", aws, []string{"c", "c"}, nil, "", []string{"c"}, false},
		{"all", aws, nil, []string{"all"}, "", []string{"ap-south-1", "us-east-1"}, false},
		{"all, and not allowed to ask", denied, nil, []string{"all"}, "", nil, true},
		{"none", aws, nil, nil, "", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := inventory.Regions(t.Context(), tt.src, tt.ask, tt.set, tt.def)
			if (err != nil) != tt.fails {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("regions (-want +got):\n%s", diff)
			}
		})
	}
}

// count is how many resources of each region a sweep hands over.
func count(t *testing.T, src inventory.Source, regions ...string) (map[string]int, []inventory.Unread) {
	t.Helper()
	var mu sync.Mutex
	got := map[string]int{}
	unread, err := inventory.Sweep(t.Context(), src, inventory.Places(account, regions), types, func(at resource.Place, rs []resource.Resource) error {
		mu.Lock()
		defer mu.Unlock()
		got[at.Region] += len(rs)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, unread
}

func TestEveryPageOfEveryRegionIsRead(t *testing.T) {
	defer goleak.VerifyNone(t)
	aws := sim.Large(3000, "us-east-1", "ap-south-1")
	aws.SetPageSize(400)
	got, unread := count(t, aws, "us-east-1", "ap-south-1")
	if diff := cmp.Diff(map[string]int{"us-east-1": 1500, "ap-south-1": 1500}, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if len(unread) != 0 {
		t.Errorf("unread: %v", unread)
	}
	if calls := aws.Calls()["ec2:DescribeInstances"]; calls != 8 {
		t.Errorf("%d calls for two times 1500 instances in pages of 400, want 8", calls)
	}
}

func TestARegionThatFailsDoesNotStopTheOthers(t *testing.T) {
	defer goleak.VerifyNone(t)
	aws := sim.Large(3000, "us-east-1", "ap-south-1")
	aws.SetPageSize(400)
	aws.FailPages("ap-south-1", 2)
	got, unread := count(t, aws, "us-east-1", "ap-south-1")
	if diff := cmp.Diff(map[string]int{"us-east-1": 1500, "ap-south-1": 800}, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if len(unread) != 1 || unread[0].At.Region != "ap-south-1" || unread[0].Call() != "ec2:DescribeInstances" {
		t.Errorf("unread: %v", unread)
	}
}

func TestAnErrorOfThePageFunctionEndsTheSweep(t *testing.T) {
	defer goleak.VerifyNone(t)
	broken := errors.New("broken")
	_, err := inventory.Sweep(t.Context(), sim.Large(100, "us-east-1", "ap-south-1"), inventory.Places(account, []string{"us-east-1", "ap-south-1"}), types,
		func(resource.Place, []resource.Resource) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestTheEndOfTheContextEndsTheSweep(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := inventory.Sweep(ctx, sim.Large(100, "us-east-1"), inventory.Places(account, []string{"us-east-1"}), types,
		func(resource.Place, []resource.Resource) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestUnreadWithoutAServicesErrorNamesTheType(t *testing.T) {
	u := inventory.Unread{Type: resource.EC2Instance, Err: fmt.Errorf("no idea")}
	if got := u.Call(); got != "list ec2:instance" {
		t.Errorf("call %q", got)
	}
}
