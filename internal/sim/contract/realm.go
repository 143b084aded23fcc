package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Realm is a backend with several accounts in an organization.
type Realm struct {
	accounts.Realm
	// Role is one that can be taken on, in the account of Place.
	Role  accounts.Role
	Place resource.Place
	// Launch puts an instance there and returns its id.
	Launch func(t *testing.T) string
	// Stranger is a role that does not trust the caller; the zero value where the
	// backend knows none.
	Stranger accounts.Role
	// Root is the organization's, Unit one directly in it, Inner one in that. The
	// account of Place is in Inner, and Suspended in Unit.
	Root, Unit, Inner string
	Name, Suspended   string
}

// RunRealm runs what every accounts.Realm must do.
func RunRealm(t *testing.T, newRealm func(t *testing.T) Realm) {
	t.Run("a role opens its account and no other", func(t *testing.T) {
		r := newRealm(t)
		id := r.Launch(t)
		for range 2 { // the second time by what is known
			door, who, err := r.Assume(t.Context(), r.Role)
			if err != nil {
				t.Fatal(err)
			}
			if who.Account != r.Place.Account || !strings.Contains(who.ARN, ":"+r.Place.Account+":assumed-role/") || !strings.HasSuffix(who.ARN, "/"+r.Role.Session) {
				t.Errorf("entered as %+v", who)
			}
			rs, err := door.Source.Get(t.Context(), r.Place, resource.EC2Instance, []string{id})
			if err != nil || len(rs) != 1 || rs[0].Ref().Account != r.Place.Account {
				t.Errorf("found %v, %v", rs, err)
			}
			if self, err := door.Source.Caller(t.Context()); err != nil || self.Account != r.Place.Account {
				t.Errorf("the door says %+v, %v", self, err)
			}
		}
	})
	t.Run("a role that does not trust the caller is denied", func(t *testing.T) {
		r := newRealm(t)
		if r.Stranger == (accounts.Role{}) {
			t.Skip("this backend trusts everybody")
		}
		_, _, err := r.Assume(t.Context(), r.Stranger)
		if fault.ClassOf(err) != fault.Denied || fault.HintOf(err) == "" || !strings.Contains(err.Error(), "sts:AssumeRole") {
			t.Errorf("error %v of class %v with the hint %q", err, fault.ClassOf(err), fault.HintOf(err))
		}
	})
	t.Run("the organization is listed unit by unit", func(t *testing.T) {
		r := newRealm(t)
		roots, err := r.Roots(t.Context())
		if err != nil || !slices.Equal(roots, []string{r.Root}) {
			t.Fatalf("roots %v, %v", roots, err)
		}
		for parent, want := range map[string][]string{r.Root: {r.Unit}, r.Unit: {r.Inner}, r.Inner: nil} {
			units, err := r.Units(t.Context(), parent)
			if err != nil || !slices.Equal(units, want) {
				t.Errorf("units in %s: %v, %v, want %v", parent, units, err, want)
			}
		}
		list, err := r.Accounts(t.Context(), r.Inner)
		if diff := cmp.Diff([]accounts.Listed{{ID: r.Place.Account, Name: r.Name, Active: true}}, list); err != nil || diff != "" {
			t.Errorf("accounts (-want +got), %v:\n%s", err, diff)
		}
		if list, err = r.Accounts(t.Context(), r.Unit); err != nil || len(list) != 1 || list[0].ID != r.Suspended || list[0].Active {
			t.Errorf("the suspended account: %+v, %v", list, err)
		}
	})
}
