package iam_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

const stamps = `version: 1
settings: {exempt: [{tag: SPECIAL_EXCEPTION}]}
access: {owner_key: PrincipalId, protect: [Owner, PrincipalId, SPECIAL_EXCEPTION, tagwarden], require_at_creation: [Project]}
policies:
  - name: stamp
    resource: ec2:instance
    on: created
    mode: enforce
    tags:
      Owner: {value: creator.name, overwrite: true, aliases: [CreatedBy]}
      PrincipalId: {value: creator.principal_id, overwrite: true}
`

// The people of the tests: a user, and two sessions with one role.
const (
	ada   = "AROAEXAMPLE0000000001:ada"
	grace = "AROAEXAMPLE0000000001:grace"
	user  = "AIDAEXAMPLE0000000002"
)

// read is a document as somebody else reads it.
func read(t testing.TB, d *iam.Document) *iamtest.Policy {
	t.Helper()
	b, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	p, err := iamtest.Parse(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return p
}

// people is the managed policy of the policy file's people.
func people(t testing.TB, file string) iamtest.Layer {
	t.Helper()
	d, err := iam.AccessPolicy(load(t, file), iam.Options{Account: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	return iamtest.Layer{read(t, d)}
}

// powers are what somebody is given beside it: everything.
func powers(t testing.TB) *iamtest.Policy {
	t.Helper()
	p, err := iamtest.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func arn(kind, id string) string {
	account := "111122223333"
	if kind == "image" || kind == "snapshot" {
		account = ""
	}
	return "arn:aws:ec2:eu-west-1:" + account + ":" + kind + "/" + id
}

// as is the context of a call by somebody, about something with these tags.
func as(who string, tags map[string]string) iamtest.Context {
	c := iamtest.Context{"aws:userid": {who}}
	for k, v := range tags {
		c["ec2:ResourceTag/"+k] = []string{v}
	}
	return c
}

// sending adds the keys of tags that a call sends, and the call that makes what
// they are for.
func sending(c iamtest.Context, creating string, keys ...string) iamtest.Context {
	if len(keys) > 0 {
		c["aws:TagKeys"] = keys
	}
	for _, k := range keys {
		c["aws:RequestTag/"+k] = []string{"v"}
	}
	if creating != "" {
		c["ec2:CreateAction"] = []string{creating}
	}
	return c
}

func TestPeopleActOnWhatIsTheirsAndForgeNothing(t *testing.T) {
	adas, graces := map[string]string{"PrincipalId": ada, "Owner": "ada"}, map[string]string{"PrincipalId": grace}
	instance, volume, snapshot, image := arn("instance", "i-1"), arn("volume", "vol-1"), arn("snapshot", "snap-1"), arn("image", "ami-1")
	l := people(t, stamps)
	for _, tt := range []struct {
		what, action, resource string
		context                iamtest.Context
		want                   iamtest.Decision
	}{
		{"looks", "ec2:DescribeInstances", "*", as(ada, nil), iamtest.Allowed},
		{"lists groups", "resource-groups:ListGroups", "*", as(ada, nil), iamtest.Allowed},
		{"sees their group", "resource-groups:ListGroupResources", "arn:aws:resource-groups:eu-west-1:111122223333:group/ada", as(ada, nil), iamtest.Allowed},
		{"sees a group of another account", "resource-groups:ListGroupResources", "arn:aws:resource-groups:eu-west-1:999988887777:group/ada", as(ada, nil), iamtest.NotAllowed},

		{"stops their own", "ec2:StopInstances", instance, as(ada, adas), iamtest.Allowed},
		{"stops another's", "ec2:StopInstances", instance, as(ada, graces), iamtest.NotAllowed},
		{"stops nobody's", "ec2:StopInstances", instance, as(ada, nil), iamtest.NotAllowed},
		{"stops what an empty tag says nothing of", "ec2:StopInstances", instance, as(ada, map[string]string{"PrincipalId": ""}), iamtest.NotAllowed},
		{"stops with Owner alone", "ec2:StopInstances", instance, as(ada, map[string]string{"Owner": ada}), iamtest.NotAllowed},
		{"a pattern is no owner", "ec2:StopInstances", instance, as(ada, map[string]string{"PrincipalId": "*"}), iamtest.NotAllowed},
		{"another spelling is no owner", "ec2:StopInstances", instance, as(ada, map[string]string{"PrincipalId": strings.ToUpper(ada)}), iamtest.NotAllowed},
		{"a user stops their own", "ec2:StopInstances", instance, as(user, map[string]string{"PrincipalId": user}), iamtest.Allowed},
		{"in another account", "ec2:StopInstances", strings.Replace(instance, "1111", "9999", 1), as(ada, adas), iamtest.NotAllowed},
		{"starts their own", "ec2:StartInstances", instance, as(ada, adas), iamtest.Allowed},
		{"reboots their own", "ec2:RebootInstances", instance, as(ada, adas), iamtest.Allowed},
		{"reboots another's", "ec2:RebootInstances", instance, as(ada, graces), iamtest.NotAllowed},
		{"terminates their own", "ec2:TerminateInstances", instance, as(ada, adas), iamtest.Allowed},
		{"terminates another's", "ec2:TerminateInstances", instance, as(ada, graces), iamtest.NotAllowed},
		{"deletes their volume", "ec2:DeleteVolume", volume, as(ada, adas), iamtest.Allowed},
		{"deletes another's volume", "ec2:DeleteVolume", volume, as(ada, graces), iamtest.NotAllowed},
		{"detaches their volume", "ec2:DetachVolume", volume, as(ada, adas), iamtest.Allowed},
		{"takes a disk out of another's machine", "ec2:DetachVolume", instance, as(ada, graces), iamtest.NotAllowed},
		{"deletes their snapshot", "ec2:DeleteSnapshot", snapshot, as(ada, adas), iamtest.Allowed},
		{"deletes another's snapshot", "ec2:DeleteSnapshot", snapshot, as(ada, graces), iamtest.NotAllowed},
		{"deregisters their image", "ec2:DeregisterImage", image, as(ada, adas), iamtest.Allowed},
		{"deregisters another's image", "ec2:DeregisterImage", image, as(ada, graces), iamtest.NotAllowed},
		{"copies another's disk: the new snapshot", "ec2:CreateSnapshot", snapshot, as(ada, nil), iamtest.Allowed},
		{"copies another's disk: the disk", "ec2:CreateSnapshot", volume, as(ada, graces), iamtest.NotAllowed},
		{"copies their disk", "ec2:CreateSnapshot", volume, as(ada, adas), iamtest.Allowed},
		{"makes an image of another's machine", "ec2:CreateImage", instance, as(ada, graces), iamtest.NotAllowed},
		{"makes an image of their machine", "ec2:CreateImage", instance, as(ada, adas), iamtest.Allowed},
		{"shares a snapshot", "ec2:ModifySnapshotAttribute", snapshot, as(ada, adas), iamtest.NotAllowed},
		{"changes what keeps it from being stopped", "ec2:ModifyInstanceAttribute", instance, as(ada, adas), iamtest.NotAllowed},

		{"launches", "ec2:RunInstances", instance, as(ada, nil), iamtest.Allowed},
		{"launches from another's image", "ec2:RunInstances", image, as(ada, graces), iamtest.Allowed},
		{"launches with a new interface", "ec2:RunInstances", arn("network-interface", "*"), as(ada, nil), iamtest.Allowed},
		{"launches with their interface", "ec2:RunInstances", arn("network-interface", "eni-1"), as(ada, adas), iamtest.Allowed},
		{"launches with another's interface", "ec2:RunInstances", arn("network-interface", "eni-1"), as(ada, graces), iamtest.NotAllowed},
		{"gives a role to it", "iam:PassRole", "arn:aws:iam::111122223333:role/admin", as(ada, nil), iamtest.NotAllowed},

		{"tags at launch", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "Project", "Name"), iamtest.Allowed},
		{"tags the volumes of a launch", "ec2:CreateTags", volume, sending(as(ada, nil), "RunInstances", "Project"), iamtest.Allowed},
		{"tags a new image", "ec2:CreateTags", image, sending(as(ada, nil), "CreateImage", "Project"), iamtest.Allowed},
		{"forges the owner at launch", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "Project", "PrincipalId"), iamtest.Denied},
		{"in another spelling", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "pRINCIPALiD"), iamtest.Denied},
		{"forges the name at launch", "ec2:CreateTags", volume, sending(as(ada, nil), "RunInstances", "owner"), iamtest.Denied},
		{"by what is renamed to it", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "createdby"), iamtest.Denied},
		{"forges the exemption", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "special_exception"), iamtest.Denied},
		{"forges the mark", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "Tagwarden"), iamtest.Denied},
		{"forges a backup", "ec2:CreateTags", snapshot, sending(as(ada, nil), "CreateSnapshot", "tagwarden:backup-of"), iamtest.Denied},
		{"says it is a launch and sends no tag", "ec2:CreateTags", instance, sending(as(ada, adas), "RunInstances"), iamtest.NotAllowed},

		{"changes the owner", "ec2:CreateTags", instance, sending(as(ada, adas), "", "PrincipalId"), iamtest.Denied},
		{"takes another's over", "ec2:CreateTags", instance, sending(as(ada, graces), "", "PrincipalId"), iamtest.Denied},
		{"exempts their own", "ec2:CreateTags", instance, sending(as(ada, adas), "", "SPECIAL_EXCEPTION"), iamtest.Denied},
		{"tags their own later", "ec2:CreateTags", instance, sending(as(ada, adas), "", "Name"), iamtest.NotAllowed},
		{"tags with nothing", "ec2:CreateTags", instance, as(ada, adas), iamtest.NotAllowed},
		{"deletes the owner", "ec2:DeleteTags", instance, sending(as(ada, adas), "", "PrincipalId"), iamtest.Denied},
		{"deletes the mark", "ec2:DeleteTags", instance, sending(as(ada, adas), "", "tagwarden"), iamtest.Denied},
		{"deletes another tag", "ec2:DeleteTags", instance, sending(as(ada, adas), "", "Name"), iamtest.NotAllowed},
		{"deletes every tag", "ec2:DeleteTags", instance, as(ada, adas), iamtest.Denied},
		{"tags a thing of another account", "ec2:CreateTags", strings.Replace(instance, "1111", "9999", 1), sending(as(ada, nil), "RunInstances", "Name"), iamtest.NotAllowed},
		{"forges the owner of a spot request", "ec2:CreateTags", arn("spot-instances-request", "sir-1"), sending(as(ada, nil), "RunInstances", "PrincipalId"), iamtest.Denied},
		{"forges the owner in a fleet", "ec2:CreateTags", instance, sending(as(ada, nil), "CreateFleet", "PrincipalId"), iamtest.Denied},
		{"launches a fleet", "ec2:CreateFleet", arn("fleet", "fleet-1"), sending(as(ada, nil), "", "Name"), iamtest.NotAllowed},
		{"asks for spot instances", "ec2:RequestSpotInstances", arn("spot-instances-request", "sir-1"), as(ada, nil), iamtest.NotAllowed},
		{"copies another's snapshot and tags it", "ec2:CreateTags", snapshot, sending(as(ada, nil), "CopySnapshot", "PrincipalId"), iamtest.Denied},
		{"tags another's by a launch of their own", "ec2:CreateTags", instance, sending(as(ada, graces), "", "Name"), iamtest.NotAllowed},
		{"by way of the tagging API", "tag:TagResources", "*", sending(as(ada, nil), "", "PrincipalId"), iamtest.NotAllowed},
		{"hides the key among many", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "a", "b", "c", "PRINCIPALID", "d"), iamtest.Denied},
		{"a key that begins like it", "ec2:CreateTags", instance, sending(as(ada, nil), "RunInstances", "PrincipalIds"), iamtest.Allowed},
		{"changes the owner of a volume", "ec2:CreateTags", volume, sending(as(ada, adas), "", "PrincipalId"), iamtest.Denied},
		{"deletes the owner of an image", "ec2:DeleteTags", image, sending(as(ada, adas), "", "principalid"), iamtest.Denied},
		{"attaches another's disk to their machine", "ec2:AttachVolume", volume, as(ada, graces), iamtest.NotAllowed},
		{"swaps the root of another's machine", "ec2:CreateReplaceRootVolumeTask", instance, as(ada, graces), iamtest.NotAllowed},
		{"through a group's instances", "autoscaling:CreateAutoScalingGroup", "*", sending(as(ada, nil), "", "PrincipalId"), iamtest.Denied},
		{"changes the policy", "iam:DetachRolePolicy", "arn:aws:iam::111122223333:role/people", as(ada, nil), iamtest.NotAllowed},
	} {
		r := iamtest.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}
		if got := iamtest.Decide(r, l); got != tt.want {
			t.Errorf("%s (%s on %s): %v, not %v", tt.what, tt.action, tt.resource, got, tt.want)
		}
		// What is denied stays so, whatever else somebody is given.
		want := iamtest.Allowed
		if tt.want == iamtest.Denied {
			want = iamtest.Denied
		}
		if got := iamtest.Decide(r, append(slices.Clone(l), powers(t))); got != want {
			t.Errorf("%s, by somebody with every other right: %v", tt.what, got)
		}
	}
}

// spelling draws some upper and lower case of a key.
func spelling(t *rapid.T, key string) string {
	var b strings.Builder
	for i, r := range key {
		if rapid.Bool().Draw(t, fmt.Sprintf("upper%d", i)) {
			r = unicode.ToUpper(r)
		} else {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// writing draws a call that writes or deletes tags.
var writing = rapid.SampledFrom([]string{"ec2:CreateTags", "ec2:DeleteTags", "rds:AddTagsToResource", "rds:RemoveTagsFromResource",
	"autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags", "lambda:TagResource", "lambda:UntagResource",
	"dynamodb:TagResource", "dynamodb:UntagResource"})

func TestNobodyWritesAProtectedTagInAnySpelling(t *testing.T) {
	protected := []string{"Owner", "PrincipalId", "SPECIAL_EXCEPTION", "tagwarden", "CreatedBy", "tagwarden:backup-of", "tagwarden:sizes"}
	l := append(people(t, stamps), powers(t))
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z:_-]{1,20}`), 0, 5).Draw(t, "others")
		at := rapid.IntRange(0, len(keys)).Draw(t, "at")
		keys = slices.Insert(keys, at, spelling(t, rapid.SampledFrom(protected).Draw(t, "key")))
		who := rapid.SampledFrom([]string{ada, grace, user}).Draw(t, "who")
		owner := map[string]string{"PrincipalId": rapid.SampledFrom([]string{ada, grace, user, "", "*"}).Draw(t, "owner")}
		creating := rapid.SampledFrom([]string{"", "RunInstances", "CreateVolume", "CreateSnapshot", "CreateSnapshots", "CreateImage", "CopyImage"}).Draw(t, "creating")
		resource := arn(rapid.SampledFrom([]string{"instance", "volume", "snapshot", "image", "network-interface", "vpc"}).Draw(t, "kind"), "x")
		r := iamtest.Request{Action: writing.Draw(t, "action"), Resource: resource, Context: sending(as(who, owner), creating, keys...)}
		if got := iamtest.Decide(r, l); got != iamtest.Denied {
			t.Errorf("%s with %q: %v", r.Action, keys, got)
		}
	})
}

func TestAnyOtherTagCanBeSetAtLaunch(t *testing.T) {
	protected := []string{"Owner", "PrincipalId", "SPECIAL_EXCEPTION", "tagwarden", "CreatedBy", "tagwarden:backup-of", "tagwarden:sizes"}
	l := people(t, stamps)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.StringMatching(`[A-Za-z:_ -]{1,20}`), rapid.Map(rapid.SampledFrom(protected), func(k string) string { return k + "s" })).
			Filter(func(k string) bool {
				return !slices.ContainsFunc(protected, func(p string) bool { return strings.EqualFold(p, k) })
			}).Draw(t, "key")
		r := iamtest.Request{Action: "ec2:CreateTags", Resource: arn("instance", "*"), Context: sending(as(ada, nil), "RunInstances", key)}
		if got := iamtest.Decide(r, l); got != iamtest.Allowed {
			t.Errorf("%q: %v", key, got)
		}
	})
}

// Whoever somebody is, they act on what has their aws:userid and on nothing else.
func TestOnlyTheWholeIdentityIsTheOwner(t *testing.T) {
	l := people(t, stamps)
	id := rapid.StringMatching(`(AROA|AIDA)[A-B]{2}(:[a-bA-B*?${}+=,.@-]{2,6})?`)
	rapid.Check(t, func(t *rapid.T) {
		who, owner := id.Draw(t, "who"), id.Draw(t, "owner")
		if rapid.Bool().Draw(t, "same") {
			owner = who
		}
		action := rapid.SampledFrom([]string{"ec2:StopInstances", "ec2:StartInstances", "ec2:RebootInstances", "ec2:TerminateInstances", "ec2:AttachVolume"}).Draw(t, "action")
		r := iamtest.Request{Action: action, Resource: arn("instance", "i-1"), Context: as(who, map[string]string{"PrincipalId": owner})}
		if got := iamtest.Decide(r, l); (got == iamtest.Allowed) != (who == owner) {
			t.Errorf("%s by %q of what %q owns: %v", action, who, owner, got)
		}
	})
}

func TestThePeoplesPolicyAllowsNoActionWhole(t *testing.T) {
	d, err := iam.AccessPolicy(load(t, stamps), iam.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Size(); n > iam.MaxDocument {
		t.Errorf("%d characters", n)
	}
	for _, s := range d.Statement {
		for _, a := range s.Action {
			if strings.Contains(a, "*") && a != "ec2:Describe*" {
				t.Errorf("%s: %s", s.Sid, a)
			}
		}
		if s.Effect == "Allow" && slices.Contains(s.Resource, "*") && s.Sid != "Look" {
			t.Errorf("%s is on every resource", s.Sid)
		}
	}
}

// People are in every region, wherever tagwarden reads.
func TestThePeoplesPolicyIsOfNoRegion(t *testing.T) {
	narrow := strings.Replace(stamps, "settings: {", "settings: {regions: [us-east-1], ", 1)
	r := iamtest.Request{Action: "ec2:StopInstances", Resource: arn("instance", "i-1"), Context: as(ada, map[string]string{"PrincipalId": ada})}
	if got := iamtest.Decide(r, people(t, narrow)); got != iamtest.Allowed {
		t.Errorf("elsewhere: %v", got)
	}
	r.Context = sending(r.Context, "", "PrincipalId")
	r.Action = "ec2:CreateTags"
	if got := iamtest.Decide(r, append(people(t, narrow), powers(t))); got != iamtest.Denied {
		t.Errorf("the owner's tag elsewhere: %v", got)
	}
}

func TestWhatCannotBeAPolicyForPeople(t *testing.T) {
	long := strings.Replace(stamps, "tagwarden]", "tagwarden", 1)
	var more strings.Builder
	for i := range 60 {
		fmt.Fprintf(&more, ", %s%d", strings.Repeat("k", 100), i)
	}
	long = strings.Replace(long, "tagwarden, require", "tagwarden"+more.String()+"], require", 1)
	if _, err := iam.AccessPolicy(load(t, long), iam.Options{}); err == nil || !strings.Contains(err.Error(), "a managed policy holds 6144") {
		t.Errorf("too long: %v", err)
	}
	none := load(t, "version: 1\npolicies: [{name: p, resource: ec2:instance, tags: {A: {}}}]\n")
	_, err := iam.AccessPolicy(none, iam.Options{})
	_, cerr := iam.CreationPolicies(none, iam.Options{}, nil)
	_, terr := iam.CostTags(none)
	for _, err := range []error{err, cerr, terr} {
		if !errors.Is(err, iam.ErrNoAccess) {
			t.Errorf("without the section: %v", err)
		}
	}
}
