package function

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/sim"
)

func TestAnEventOfAnotherAccountIsDealtWithThereByOneAssumedRole(t *testing.T) {
	const payments = "222233334444"
	l := newLambda(t, strings.Replace(unexcepted, "settings: {", `settings: {accounts: [{id: "111122223333"}, {id: "222233334444", role: tagwarden}], `, 1))
	there := sim.New(payments, start)
	there.AddRegion(region)
	realm := sim.NewRealm()
	realm.Trust(there, "tagwarden", "")
	l.Function = New(World{Environ: l.env, Open: func(p string) (fs.File, error) { return os.Open(p) }, Log: &l.log, Now: time.Now, account: func() *account {
		a := l.account()
		a.realm = realm
		return a
	}}, "test")
	here := l.launch("i-00000000000000001", nil)
	id := there.Launch(sim.Instance{ID: "i-00000000000000002", Region: region, LaunchedAt: start.Add(-time.Hour)})
	a := l.done(strings.Replace(running("e-1", id), account1, payments, 1))
	if i, _ := there.Instance(id); i.State == "running" || len(a.Instances) != 1 || a.Instances[0].Account != payments {
		t.Errorf("it is %s: %+v", i.State, a)
	}
	if !l.runs(here) {
		t.Error("an instance of the function's own account was stopped")
	}
	a = l.done(strings.Replace(running("e-2", id), account1, "333344445555", 1))
	if !strings.Contains(a.Body, "not among the accounts of the settings") {
		t.Errorf("an event of an account that is not governed: %+v", a)
	}
}

func TestWhatIsKnownOfAccountsServesAllInvocationsOfAProcess(t *testing.T) {
	l := newLambda(t, unexcepted)
	a := l.account()
	p := l.load(t, `settings: {accounts: [{id: "222233334444", role: tagwarden}]}`)
	first := a.governs(p)
	if first == nil || a.governs(p) != first {
		t.Error("the accounts were forgotten")
	}
	var none *accounts.Accounts
	if a.governs(l.load(t, "settings: {name: other}")) != none {
		t.Error("settings without accounts have some")
	}
}

// load loads a policy file with these settings.
func (l *lambda) load(t *testing.T, settings string) *policy.Set {
	t.Helper()
	set, list := policy.Load([]policy.Source{{Name: "policy.yaml", Data: []byte("version: 1\n" + settings + "\npolicies: [{name: one, resource: ec2:instance, match: 'true'}]\n")}}, nobody)
	if set == nil {
		t.Fatal(list.Error())
	}
	return set
}

func nobody(string) (string, bool) { return "", false }
