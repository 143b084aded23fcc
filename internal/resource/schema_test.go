package resource_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func schema(t *testing.T) *resource.Schema {
	t.Helper()
	s, ok := resource.SchemaOf(resource.EC2Instance)
	if !ok {
		t.Fatal("instances have no schema")
	}
	return s
}

// promised says whether a value is of the Go type that a field type stands for.
func promised(ft resource.FieldType, v any) bool {
	ok := false
	switch ft {
	case resource.String:
		_, ok = v.(string)
	case resource.Bool:
		_, ok = v.(bool)
	case resource.Int:
		_, ok = v.(int)
	case resource.Timestamp:
		_, ok = v.(time.Time)
	case resource.Duration:
		_, ok = v.(time.Duration)
	case resource.StringList:
		_, ok = v.([]string)
	case resource.StringMap:
		_, ok = v.(map[string]string)
	case resource.ParentRef:
		_, ok = v.(resource.Parent)
	case resource.RuleList:
		_, ok = v.([]resource.Rule)
	}
	return ok
}

func TestSchemasAreWholeAndInOrder(t *testing.T) {
	all := resource.Schemas()
	if !slices.IsSortedFunc(all, func(a, b *resource.Schema) int { return strings.Compare(string(a.Type), string(b.Type)) }) {
		t.Error("the types are not sorted")
	}
	for _, s := range all {
		if got, ok := resource.SchemaOf(s.Type); !ok || got != s {
			t.Errorf("%s is not found by its type", s.Type)
		}
		if s.Title == "" || !strings.HasSuffix(s.Doc, ".") || len(s.Actions) == 0 || len(s.Columns) == 0 {
			t.Errorf("%s lacks something: %+v", s.Type, s)
		}
		for i, f := range s.Fields {
			if i > 0 && s.Fields[i-1].Name >= f.Name {
				t.Errorf("%s: field %s comes after %s", s.Type, f.Name, s.Fields[i-1].Name)
			}
			if got, ok := s.Field(f.Name); !ok || got.Doc != f.Doc {
				t.Errorf("%s: field %s is not found by its name", s.Type, f.Name)
			}
			if f.Doc == "" || strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s: field %s is described as %q", s.Type, f.Name, f.Doc)
			}
			if _, ok := need.Of(f.Fact); !ok {
				t.Errorf("%s: field %s needs %q, which has no cost", s.Type, f.Name, f.Fact)
			}
		}
		for _, name := range []string{"", "a", "idd", "zzz", "ID"} {
			if f, ok := s.Field(name); ok {
				t.Errorf("%s has a field %q: %+v", s.Type, name, f)
			}
		}
	}
	if s, ok := resource.SchemaOf("ec2:vol"); ok {
		t.Errorf("a type that is not there has a schema: %+v", s)
	}
}

func TestInstancesHaveTheFieldsOfThePolicyLanguage(t *testing.T) {
	want := map[string]resource.FieldType{
		"id": resource.String, "arn": resource.String, "type": resource.String, "account": resource.String, "region": resource.String,
		"name": resource.String, "tags": resource.StringMap, "untagged": resource.Bool, "created_at": resource.Timestamp, "age": resource.Duration,
		"state": resource.String, "launched_at": resource.Timestamp, "running_for": resource.Duration, "instance_type": resource.String,
		"vpc": resource.String, "vpc_tags": resource.StringMap, "subnet": resource.String, "private_ip": resource.String,
		"public_ip": resource.String, "image": resource.String, "key_name": resource.String, "lifecycle": resource.String,
		"group": resource.String, "managed_by": resource.String, "security_groups": resource.StringList,
		"root_device": resource.String, "volumes": resource.StringList, "parent": resource.ParentRef,
	}
	got := map[string]resource.FieldType{}
	for _, f := range schema(t).Fields {
		got[f.Name] = f.Type
		fact := need.Instances
		if f.Name == "vpc_tags" {
			fact = need.VPCTags
		}
		if f.Fact != fact {
			t.Errorf("%s needs %s, want %s", f.Name, f.Fact, fact)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	actions := []action.Kind{action.Tag, action.Untag, action.RunCommand, action.Invoke, action.Start, action.Isolate, action.Stop, action.Terminate}
	if diff := cmp.Diff(actions, schema(t).Actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func TestFieldsOfAFullInstance(t *testing.T) {
	want := map[string]any{
		"id": "i-0abc", "arn": arn, "type": "ec2:instance", "account": "111122223333", "region": "eu-central-1", "name": "web-1", "untagged": false,
		"tags":       map[string]string{"Name": "web-1", "Owner": "alice", group: "web"},
		"created_at": now.Add(-240 * time.Hour), "age": 240 * time.Hour, "state": "running", "launched_at": now.Add(-36 * time.Hour),
		"running_for": 36 * time.Hour, "instance_type": "m7g.large", "vpc": "vpc-1", "vpc_tags": map[string]string{"Name": "acme"},
		"subnet": "subnet-1", "private_ip": "10.0.0.7", "public_ip": "198.51.100.7", "image": "ami-1", "key_name": "key", "lifecycle": "spot",
		"group": "web", "managed_by": "autoscaling", "security_groups": []string{"sg-1", "sg-2"}, "root_device": "ebs", "volumes": []string{"vol-1"},
		"parent": resource.Parent{Type: "autoscaling:group", ID: "web"},
	}
	got := map[string]any{}
	for _, f := range schema(t).Fields {
		v, err := f.Get(full(), now)
		if err != nil || !promised(f.Type, v) {
			t.Errorf("%s is %T, %v; promised is %s", f.Name, v, err, f.Type)
		}
		got[f.Name] = v
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestFieldsOfAnEmptyInstance(t *testing.T) {
	unknown := map[string]string{
		"created_at": "its creation is not known", "age": "its creation is not known", "launched_at": "its last start is not known",
	}
	for _, f := range schema(t).Fields {
		v, err := f.Get(&resource.Instance{}, now)
		if want := unknown[f.Name]; want != "" {
			if err == nil || err.Error() != want {
				t.Errorf("%s is %v, %v; want the error %q", f.Name, v, err, want)
			}
			_, missing := errors.AsType[*resource.MissingFact](err)
			_, unread := errors.AsType[*resource.UnreadFact](err)
			if missing || unread {
				t.Errorf("%s: fetching or permissions would not help: %v", f.Name, err)
			}
			continue
		}
		if err != nil || !promised(f.Type, v) {
			t.Errorf("%s is %T, %v; promised is %s", f.Name, v, err, f.Type)
		}
	}
}

// get reads one field of an instance.
func get(t *testing.T, i *resource.Instance, name string) (any, error) {
	t.Helper()
	f, ok := schema(t).Field(name)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	return f.Get(i, now)
}

func TestRunningForCountsOnlyWhileItRuns(t *testing.T) {
	i := full()
	for _, state := range []string{"pending", "stopping", "stopped", "shutting-down", "terminated"} {
		i.State = state
		if v, err := get(t, i, "running_for"); v != time.Duration(0) || err != nil {
			t.Errorf("%s: %v, %v", state, v, err)
		}
	}
	i.State, i.LaunchedAt = "running", time.Time{}
	if v, err := get(t, i, "running_for"); err == nil || err.Error() != "its last start is not known" {
		t.Errorf("running since nobody knows when: %v, %v", v, err)
	}
}

func TestVPCTagsAreFetchedWhereThereIsAVPC(t *testing.T) {
	i := full()
	i.VPCTags = resource.Lazy[map[string]string]{}
	_, err := get(t, i, "vpc_tags")
	if m, ok := errors.AsType[*resource.MissingFact](err); !ok || m.Fact != need.VPCTags {
		t.Errorf("not fetched: %v", err)
	}
	i.VPCTags = resource.Unread[map[string]string](errors.New("access denied"))
	_, err = get(t, i, "vpc_tags")
	if u, ok := errors.AsType[*resource.UnreadFact](err); !ok || u.Fact != need.VPCTags {
		t.Errorf("unreadable: %v", err)
	}
	i.VPC = ""
	if v, err := get(t, i, "vpc_tags"); err != nil || !cmp.Equal(v, map[string]string{}) {
		t.Errorf("outside a VPC: %v, %v", v, err)
	}
}

func TestColumns(t *testing.T) {
	launched := func(ago time.Duration, state string) *resource.Instance {
		return &resource.Instance{State: state, LaunchedAt: now.Add(-ago)}
	}
	named := &resource.Instance{Base: resource.Base{TagSet: tag.Set{"Name": "", "Owner": "", "name": "x", "owner": "y"}}}
	paris := full()
	paris.LaunchedAt = paris.LaunchedAt.In(time.FixedZone("", 3600))
	const day = 24 * time.Hour
	tests := []struct {
		name     string
		instance *resource.Instance
		want     []string // launched, type, name, owner, address, days
	}{
		{"full", full(), []string{"2026-11-19 00:00", "m7g.large", "web-1", "alice", "10.0.0.7", "1"}},
		{"empty", &resource.Instance{}, []string{"unknown", "", "Unnamed", "Unknown", "N/A", "0"}},
		{"empty tags count as none, keys in other case do not count", named, []string{"unknown", "", "Unnamed", "Unknown", "N/A", "0"}},
		{"running for 7.9 days", launched(8*day-day/10, "running"), []string{"2026-11-12 14:24", "", "Unnamed", "Unknown", "N/A", "7"}},
		{"running for 8 days", launched(8*day, "running"), []string{"2026-11-12 12:00", "", "Unnamed", "Unknown", "N/A", "8"}},
		{"running for an hour less than a day", launched(23*time.Hour, "running"), []string{"2026-11-19 13:00", "", "Unnamed", "Unknown", "N/A", "0"}},
		{"stopped", launched(8*day, "stopped"), []string{"2026-11-12 12:00", "", "Unnamed", "Unknown", "N/A", "0"}},
		{"running since nobody knows when", &resource.Instance{State: "running"}, []string{"unknown", "", "Unnamed", "Unknown", "N/A", "0"}},
		{"read in another zone", paris, []string{"2026-11-19 00:00", "m7g.large", "web-1", "alice", "10.0.0.7", "1"}},
	}
	var titles []string
	for _, c := range schema(t).Columns {
		titles = append(titles, c.Title)
	}
	if diff := cmp.Diff([]string{"Launched (UTC)", "Type", "Name", "Owner", "Private IP", "Days running"}, titles); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range schema(t).Columns {
				got = append(got, c.Get(tt.instance, now))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}
