package iam_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func TestAGroupHasWhatItsOwnerMade(t *testing.T) {
	set := load(t, stamps)
	got, err := iam.Groups(set, []string{user, "", ada, user})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d templates, %v", len(got), err)
	}
	b, err := json.Marshal(got[0])
	if err != nil {
		t.Fatal(err)
	}
	const group = `"Owner%[1]s":{"Type":"AWS::ResourceGroups::Group","Properties":{"Name":"owner-%[2]s-%[1]s","Description":"What belongs to %[2]s.",` +
		`"ResourceQuery":{"Type":"TAG_FILTERS_1_0","Query":{"ResourceTypeFilters":["AWS::AllSupported"],"TagFilters":[{"Key":"PrincipalId","Values":["%[3]s"]}]}}}}`
	want := `{"AWSTemplateFormatVersion":"2010-09-09","Description":"A resource group for each owner, by tag.","Resources":{` +
		fmt.Sprintf(group, "80b4bd613ff75ac5", user, user) + "," + fmt.Sprintf(group, "b1d1a50b46b0c638", "ada", ada) + `}}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
	if none, err := iam.Groups(set, []string{""}); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
}

var groupName = regexp.MustCompile(`^owner-[a-zA-Z0-9_.-]{1,122}$`)

// Whatever a tag says, its group has a name that AWS takes and that is no other's.
func TestEveryOwnerHasAGroupOfTheirOwn(t *testing.T) {
	set := load(t, stamps)
	rapid.Check(t, func(t *rapid.T) {
		owners := rapid.SliceOfNDistinct(rapid.StringN(1, 256, -1), 1, 20, rapid.ID[string]).Draw(t, "owners")
		templates, err := iam.Groups(set, owners)
		if err != nil {
			t.Fatal(err)
		}
		var of, names []string
		for _, one := range templates {
			for _, r := range one.Resources {
				name := r.Properties.Name
				if !groupName.MatchString(name) {
					t.Errorf("a group is called %q", name)
				}
				names = append(names, name)
				of = append(of, r.Properties.ResourceQuery.Query.TagFilters[0].Values...)
			}
		}
		slices.Sort(names)
		if n := len(slices.Compact(names)); n != len(owners) {
			t.Errorf("%d names of %d owners", n, len(owners))
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(owners)), slices.Sorted(slices.Values(of))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMoreOwnersThanAStackHoldsAreSeveralTemplates(t *testing.T) {
	var owners []string
	for i := range 1001 {
		owners = append(owners, fmt.Sprintf("AIDA%d", i))
	}
	templates, err := iam.Groups(load(t, stamps), owners)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, one := range templates {
		if len(one.Resources) > 500 {
			t.Errorf("%d groups in one", len(one.Resources))
		}
		total += len(one.Resources)
	}
	if len(templates) != 3 || total != len(owners) {
		t.Errorf("%d templates with %d groups", len(templates), total)
	}
}

func TestOwnersAreFoundWhereTheirTagIsWritten(t *testing.T) {
	set := load(t, `version: 1
access: {}
policies:
  - {name: a, resource: [ec2:instance, ec2:security-group], on: created, children: [network_interfaces], tags: {PrincipalId: {value: creator.principal_id, overwrite: true}}}
  - {name: b, resource: [any], tags: {PrincipalId: {}}}
  - {name: c, resource: ec2:vpc, tags: {Owner: {}}}
`)
	want := []resource.Type{resource.EC2Image, resource.EC2Instance, resource.EC2NetworkInterface, resource.EC2SecurityGroup, resource.EC2Snapshot, resource.EC2Volume}
	if diff := cmp.Diff(want, iam.OwnedTypes(set)); diff != "" {
		t.Error(diff)
	}
}
