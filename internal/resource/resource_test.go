package resource_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestHideMarkKeepsTheMarkAndSparesTheSharedMap(t *testing.T) {
	tests := []struct {
		name string
		tags tag.Set
		key  string
		left tag.Set
		mark string
	}{
		{"a mark", tag.Set{"tagwarden": "stop 2026-12-04", "Owner": "alice"}, "tagwarden", tag.Set{"Owner": "alice"}, "stop 2026-12-04"},
		{"no mark", tag.Set{"Owner": "alice"}, "tagwarden", tag.Set{"Owner": "alice"}, ""},
		{"a key in other case is no mark", tag.Set{"Tagwarden": "x"}, "tagwarden", tag.Set{"Tagwarden": "x"}, ""},
		{"marks are off", tag.Set{"": "x"}, "", tag.Set{"": "x"}, ""},
		{"no tags", nil, "tagwarden", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shared := tt.tags.Clone()
			if tt.tags == nil {
				shared = nil
			}
			b := resource.Base{TagSet: shared}
			for range 2 { // the second time there is nothing left to hide
				b.HideMark(tt.key)
				if diff := cmp.Diff(tt.left, b.Tags()); diff != "" {
					t.Errorf("tags (-want +got):\n%s", diff)
				}
				if got := b.MarkValue(); got != tt.mark {
					t.Errorf("mark %q, want %q", got, tt.mark)
				}
			}
			if diff := cmp.Diff(tt.tags, shared); diff != "" {
				t.Errorf("the map it came from was changed:\n%s", diff)
			}
		})
	}
}

func TestLazyTellsUnknownFromUnreadable(t *testing.T) {
	denied := errors.New("access denied")
	if v, err := resource.Known(0).Get("f"); v != 0 || err != nil {
		t.Errorf("a known zero: %d, %v", v, err)
	}
	var unknown resource.Lazy[int]
	_, err := unknown.Get(need.Protection)
	if m, ok := errors.AsType[*resource.MissingFact](err); !ok || m.Fact != need.Protection || err.Error() != "protection was not fetched" {
		t.Errorf("unknown: %v", err)
	}
	_, err = resource.Unread[int](denied).Get(need.VPCTags)
	if u, ok := errors.AsType[*resource.UnreadFact](err); !ok || u.Fact != need.VPCTags || !errors.Is(err, denied) || err.Error() != "reading vpc_tags: access denied" {
		t.Errorf("unreadable: %v", err)
	}
	if _, ok := errors.AsType[*resource.MissingFact](err); ok {
		t.Error("what is unreadable counts as not fetched")
	}
}

func TestAPlaceIsAccountAndRegion(t *testing.T) {
	p := full().Ref().Place()
	if diff := cmp.Diff(resource.Place{Account: "111122223333", Region: "eu-central-1"}, p); diff != "" {
		t.Errorf("the place (-want +got):\n%s", diff)
	}
	if got := p.String(); got != "111122223333/eu-central-1" {
		t.Errorf("written %q", got)
	}
}

func TestThePartitionFollowsTheRegion(t *testing.T) {
	tests := map[string]string{
		"us-east-1": "aws", "eu-central-1": "aws", "il-central-1": "aws", "mx-central-1": "aws", "": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn",
		"us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"eusc-de-east-1": "aws-eusc",
	}
	for region, want := range tests {
		if got := resource.Partition(region); got != want {
			t.Errorf("%q: %s, want %s", region, got, want)
		}
	}
}

func TestInstanceARN(t *testing.T) {
	tests := map[string]string{
		"eu-central-1":  arn,
		"cn-north-1":    "arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-0abc",
		"us-gov-west-1": "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:instance/i-0abc",
	}
	for region, want := range tests {
		if got := resource.InstanceARN(region, "111122223333", "i-0abc"); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}
