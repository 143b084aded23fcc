package resource_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/resource"
)

func TestOnlyWhatStillComesToBeIsForming(t *testing.T) {
	for name, tt := range map[string]struct {
		r    resource.Resource
		want bool
	}{
		"an instance that starts":              {&resource.Instance{State: "pending", RootDevice: "ebs"}, true},
		"one that starts with its volumes":     {&resource.Instance{State: "pending", RootDevice: "ebs", Volumes: []string{"vol-1"}}, false},
		"one that runs from an instance store": {&resource.Instance{State: "pending", RootDevice: "instance-store"}, false},
		"one that is gone":                     {&resource.Instance{State: "terminated", RootDevice: "ebs"}, false},
		"an image that is made":                {&resource.Image{State: "pending", RootDevice: "ebs"}, true},
		"an image that is there":               {&resource.Image{State: "available", RootDevice: "ebs"}, false},
		"a volume that is made":                {&resource.Volume{State: "creating"}, false},
	} {
		if got := resource.Forming(tt.r); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
