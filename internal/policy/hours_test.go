package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestHoursAreThoseOfTheFileOrOfTheTag(t *testing.T) {
	file := "version: 1\nsettings: {zone: Asia/Tokyo}\npolicies:\n" +
		"  - {name: one, resource: ec2:instance, hours: {default: 'Mon-Fri 08:00-19:00', zone: Europe/Berlin, holidays: DE, tag: Schedule}, enforce: [stop: {at: close}]}\n" +
		"  - {name: two, resource: ec2:instance, hours: {default: never}, enforce: [{stop: {at: close}}, {start: {at: open, only: stopped_by_us}}]}\n" +
		"  - {name: three, resource: ec2:instance, tags: {K: }, hours: {default: never}, enforce: [stop: {at: close}]}\n"
	set, said := load(file)
	if set == nil || said != "" {
		t.Fatal(said)
	}
	one, two := set.Policies[0], set.Policies[1]
	if h := one.Hours.Default; h.Week.String() != "Mon-Fri 08:00-19:00" || h.Zone.String() != "Europe/Berlin" || h.Holidays.String() != "DE" {
		t.Errorf("hours: %v in %v, holidays %v", h.Week, h.Zone, h.Holidays)
	}
	if h := two.Hours.Default; h.Zone.String() != "Asia/Tokyo" || h.Holidays.Holiday(2026, time.December, 25) || two.Hours.Tag != "" {
		t.Errorf("what is not given: %+v", two.Hours)
	}
	if s := two.Steps[1]; s.At != Open || !s.Ours || two.Steps[0].At != Close || two.Steps[0].Ours {
		t.Errorf("steps: %+v", two.Steps)
	}
	if !one.Timed() || !two.Timed() || set.Policies[2].Timed() {
		t.Error("a policy that does nothing but keep hours is not told from one with rules")
	}

	own, err := one.Hours.Of(tag.Set{"Schedule": "always"})
	if err != nil || own.Week.String() != "always" || own.Zone != one.Hours.Default.Zone || own.Holidays.String() != "DE" {
		t.Errorf("of the tag: %+v, %v", own, err)
	}
	for _, tags := range []tag.Set{nil, {"Schedule": ""}, {"schedule": "always"}} {
		if own, err := one.Hours.Of(tags); err != nil || own.Week != one.Hours.Default.Week {
			t.Errorf("%v: %+v, %v", tags, own, err)
		}
	}
	if _, err := one.Hours.Of(tag.Set{"Schedule": "x\n"}); err == nil || !strings.Contains(err.Error(), `tag Schedule is "x\n", which is no hours`) {
		t.Errorf("a tag that is none: %v", err)
	}
	if own, err := two.Hours.Of(tag.Set{"": "x"}); err != nil || own.Week.String() != "never" {
		t.Errorf("without a tag of its own: %+v, %v", own, err)
	}
}
