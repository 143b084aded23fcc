package creation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// A call names resources of EC2 by id alone, and wakes no policy about a type
// whose ids are not known.
func TestTheIDsOfEveryTypeOfEC2AreKnown(t *testing.T) {
	known := slices.Collect(maps.Values(ec2Types))
	for _, s := range resource.Schemas() {
		if strings.HasPrefix(string(s.Type), "ec2:") && !slices.Contains(known, s.Type) {
			t.Errorf("%s: ec2Types in mentions.go does not say how its ids begin", s.Type)
		}
	}
}
