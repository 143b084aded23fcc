package sim_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestTheDemoIsTheSameEveryTime(t *testing.T) {
	if diff := cmp.Diff(facts(sim.Demo()), facts(sim.Demo())); diff != "" {
		t.Errorf("two demos differ:\n%s", diff)
	}
}

// facts writes every instance of an account as text.
func facts(a *sim.Account) []string {
	var all []string
	for _, i := range a.Instances() {
		all = append(all, fmt.Sprintf("%+v", i))
	}
	return all
}

func TestTheDemoHasEveryKindOfInstance(t *testing.T) {
	a := sim.Demo()
	now := a.Clock().Now()
	if want := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC); !now.Equal(want) {
		t.Errorf("its clock begins at %v, want %v", now, want)
	}
	all := a.Instances()
	if n := len(all); n < 55 || n > 70 {
		t.Errorf("it has %d instances, want about sixty", n)
	}
	untagged := func(low, high time.Duration) func(resource.Instance) bool {
		return func(i resource.Instance) bool {
			_, has := i.TagSet["Project"]
			age := now.Sub(i.LaunchedAt)
			return i.State == "running" && !has && i.ManagedBy() == "" && age >= low && age < high
		}
	}
	has := func(key string) func(resource.Instance) bool {
		return func(i resource.Instance) bool { _, ok := i.TagSet[key]; return ok }
	}
	value := func(key, part string) func(resource.Instance) bool {
		return func(i resource.Instance) bool { return strings.Contains(i.TagSet[key], part) }
	}
	for name, is := range map[string]func(resource.Instance) bool{
		"complete in us-east-1":    func(i resource.Instance) bool { return i.Reference.Region == "us-east-1" && complete(i) },
		"complete in ap-south-1":   func(i resource.Instance) bool { return i.Reference.Region == "ap-south-1" && complete(i) },
		"untagged for hours":       untagged(0, span.Day),
		"untagged for days":        untagged(span.Day, 7*span.Day),
		"untagged for 7.9 days":    untagged(7*span.Day+21*time.Hour, 8*span.Day),
		"untagged for 8–13 days":   untagged(8*span.Day, 14*span.Day),
		"untagged for 14 days":     untagged(14*span.Day, 15*span.Day),
		"untagged for months":      untagged(60*span.Day, 999*span.Day),
		"without any tag":          func(i resource.Instance) bool { return len(i.TagSet) == 0 },
		"Project empty":            func(i resource.Instance) bool { v, ok := i.TagSet["Project"]; return ok && v == "" },
		"costcenter":               has("costcenter"),
		"cost-center":              has("cost-center"),
		"aliases that disagree":    func(i resource.Instance) bool { return has("costcenter")(i) && has("cost-center")(i) },
		"case drift in a key":      has("project"),
		"case drift in a value":    value("Env", "Prod"),
		"stopped":                  func(i resource.Instance) bool { return i.State == "stopped" },
		"terminated":               func(i resource.Instance) bool { return i.State == "terminated" },
		"Auto Scaling, complete":   func(i resource.Instance) bool { return i.Group() != "" && complete(i) },
		"Auto Scaling, untagged":   func(i resource.Instance) bool { return i.Group() != "" && !complete(i) },
		"karpenter":                func(i resource.Instance) bool { return i.ManagedBy() == "karpenter" },
		"EKS node group":           has("eks:nodegroup-name"),
		"AWS-managed":              func(i resource.Instance) bool { return i.Operator == "eks.amazonaws.com" },
		"one-time spot":            func(i resource.Instance) bool { return i.Lifecycle == "spot" && !protection(a, i).PersistentSpot },
		"persistent spot":          func(i resource.Instance) bool { return protection(a, i).PersistentSpot },
		"instance store":           func(i resource.Instance) bool { return i.RootDevice == "instance-store" },
		"stop protection":          func(i resource.Instance) bool { return protection(a, i).Stop },
		"termination protection":   func(i resource.Instance) bool { return protection(a, i).Terminate },
		"exempt":                   has("SPECIAL_EXCEPTION"),
		"kept until a date":        value("KeepUntil", "2026-07-15"),
		"kept until no date":       value("KeepUntil", "quarter"),
		"kept for too long":        value("KeepUntil", "2031"),
		"kept until a past date":   value("KeepUntil", "2026-05-20"),
		"prod":                     value("Env", "prod"),
		"dev":                      value("Env", "dev"),
		"an owner with an address": value("Owner", "@example.com"),
		"an owner with a name":     value("Owner", "rahul"),
		"50 tags":                  func(i resource.Instance) bool { return len(i.TagSet.User()) == tag.MaxPerResource },
		"markup":                   value("Name", "<script>alert(1)</script>"),
		"a terminal's escape":      value("Note", "\x1b[31m"),
		"a formula":                value("Owner", "=cmd|' /C calc'!A0"),
		"right-to-left override":   value("Order", "\u202e"),
		"emoji":                    value("Mood", "🚀"),
		"no VPC":                   func(i resource.Instance) bool { return i.VPC == "" && i.State == "running" },
		"started again":            func(i resource.Instance) bool { return i.CreatedAt.Before(i.LaunchedAt) && !i.CreatedAt.IsZero() },
	} {
		n := 0
		for _, i := range all {
			if is(i) {
				n++
			}
		}
		if n == 0 {
			t.Errorf("no instance of the demo is: %s", name)
		}
	}
}

// complete says whether an instance has the five tags.
func complete(i resource.Instance) bool {
	for _, k := range []string{"Project", "Owner", "CostCenter", "Env", "Team"} {
		if i.TagSet[k] == "" {
			return false
		}
	}
	return true
}

func protection(a *sim.Account, i resource.Instance) resource.Protection {
	a.Fill(ctx, i.Ref().Place(), need.Protection, []resource.Resource{&i})
	p, err := i.Protected.Get(need.Protection)
	if err != nil {
		panic(err)
	}
	return p
}

func TestTheDemoIsPlausible(t *testing.T) {
	a := sim.Demo()
	id := regexp.MustCompile(`^i-0[0-9a-f]{16}$`)
	addresses := map[string]bool{"": true}
	for _, i := range a.Instances() {
		ref := i.Ref()
		if !id.MatchString(ref.ID) || ref.Account != "111122223333" || ref.ARN != resource.InstanceARN(ref.Region, ref.Account, ref.ID) {
			t.Errorf("its reference is %+v", ref)
		}
		if !i.LaunchedAt.Before(a.Clock().Now()) {
			t.Errorf("%s was launched at %v", ref.ID, i.LaunchedAt)
		}
		if ip, err := netip.ParseAddr(i.PrivateIP); i.VPC != "" && (err != nil || !ip.IsPrivate() || addresses[i.PrivateIP]) {
			t.Errorf("%s has the address %q, which is wrong or taken", ref.ID, i.PrivateIP)
		}
		addresses[i.PrivateIP] = true
		if err := tag.Fits(nil, tag.Diff{Set: i.TagSet.User()}); err != nil {
			t.Errorf("%s: %v", ref.ID, err)
		}
	}
}

func TestLargeIsAMixOverItsRegions(t *testing.T) {
	a := sim.Large(3000)
	for _, at := range []resource.Place{home, mumbai} {
		if diff := cmp.Diff([]int{1000, 500}, sizes(pages(t, a, at, nil))); diff != "" {
			t.Errorf("pages of %s (-want +got):\n%s", at, diff)
		}
	}
	bad := map[string]int{}
	addresses := map[string]bool{}
	for _, i := range a.Instances() {
		addresses[i.PrivateIP] = true
		if !complete(i) {
			bad[i.Reference.Region]++
			if age := a.Clock().Now().Sub(i.LaunchedAt); i.State != "running" || age != 20*span.Day {
				t.Errorf("a violating one is %s for %v", i.State, age)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"us-east-1": 15, "ap-south-1": 15}, bad); diff != "" {
		t.Errorf("violating (-want +got):\n%s", diff)
	}
	if len(addresses) != 3000 {
		t.Errorf("they have %d addresses", len(addresses))
	}
}

func TestLargeTakesRegions(t *testing.T) {
	got, err := sim.Large(5, "eu-west-1", "eu-west-2", "eu-west-3").Regions(ctx)
	if diff := cmp.Diff([]string{"eu-west-1", "eu-west-2", "eu-west-3"}, got); err != nil || diff != "" {
		t.Errorf("Regions (-want +got), %v:\n%s", err, diff)
	}
}

func TestTheDemoHasSomethingOfEveryType(t *testing.T) {
	a := sim.Demo()
	var orphans, attached int
	for _, s := range resource.Schemas() {
		n := 0
		for _, region := range []string{"us-east-1", "ap-south-1"} {
			err := a.List(ctx, resource.Place{Account: sim.DemoAccount, Region: region}, s.Type, func(rs []resource.Resource) error {
				for _, r := range rs {
					n++
					if v, ok := r.(*resource.Volume); ok && v.Attached() {
						attached++
					} else if ok {
						orphans++
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n == 0 {
			t.Errorf("it has no %s", s.Type)
		}
	}
	if attached < 50 || orphans < 3 {
		t.Errorf("%d volumes are attached, %d are not", attached, orphans)
	}
}
