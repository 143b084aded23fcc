package tag_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// few draws tags from few keys and values, so that two sets overlap.
func few() *rapid.Generator[tag.Set] {
	return rapid.Custom(func(t *rapid.T) tag.Set {
		return rapid.MapOf(
			rapid.SampledFrom([]string{"", "Name", "name", "Owner", "Project", "aws:x", "AWS:y", "tagwarden", "größe"}),
			rapid.SampledFrom([]string{"", "a", "b", " "}),
		).Draw(t, "tags")
	})
}

func TestApplyingTheComparisonGivesTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := few().Draw(t, "from"), few().Draw(t, "to")
		before, target := a.Clone(), b.Clone()
		d := tag.Compare(a, b)
		if diff := cmp.Diff(b, d.Apply(a)); diff != "" {
			t.Fatalf("%v applied (-want +got):\n%s", d, diff)
		}
		if diff := cmp.Diff(before, a) + cmp.Diff(target, b); diff != "" {
			t.Fatalf("comparing or applying changed its input:\n%s", diff)
		}
		if d.Empty() != cmp.Equal(a, b) {
			t.Fatalf("%v is empty: %v", d, d.Empty())
		}
	})
}

func TestAComparisonSaysNothingNeedless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := few().Draw(t, "from"), few().Draw(t, "to")
		d := tag.Compare(a, b)
		for k, v := range d.Set {
			if old, ok := a[k]; ok && old == v {
				t.Fatalf("sets %q to what it is", k)
			}
		}
		for _, k := range d.Delete {
			_, had := a[k]
			_, sets := d.Set[k]
			if !had || sets {
				t.Fatalf("deletes %q: there before %v, set too %v", k, had, sets)
			}
		}
		if !slices.IsSorted(d.Delete) || len(slices.Compact(slices.Clone(d.Delete))) != len(d.Delete) {
			t.Fatalf("deleted keys in no order or twice: %q", d.Delete)
		}
	})
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name     string
		from, to tag.Set
		want     tag.Diff
	}{
		{"both nil", nil, nil, tag.Diff{}},
		{"nil and empty", nil, tag.Set{}, tag.Diff{}},
		{"an empty value is a value", nil, tag.Set{"a": ""}, tag.Diff{Set: tag.Set{"a": ""}}},
		{"an empty value is not a missing one", tag.Set{"a": ""}, nil, tag.Diff{Delete: []string{"a"}}},
		{"case matters", tag.Set{"owner": "x"}, tag.Set{"Owner": "x"}, tag.Diff{Set: tag.Set{"Owner": "x"}, Delete: []string{"owner"}}},
		{"changed, kept, added, deleted", tag.Set{"a": "1", "b": "1", "d": "1", "c": "1"}, tag.Set{"a": "2", "b": "1", "e": "1"},
			tag.Diff{Set: tag.Set{"a": "2", "e": "1"}, Delete: []string{"c", "d"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tag.Compare(tt.from, tt.to)); diff != "" {
				t.Errorf("the change (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyDeletesAfterItSets(t *testing.T) {
	have := tag.Set{"a": "1", "b": "1"}
	d := tag.Diff{Set: tag.Set{"a": "2", "c": "3"}, Delete: []string{"a", "nowhere"}}
	if diff := cmp.Diff(tag.Set{"b": "1", "c": "3"}, d.Apply(have)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	if got := (tag.Diff{}).Apply(nil); got == nil || len(got) != 0 {
		t.Errorf("nothing applied to nil: %#v", got)
	}
}

func TestACloneSharesNothingAndIsNeverNil(t *testing.T) {
	s := tag.Set{"a": "1"}
	s.Clone()["a"] = "2"
	if s["a"] != "1" {
		t.Error("a write to the clone reached the set")
	}
	if tag.Set(nil).Clone() == nil {
		t.Error("the clone of nil is nil")
	}
}

func TestUserTagsAreAllButReservedOnes(t *testing.T) {
	s := tag.Set{"aws:autoscaling:groupName": "web", "AWS:x": "1", "aWs:": "2", "aws": "3", "awsome:": "4", " aws:": "5", "xaws:y": "6", "": "7"}
	want := tag.Set{"aws": "3", "awsome:": "4", " aws:": "5", "xaws:y": "6", "": "7"}
	if diff := cmp.Diff(want, s.User()); diff != "" {
		t.Errorf("user tags (-want +got):\n%s", diff)
	}
	if len(s) != 8 {
		t.Error("User changed the set")
	}
}

func TestKeysAreSorted(t *testing.T) {
	if diff := cmp.Diff([]string{"B", "a", "b", "ä"}, tag.Set{"b": "", "ä": "", "a": "", "B": ""}.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := tag.Set(nil).Keys(); len(got) != 0 {
		t.Errorf("keys of nil: %q", got)
	}
}
