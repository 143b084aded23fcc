package aws

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// threePages answers 3000 instances over four pages, the second of them empty.
func threePages(t testing.TB) func(int, request) reply {
	pages := map[string]reply{
		"":  instancesPage(0, 1000, "a"),
		"a": instancesPage(0, 0, "b"),
		"b": instancesPage(1000, 1400, "c"),
		"c": instancesPage(1400, 3000, ""),
	}
	return func(_ int, r request) reply {
		if r.Get("MaxResults") != "1000" || r.Get("IncludeManagedResources") != "true" || r.Get("InstanceId.1") != "" || r.Get("Filter.1.Name") != "" {
			t.Errorf("asked %v", r.Values)
		}
		return pages[r.Get("NextToken")]
	}
}

func TestListFollowsEveryPageThroughShortAndEmptyOnes(t *testing.T) {
	isolate(t)
	s, _ := open(t, threePages(t))
	ids, sizes := map[string]bool{}, []int{}
	err := s.Source().List(t.Context(), place, resource.EC2Instance, func(rs []resource.Resource) error {
		sizes = append(sizes, len(rs))
		for _, r := range rs {
			ids[r.Ref().ID] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{1000, 0, 400, 1600}, sizes); d != "" || len(ids) != 3000 {
		t.Errorf("%d instances on pages of %v", len(ids), sizes)
	}
}

func TestListEndsWhenATokenComesBack(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(n int, _ request) reply { return instancesPage(0, 1, []string{"a", "b"}[n%2]) })
	err := s.Source().List(t.Context(), place, resource.EC2Instance, func([]resource.Resource) error { return nil })
	if fault.ClassOf(err) != fault.Other || len(fake.calls()) != 3 {
		t.Errorf("%v after %d calls", err, len(fake.calls()))
	}
}

func TestPagesReadBeforeAFailureStand(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(n int, _ request) reply {
		if n == 2 {
			return ec2Error(403, "UnauthorizedOperation", "no more")
		}
		return instancesPage(0, 10, "a")
	})
	seen := 0
	err := s.Source().List(t.Context(), place, resource.EC2Instance, func(rs []resource.Resource) error {
		seen += len(rs)
		return nil
	})
	if fault.ClassOf(err) != fault.Denied || seen != 10 {
		t.Errorf("%d instances and %v", seen, err)
	}
}

func TestAnErrorOfTheCallbackEndsTheListingAsItIs(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return instancesPage(0, 10, "a") })
	enough := errors.New("enough")
	err := s.Source().List(t.Context(), place, resource.EC2Instance, func([]resource.Resource) error { return enough })
	if err != enough || len(fake.calls()) != 1 {
		t.Errorf("%v after %d calls", err, len(fake.calls()))
	}
}

func TestWhatCannotBeReadIsRefusedWithoutACall(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{} })
	never := func([]resource.Resource) error { return nil }
	tests := map[string]struct {
		at resource.Place
		t  resource.Type
	}{
		"another type":        {place, "a queue"},
		"no region":           {resource.Place{Account: "111122223333"}, resource.EC2Instance},
		"no region's name":    {resource.Place{Region: "evil.example.com/"}, resource.EC2Instance},
		"a name of dashes":    {resource.Place{Region: "-eu-west-1"}, resource.EC2Instance},
		"an upper-case name":  {resource.Place{Region: "EU-WEST-1"}, resource.EC2Instance},
		"a name with a break": {resource.Place{Region: "eu-west-1\n"}, resource.EC2Instance},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := s.Source().List(t.Context(), tt.at, tt.t, never); fault.ClassOf(err) != fault.Invalid {
				t.Errorf("List: %v", err)
			}
			if _, err := s.Source().Get(t.Context(), tt.at, tt.t, []string{"i-1"}); fault.ClassOf(err) != fault.Invalid {
				t.Errorf("Get: %v", err)
			}
		})
	}
	if len(fake.calls()) != 0 {
		t.Errorf("it called %v", fake.calls())
	}
}

// Whatever is asked for, no request goes out without a filter of ids: EC2
// would answer with the whole account.
func TestGetNeverAsksForEverything(t *testing.T) {
	isolate(t)
	rapid.Check(t, func(rt *rapid.T) {
		ids := rapid.SliceOfN(rapid.SampledFrom(manyIDs), 0, 700).Draw(rt, "ids")
		var asked []string
		s, _ := open(t, func(_ int, r request) reply {
			n := 0
			for ; r.Get(fmt.Sprintf("Filter.1.Value.%d", n+1)) != ""; n++ {
				asked = append(asked, r.Get(fmt.Sprintf("Filter.1.Value.%d", n+1)))
			}
			if n == 0 || n > maxFilterValues || r.Get("Filter.1.Name") != "instance-id" || r.Get("IncludeManagedResources") != "true" {
				rt.Errorf("asked with %d ids: %v", n, r.Values)
			}
			return instancesPage(0, 0, "")
		})
		if _, err := s.Source().Get(t.Context(), place, resource.EC2Instance, ids); err != nil {
			rt.Error(err)
		}
		want := distinct(ids)
		slices.Sort(asked)
		if !slices.Equal(want, asked) {
			rt.Errorf("asked for %d of %d ids", len(asked), len(want))
		}
	})
}

var manyIDs = func() []string {
	ids := []string{""}
	for n := range 900 {
		ids = append(ids, fmt.Sprintf("i-%017x", n))
	}
	return ids
}()

func TestGetFollowsPages(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(n int, _ request) reply { return instancesPage(n*10, n*10+10, []string{"", "a", ""}[n]) })
	rs, err := s.Source().Get(t.Context(), place, resource.EC2Instance, []string{"i-1", "i-2"})
	if err != nil || len(rs) != 20 {
		t.Errorf("%d instances, %v", len(rs), err)
	}
}

func TestRegionsAreSortedAndThoseThatAreEnabled(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		if r.Get("AllRegions") != "" {
			t.Error("it asked for those that are not enabled too")
		}
		return ec2Answer("DescribeRegions", `<regionInfo><item><regionName>us-east-1</regionName></item><item/><item><regionName>eu-west-1</regionName></item></regionInfo>`)
	})
	got, err := s.Source().Regions(t.Context())
	if d := cmp.Diff([]string{"eu-west-1", "us-east-1"}, got); d != "" || err != nil {
		t.Error(err, d)
	}
	if host := fake.requests[0].URL.Host; host != "ec2.eu-west-1.amazonaws.com" {
		t.Errorf("asked %s", host)
	}
}

// BenchmarkListPage reads a page of 1000 instances with ten tags each.
func BenchmarkListPage(b *testing.B) {
	isolate(b)
	page := instancesPage(0, 1000, "")
	s, _ := open(b, func(int, request) reply { return page })
	s.limits.of(place.Region, callInstances).requests.SetLimit(rate.Inf)
	b.SetBytes(int64(len(page.body)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := s.Source().List(b.Context(), place, resource.EC2Instance, func(rs []resource.Resource) error {
			n += len(rs)
			return nil
		})
		if err != nil || n != 1000 {
			b.Fatal(n, err)
		}
	}
}
