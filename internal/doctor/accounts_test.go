package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// entered are the checks of accounts, by name.
func entered(t *testing.T, settings string, realm *sim.Realm) (map[string]doctor.Check, *doctor.Report) {
	t.Helper()
	set := load(t, strings.Replace(small, "policies:", "settings: {accounts: "+settings+"}\npolicies:", 1))
	if set.Settings.Accounts == nil {
		t.Fatal("the settings have no accounts")
	}
	own := sim.New("111122223333", now)
	r, err := doctor.Examine(t.Context(), doctor.Options{Set: set, Account: whole(), Region: region, LedgerRegion: region, Now: func() time.Time { return now },
		Accounts: accounts.New(&set.Settings, accounts.Door{Source: own, Actor: own, Trail: own}, realm)})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]doctor.Check{}
	for _, c := range r.Checks {
		if c.What == doctor.AboutAccount {
			out[c.Name] = c
		}
	}
	return out, r
}

func TestEveryAccountOfTheSettingsIsEntered(t *testing.T) {
	realm := sim.NewRealm()
	realm.Trust(sim.New("222233334444", now), "tagwarden", "")
	got, r := entered(t, `[{id: "111122223333", name: central}, {id: "222233334444", role: tagwarden}, {id: "333344445555", role: tagwarden}]`, realm)
	for name, want := range map[string]doctor.Outcome{"111122223333 central": doctor.OK, "222233334444": doctor.OK, "333344445555": doctor.Missing} {
		if c := got[name]; c.Outcome != want || (c.Do == "") != (want == doctor.OK) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if len(got) != 3 || r.Worst() != doctor.Missing || !strings.Contains(strings.Join(r.Notes, "\n"), "tagwarden iam --member") {
		t.Errorf("%+v, notes %q", got, r.Notes)
	}
}

func TestAnOrganizationThatCannotBeListedIsMissing(t *testing.T) {
	realm := sim.NewRealm()
	realm.AddUnit("", "r-ab12")
	realm.Deny("organizations:ListAccountsForParent")
	got, _ := entered(t, "{organization: {role: tagwarden}}", realm)
	if c := got[""]; c.Outcome != doctor.Missing || !strings.Contains(c.Found, "listing the accounts of the organization") {
		t.Errorf("%+v", got)
	}
}
