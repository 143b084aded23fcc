package aws

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// A change whose permission iam does not know would be denied to every role that
// it writes.
func TestIAMKnowsThePermissionOfEveryChange(t *testing.T) {
	all := map[resource.Type]map[action.Kind]change{resource.Any: foreignTagging}
	for typ, of := range changes {
		all[typ] = of
	}
	for typ, of := range all {
		for kind, ch := range of {
			want := ch.call.Permission()
			if got := iam.Permissions(typ, kind); kind != action.Invoke && !slices.Contains(got, want) {
				t.Errorf("%s of %s takes %s, and iam knows %v", kind, typ, want, got)
			}
		}
	}
	for k := range ec2Tagging {
		if k != action.Invoke && !slices.Contains(iam.Permissions(resource.Any, k), ec2Tagging[k].call.Permission()) {
			t.Errorf("%s of EC2's other types takes %s", k, ec2Tagging[k].call.Permission())
		}
	}
	for typ, thing := range iamThings {
		if !slices.Contains(iam.Permissions(resource.Any, action.Tag), thing.tag.Permission()) || !slices.Contains(iam.Permissions(resource.Any, action.Untag), thing.untag.Permission()) {
			t.Errorf("changing tags of %s takes %s and %s", typ, thing.tag.Permission(), thing.untag.Permission())
		}
	}
}
