package resource_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// A volume of a Fargate task and the interface of a NAT gateway name no
// instance, and are in use all the same.
func TestWhatAServiceUsesIsNotUnused(t *testing.T) {
	for name, tt := range map[string]struct {
		got  interface{ Attached() bool }
		want bool
	}{
		"a volume of a task":                 {&resource.Volume{State: "in-use"}, true},
		"a volume of an instance":            {&resource.Volume{State: "in-use", Instance: "i-1"}, true},
		"a volume of nobody":                 {&resource.Volume{State: "available"}, false},
		"a network interface of a gateway":   {&resource.NetworkInterface{State: "in-use"}, true},
		"a network interface of an instance": {&resource.NetworkInterface{State: "in-use", Instance: "i-1"}, true},
		"a network interface of nobody":      {&resource.NetworkInterface{State: "available"}, false},
	} {
		if got := tt.got.Attached(); got != tt.want {
			t.Errorf("%s: attached %t", name, got)
		}
	}
}
