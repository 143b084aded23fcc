package iam_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// organization are the service control policies of a file below the one that
// allows everything, which are one layer, and an administrator's own policy.
func organization(t testing.TB, file string, exempt ...string) []iamtest.Layer {
	t.Helper()
	docs, err := iam.CreationPolicies(load(t, file), iam.Options{}, exempt)
	if err != nil {
		t.Fatal(err)
	}
	control := iamtest.Layer{powers(t)}
	for i := range docs {
		b, err := docs[i].Control()
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCount(b); n > iam.MaxControl {
			t.Errorf("%d characters", n)
		}
		p, err := iamtest.Parse(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		control = append(control, p)
	}
	return []iamtest.Layer{control, {powers(t)}}
}

// by is the context of a call by somebody with a role, who sends tags.
func by(role string, tags map[string]string) iamtest.Context {
	c := iamtest.Context{"aws:PrincipalArn": {"arn:aws:iam::111122223333:role/" + role}}
	for k, v := range tags {
		c["aws:TagKeys"] = append(c["aws:TagKeys"], k)
		c["aws:RequestTag/"+k] = []string{v}
	}
	return c
}

func TestNothingIsMadeWithoutItsTags(t *testing.T) {
	project := map[string]string{"Project": "apollo", "Name": "x"}
	l := organization(t, stamps, "tagwarden", "arn:aws:iam::444455556666:role/ci/*")
	for _, tt := range []struct {
		what, action, kind string
		context            iamtest.Context
		want               iamtest.Decision
	}{
		{"a launch", "ec2:RunInstances", "instance", by("dev", nil), iamtest.Denied},
		{"a launch with the tag", "ec2:RunInstances", "instance", by("dev", project), iamtest.Allowed},
		{"a launch with others", "ec2:RunInstances", "instance", by("dev", map[string]string{"Name": "x"}), iamtest.Denied},
		{"a launch with it in another spelling", "ec2:RunInstances", "instance", by("dev", map[string]string{"project": "apollo"}), iamtest.Denied},
		{"a launch with it empty", "ec2:RunInstances", "instance", by("dev", map[string]string{"Project": ""}), iamtest.Denied},
		{"the image of a launch", "ec2:RunInstances", "image", by("dev", nil), iamtest.Allowed},
		{"the subnet of a launch", "ec2:RunInstances", "subnet", by("dev", nil), iamtest.Allowed},
		{"the volumes of a launch", "ec2:RunInstances", "volume", by("dev", nil), iamtest.Allowed},
		{"the snapshot of a launch", "ec2:RunInstances", "snapshot", by("dev", nil), iamtest.Allowed},
		{"the interface of a launch", "ec2:RunInstances", "network-interface", by("dev", nil), iamtest.Allowed},
		{"a volume", "ec2:CreateVolume", "volume", by("dev", nil), iamtest.Denied},
		{"a volume with the tag", "ec2:CreateVolume", "volume", by("dev", project), iamtest.Allowed},
		{"the snapshot that a volume is made of", "ec2:CreateVolume", "snapshot", by("dev", nil), iamtest.Allowed},
		{"a snapshot", "ec2:CreateSnapshot", "snapshot", by("dev", nil), iamtest.Denied},
		{"a snapshot with the tag", "ec2:CreateSnapshot", "snapshot", by("dev", project), iamtest.Allowed},
		{"the volume that a snapshot is of", "ec2:CreateSnapshot", "volume", by("dev", nil), iamtest.Allowed},
		{"snapshots", "ec2:CreateSnapshots", "snapshot", by("dev", nil), iamtest.Denied},
		{"the instance that snapshots are of", "ec2:CreateSnapshots", "instance", by("dev", nil), iamtest.Allowed},
		{"the volumes that snapshots are of", "ec2:CreateSnapshots", "volume", by("dev", nil), iamtest.Allowed},
		{"an image", "ec2:CreateImage", "image", by("dev", nil), iamtest.Denied},
		{"an image with the tag", "ec2:CreateImage", "image", by("dev", project), iamtest.Allowed},
		{"the instance that an image is of", "ec2:CreateImage", "instance", by("dev", nil), iamtest.Allowed},
		{"the snapshots of an image", "ec2:CreateImage", "snapshot", by("dev", nil), iamtest.Allowed},

		{"a stop", "ec2:StopInstances", "instance", by("dev", nil), iamtest.Allowed},
		{"a look", "ec2:DescribeInstances", "instance", by("dev", nil), iamtest.Allowed},
		{"a tag later", "ec2:CreateTags", "instance", by("dev", map[string]string{"Name": "x"}), iamtest.Allowed},
		{"something else that is made", "ec2:CreateVpc", "vpc", by("dev", nil), iamtest.Allowed},

		{"a backup by tagwarden", "ec2:CreateSnapshot", "snapshot", by("tagwarden", nil), iamtest.Allowed},
		{"a launch by a service", "ec2:RunInstances", "instance", by("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", nil), iamtest.Allowed},
		{"a launch by somebody called like it", "ec2:RunInstances", "instance", by("tagwarden-dev", nil), iamtest.Denied},
		{"a launch by somebody in a folder", "ec2:RunInstances", "instance", by("dev/tagwarden", nil), iamtest.Denied},
		{"a launch by a role of another account", "ec2:RunInstances", "instance", by("ci/build", nil), iamtest.Denied},
		{"a launch by nobody in particular", "ec2:RunInstances", "instance", iamtest.Context{}, iamtest.Denied},
	} {
		r := iamtest.Request{Action: tt.action, Resource: arn(tt.kind, "x"), Context: tt.context}
		if got := iamtest.Decide(r, l...); got != tt.want {
			t.Errorf("%s (%s on %s): %v, not %v", tt.what, tt.action, tt.kind, got, tt.want)
		}
	}
}

func TestAnEmptyValueWillDoWhereThePoliciesTakeIt(t *testing.T) {
	file := strings.Replace(stamps, "    tags:\n", "    tags:\n      Project: {allow_empty: true}\n", 1)
	l := organization(t, file)
	for value, want := range map[string]iamtest.Decision{"": iamtest.Allowed, "x": iamtest.Allowed} {
		r := iamtest.Request{Action: "ec2:RunInstances", Resource: arn("instance", "*"), Context: by("dev", map[string]string{"Project": value})}
		if got := iamtest.Decide(r, l...); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
	r := iamtest.Request{Action: "ec2:RunInstances", Resource: arn("instance", "*"), Context: by("dev", nil)}
	if got := iamtest.Decide(r, l...); got != iamtest.Denied {
		t.Errorf("without it: %v", got)
	}
}

// What may be made is what has all required tags, whatever other tags it has and
// however many documents say so.
func TestAllRequiredTagsAreDemanded(t *testing.T) {
	required := []string{"Project", "Team", "CostCenter", "Environment", "Data-Class", "app:id"}
	l := organization(t, strings.Replace(stamps, "[Project]", "["+strings.Join(required, ", ")+"]", 1), "tagwarden")
	if len(l[0]) < 3 {
		t.Fatalf("%d documents hold %d tags", len(l[0])-1, len(required))
	}
	made := map[string]string{"ec2:RunInstances": "instance", "ec2:CreateVolume": "volume", "ec2:CreateSnapshot": "snapshot", "ec2:CreateSnapshots": "snapshot", "ec2:CreateImage": "image"}
	rapid.Check(t, func(t *rapid.T) {
		tags := map[string]string{}
		missing := rapid.SampledFrom([]string{"", "", "absent", "empty", "spelled"}).Draw(t, "missing")
		which := rapid.SampledFrom(required).Draw(t, "which")
		for _, k := range required {
			switch {
			case k != which || missing == "":
				tags[k] = "v"
			case missing == "empty":
				tags[k] = ""
			case missing == "spelled":
				tags[strings.ToUpper(k)] = "v"
			}
		}
		tags[rapid.StringMatching(`x[a-z]{1,9}`).Draw(t, "more")] = ""
		action := rapid.SampledFrom([]string{"ec2:RunInstances", "ec2:CreateVolume", "ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CreateImage"}).Draw(t, "action")
		r := iamtest.Request{Action: action, Resource: arn(made[action], "*"), Context: by("dev", tags)}
		if got := iamtest.Decide(r, l...); (got == iamtest.Allowed) != (missing == "") {
			t.Errorf("%s with %v: %v", action, tags, got)
		}
	})
}

func TestAServiceControlPolicyOnlyTakes(t *testing.T) {
	docs, err := iam.CreationPolicies(load(t, stamps), iam.Options{}, []string{"tagwarden"})
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for _, s := range docs[0].Statement {
		if s.Effect != "Deny" || slices.ContainsFunc(slices.Concat(s.Action, s.Resource), func(x string) bool { return x == "*" }) {
			t.Errorf("%s %s %v on %v", s.Sid, s.Effect, s.Action, s.Resource)
		}
	}
}

func TestWhatCannotBeDemanded(t *testing.T) {
	if _, err := iam.CreationPolicies(load(t, strings.Replace(stamps, ", require_at_creation: [Project]", "", 1)), iam.Options{}, nil); !errors.Is(err, iam.ErrNothingRequired) {
		t.Error(err)
	}
	for _, role := range []string{"", "a b", "*", "role/*", "/x", "arn:aws:iam::1:role/x", "arn:aws:iam::*:user/x", strings.Repeat("r", 65)} {
		if _, err := iam.CreationPolicies(load(t, stamps), iam.Options{}, []string{role}); err == nil || !strings.Contains(err.Error(), "is not the name of a role") {
			t.Errorf("%q: %v", role, err)
		}
	}
	many := slices.Repeat([]string{"arn:aws:iam::111122223333:role/" + strings.Repeat("r", 64)}, 60)
	if _, err := iam.CreationPolicies(load(t, stamps), iam.Options{}, many); err == nil || !strings.Contains(err.Error(), "exempt fewer roles") {
		t.Errorf("%v", err)
	}
}
