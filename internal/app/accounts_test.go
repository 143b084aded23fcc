package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	payments = "222233334444"
	search   = "333344445555"
)

// two are the caller's own account and another, in which the role tagwarden is
// trusted.
const two = "settings: {limits: {share: 100%}, accounts: [{id: '" + account + "', name: central}, {id: '" + payments + "', name: payments, role: tagwarden}]}\n"

// governed is a world of several accounts.
type governed struct {
	*world
	realm  *sim.Realm
	others map[string]*sim.Account
	all    *accounts.Accounts
}

func newGoverned(t *testing.T, file string) *governed {
	t.Helper()
	g := &governed{world: newWorld(t, file), realm: sim.NewRealm(), others: map[string]*sim.Account{}}
	for _, id := range []string{payments, search} {
		a := sim.New(id, start)
		a.AddRegion(region)
		g.others[id] = a
		g.realm.Trust(a, "tagwarden", "")
	}
	return g
}

func (g *governed) app() *app.App {
	g.t.Helper()
	set := g.set()
	g.all = accounts.New(&set.Settings, accounts.Door{Source: g.aws, Actor: g.aws, Trail: g.aws}, g.realm)
	return app.New(app.Options{Set: set, Source: g.aws, Actor: g.aws, Trail: g.aws, Accounts: g.all, Ledger: g.ledger, Notifier: g.post, Region: region})
}

func (g *governed) plan() (*app.App, *plan.Plan) {
	g.t.Helper()
	a := g.app()
	p, err := a.Plan(g.t.Context(), app.Request{Run: "run", Now: g.aws.Clock().Now()})
	if err != nil {
		g.t.Fatalf("planning: %v", err)
	}
	return a, p
}

// found are the findings as "account id".
func found(p *plan.Plan) []string {
	var out []string
	for _, f := range p.Findings {
		out = append(out, f.Resource.Account+" "+f.Resource.ID)
	}
	return out
}

const stopUntagged = "policies: [{name: p, resource: ec2:instance, mode: enforce, match: 'resource.state == \"running\" && !(\"Keep\" in resource.tags)', enforce: [stop]}]"

func TestOnePlanIsAboutAllAccountsAndActsInEach(t *testing.T) {
	g := newGoverned(t, two+stopUntagged)
	g.launch("i-00000001", day, nil)
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: region, LaunchedAt: start.Add(-day)})
	g.others[search].Launch(sim.Instance{ID: "i-00000003", Region: region, LaunchedAt: start.Add(-day)}) // not governed
	a, p := g.plan()
	if diff := cmp.Diff([]string{account + " i-00000001", payments + " i-00000002"}, found(p)); diff != "" {
		t.Fatalf("findings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{account, payments}, p.Accounts); diff != "" {
		t.Errorf("accounts of the plan (-want +got):\n%s", diff)
	}
	if _, err := a.Apply(t.Context(), p, g.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	for id, of := range map[string]*sim.Account{"i-00000001": g.aws, "i-00000002": g.others[payments]} {
		if i, _ := of.Instance(id); i.State != "stopping" {
			t.Errorf("%s is %s", id, i.State)
		}
	}
	if n := len(g.others[search].Calls()); n != 0 {
		t.Errorf("%d calls in an account that is not governed", n)
	}
}

func TestAnAccountThatCannotBeEnteredIsUnreadAndLosesNoCase(t *testing.T) {
	g := newGoverned(t, two+"channels: {infra: {file: {dir: out}}}\n"+strings.Replace(stopUntagged, "[stop]", "[{notify: infra}, {stop: {after: 7d}}]", 1))
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: region, LaunchedAt: start.Add(-day)})
	a, p := g.plan()
	if _, err := a.Apply(t.Context(), p, g.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	g.realm.Distrust(g.others[payments], "tagwarden")
	_, p = g.plan()
	if len(p.Findings) != 0 || len(p.Closing) != 0 || p.Complete {
		t.Errorf("findings %v, closing %v, complete %v", found(p), p.Closing, p.Complete)
	}
	if len(p.Unread) != 1 || p.Unread[0].Account != payments || p.Unread[0].Call != "sts:AssumeRole" || !strings.Contains(p.Unread[0].Reason, "not authorized") || p.Unread[0].Hint == "" {
		t.Errorf("unread: %+v", p.Unread)
	}
	// Once it can be entered again, a resource that is gone ends its case.
	g.realm.Trust(g.others[payments], "tagwarden", "")
	g.others[payments].SetTags("i-00000002", tag.Set{"Keep": "yes"})
	if _, p = g.plan(); len(p.Closing) != 1 {
		t.Errorf("closing: %+v", p.Closing)
	}
}

func TestAnAccountThatIsNoLongerGovernedKeepsItsCases(t *testing.T) {
	g := newGoverned(t, two+"channels: {infra: {file: {dir: out}}}\n"+strings.Replace(stopUntagged, "[stop]", "[{notify: infra}, {stop: {after: 7d}}]", 1))
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: region, LaunchedAt: start.Add(-day)})
	a, p := g.plan()
	if _, err := a.Apply(t.Context(), p, g.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	g.file = strings.Replace(g.file, payments, search, 1)
	if _, p = g.plan(); len(p.Closing) != 0 || !p.Complete {
		t.Errorf("closing %+v, complete %v", p.Closing, p.Complete)
	}
}

func TestEachAccountHasRegionsOfItsOwn(t *testing.T) {
	g := newGoverned(t, strings.Replace(two, "accounts:", "regions: [all], accounts:", 1)+stopUntagged)
	g.others[payments].AddRegion("ap-east-1")
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: "ap-east-1", LaunchedAt: start.Add(-day)})
	_, p := g.plan()
	if len(p.Unread) != 0 || !slices.Equal(p.Regions, []string{"ap-east-1", region}) || !slices.Equal(found(p), []string{payments + " i-00000002"}) {
		t.Errorf("unread %+v, regions %v, findings %v", p.Unread, p.Regions, found(p))
	}
}

const organization = "settings: {limits: {share: 100%}, accounts: {organization: {role: tagwarden, exclude: [ou-ab12-22222222]}}}\n"

// organize puts the accounts into an organization.
func (g *governed) organize() {
	g.realm.AddUnit("", "r-ab12")
	g.realm.AddUnit("r-ab12", "ou-ab12-11111111")
	g.realm.AddUnit("ou-ab12-11111111", "ou-ab12-22222222")
	g.realm.Join("r-ab12", accounts.Listed{ID: account, Name: "central", Active: true})
	g.realm.Join("ou-ab12-11111111", accounts.Listed{ID: payments, Name: "payments", Active: true})
	g.realm.Join("ou-ab12-22222222", accounts.Listed{ID: search, Name: "search", Active: true})
}

func TestExpressionsKnowTheNamesAndUnitsOfAccounts(t *testing.T) {
	g := newGoverned(t, organization+`policies: [{name: p, resource: ec2:instance, match: 'account.name == "payments" && account.ou == "ou-ab12-11111111"'}]`)
	g.organize()
	g.launch("i-00000001", day, nil)
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: region, LaunchedAt: start.Add(-day)})
	_, p := g.plan()
	if !slices.Equal(found(p), []string{payments + " i-00000002"}) || p.Summary.Unknown != 0 {
		t.Errorf("findings %v, %+v", found(p), p.Summary)
	}
	want := map[string]int{"organizations:ListRoots": 1, "organizations:ListAccountsForParent": 3, "organizations:ListOrganizationalUnitsForParent": 3}
	got := g.realm.Calls()
	delete(got, "sts:AssumeRole")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an organization of three units takes (-want +got):\n%s", diff)
	}
}

func TestAPlanForAnAccountThatHasLeftIsRefused(t *testing.T) {
	g := newGoverned(t, organization+stopUntagged)
	g.organize()
	g.others[payments].Launch(sim.Instance{ID: "i-00000002", Region: region, LaunchedAt: start.Add(-day)})
	_, p := g.plan()
	g.realm.Join("ou-ab12-22222222", accounts.Listed{ID: payments, Name: "payments", Active: true})
	_, err := g.app().Apply(t.Context(), p, g.aws.Clock().Now().Add(time.Minute))
	if !errors.Is(err, guard.ErrAccount) {
		t.Errorf("error %v", err)
	}
	if i, _ := g.others[payments].Instance("i-00000002"); i.State != "running" {
		t.Errorf("it is %s", i.State)
	}
}

func TestAnOrganizationThatCannotBeListedJudgesNothing(t *testing.T) {
	g := newGoverned(t, organization+stopUntagged)
	g.organize()
	g.realm.Deny("organizations:ListAccountsForParent")
	_, err := g.app().Plan(t.Context(), app.Request{Run: "run", Now: start})
	if err == nil || !strings.Contains(err.Error(), "listing the accounts of the organization") {
		t.Errorf("error %v", err)
	}
}

func TestSettingsWithAccountsNeedWhatLeadsToThem(t *testing.T) {
	w := newWorld(t, two+stopUntagged)
	if _, err := w.app().Plan(t.Context(), app.Request{Run: "run", Now: start}); err == nil {
		t.Error("the caller's account was judged alone")
	}
}

// stopAtStart stops at once what starts without being kept.
const stopAtStart = "policies: [{name: p, resource: ec2:instance, on: {state: running}, mode: enforce, match: '!(\"Keep\" in resource.tags)', enforce: [stop]}]"

// in is an event of another account.
func in(of, event string) string {
	return strings.ReplaceAll(event, `"account":"`+account+`"`, `"account":"`+of+`"`)
}

func TestAnEventIsJudgedInItsOwnAccount(t *testing.T) {
	g := newGoverned(t, two+stopAtStart)
	id := g.launch("i-00000000000000001", time.Hour, nil)
	there := g.others[payments].Launch(sim.Instance{ID: id, Region: region, LaunchedAt: start.Add(-time.Hour)}) // the same id, as nobody would have it
	h, _, err := g.app().Handle(t.Context(), g.event(in(payments, running(there))))
	if err != nil || h.Ignored != "" {
		t.Fatalf("%+v, %v", h, err)
	}
	if i, _ := g.others[payments].Instance(there); i.State == "running" {
		t.Error("the instance of the event's account runs")
	}
	if i, _ := g.aws.Instance(id); i.State != "running" || g.aws.Calls()["ec2:StopInstances"] != 0 {
		t.Errorf("the instance of the caller's account is %s", i.State)
	}
	if n := g.realm.Calls()["sts:AssumeRole"]; n == 0 || len(g.others[search].Calls()) != 0 {
		t.Errorf("%d roles were taken on, %v", n, g.others[search].Calls())
	}
}

func TestAnEventOfAnAccountThatIsNotGovernedIsIgnored(t *testing.T) {
	g := newGoverned(t, two+stopAtStart)
	id := g.others[search].Launch(sim.Instance{ID: "i-00000000000000003", Region: region, LaunchedAt: start.Add(-time.Hour)})
	h, _, err := g.app().Handle(t.Context(), g.event(in(search, running(id))))
	if err != nil || h.Ignored != "it is about account "+search+", which is not among the accounts of the settings" {
		t.Errorf("%+v, %v", h, err)
	}
	if n := len(g.others[search].Calls()) + len(g.aws.Calls()); n > 1 { // who we are
		t.Errorf("%d calls", n)
	}
}

func TestAnEventOfAnAccountThatCannotBeEnteredIsHandledAgain(t *testing.T) {
	g := newGoverned(t, two+stopAtStart)
	id := g.others[payments].Launch(sim.Instance{ID: "i-00000000000000002", Region: region, LaunchedAt: start.Add(-time.Hour)})
	g.realm.Distrust(g.others[payments], "tagwarden")
	e := g.event(in(payments, running(id)))
	if _, _, err := g.app().Handle(t.Context(), e); err == nil || !strings.Contains(err.Error(), "entering account "+payments) {
		t.Fatalf("error %v", err)
	}
	g.realm.Trust(g.others[payments], "tagwarden", "")
	if h, _, err := g.app().Handle(t.Context(), e); err != nil || h.Ignored != "" || !h.Done() {
		t.Errorf("%+v, %v", h, err)
	}
	if i, _ := g.others[payments].Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

func TestOurOwnCallInAnotherAccountWakesNothing(t *testing.T) {
	g := newGoverned(t, two+"policies: [{name: p, resource: ec2:instance, on: {api: 'ec2:CreateTags'}, mode: enforce, enforce: [stop]}]")
	id := g.others[payments].Launch(sim.Instance{ID: "i-00000000000000002", Region: region, LaunchedAt: start.Add(-time.Hour)})
	for who, ignored := range map[string]bool{"tagwarden-default": true, "ada": false} {
		h, _, err := g.app().Handle(t.Context(), g.event(`{"id":"`+who+`","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"`+payments+`","time":"2026-06-01T09:00:00Z","region":"`+region+`",
			"detail":{"eventVersion":"1.11","eventSource":"ec2.amazonaws.com","eventName":"CreateTags","awsRegion":"`+region+`","eventTime":"2026-06-01T09:00:00Z","eventID":"`+who+`","recipientAccountId":"`+payments+`",
			"userIdentity":{"type":"AssumedRole","principalId":"AROA:x","arn":"arn:aws:sts::`+payments+`:assumed-role/tagwarden/`+who+`","accountId":"`+payments+`"},
			"requestParameters":{"resourcesSet":{"items":[{"resourceId":"`+id+`"}]},"tagSet":{"items":[{"key":"a","value":"b"}]}},"responseElements":{"_return":true}}}`))
		if err != nil || (h.Ignored == "it is tagwarden's own call") != ignored {
			t.Errorf("a call of %s: %+v, %v", who, h, err)
		}
	}
}

func TestWhoMadeWhatIsSoughtInEachAccount(t *testing.T) {
	g := newGoverned(t, two+"policies: [{name: p, resource: ec2:instance, mode: enforce, tags: {Owner: {value: creator.name}}}]")
	ids := map[string]*sim.Account{"i-00000000000000001": g.aws, "i-00000000000000002": g.others[payments]}
	for id, of := range ids {
		of.Launch(sim.Instance{ID: id, Region: region, LaunchedAt: start.Add(-day), By: sim.Person("maker-of-" + id)})
	}
	a, p := g.plan()
	if _, err := a.Apply(t.Context(), p, start); err != nil {
		t.Fatal(err)
	}
	for id, of := range ids {
		if i, _ := of.Instance(id); !strings.Contains(i.TagSet["Owner"], id) {
			t.Errorf("the owner of %s: %q", id, i.TagSet["Owner"])
		}
		if n := of.Calls()["cloudtrail:LookupEvents"]; n == 0 {
			t.Errorf("CloudTrail of the account of %s was not asked", id)
		}
	}
}

func TestARunInSeveralAccountsIsTakenBackInEach(t *testing.T) {
	g := newGoverned(t, two+stopUntagged)
	g.launch("i-00000000000000001", day, nil)
	g.others[payments].Launch(sim.Instance{ID: "i-00000000000000002", Region: region, LaunchedAt: start.Add(-day)})
	a, p := g.plan()
	if _, err := a.Apply(t.Context(), p, start); err != nil {
		t.Fatal(err)
	}
	for _, of := range []*sim.Account{g.aws, g.others[payments]} {
		of.Clock().Advance(time.Hour)
	}
	a = g.app()
	back, err := a.Undo(t.Context(), app.Request{Run: "back", Now: g.aws.Clock().Now()}, "run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Apply(t.Context(), back, g.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	for id, of := range map[string]*sim.Account{"i-00000000000000001": g.aws, "i-00000000000000002": g.others[payments]} {
		if i, _ := of.Instance(id); i.State != "pending" && i.State != "running" {
			t.Errorf("%s is %s", id, i.State)
		}
	}
}

// An outcome of another account comes from the caller's, which did it: whoever
// can put events on the bus could else name a resource of any account.
func TestAnOutcomeIsBelievedFromTheCallersAccountAlone(t *testing.T) {
	followed := "policies: [{name: p, resource: ec2:instance, match: 'false'}, {name: q, resource: ec2:instance, on: {outcome: {policy: p, action: stop}}, mode: enforce, enforce: [stop]}]"
	for sender, ignored := range map[string]string{
		account: "", payments: "it is an outcome that account " + payments + " published, and this is " + account,
	} {
		g := newGoverned(t, two+followed)
		id := g.others[payments].Launch(sim.Instance{Region: region, LaunchedAt: start.Add(-time.Hour)})
		h, _, err := g.app().Handle(t.Context(), g.event(`{"id":"e","detail-type":"tagwarden Outcome","source":"tagwarden","account":"`+sender+`","time":"2026-06-01T09:00:00Z","region":"`+region+`","resources":[],
			"detail":{"id":"o","policy":"p","action":"stop","state":"done","account":"`+payments+`","resource":"arn:aws:ec2:`+region+`:`+payments+`:instance/`+id+`"}}`))
		if err != nil || h.Ignored != ignored {
			t.Errorf("from %s: %+v, %v", sender, h, err)
		}
		if i, _ := g.others[payments].Instance(id); (i.State == "running") != (ignored != "") {
			t.Errorf("from %s: it is %s", sender, i.State)
		}
	}
}

// Names that people give, such as those of databases, are often the same in two
// accounts.
func TestWhatCannotBeReadAgainInOneAccountSaysNothingOfAnother(t *testing.T) {
	g := newGoverned(t, two+"channels: {infra: {file: {dir: out}}}\n"+strings.Replace(stopUntagged, "[stop]", "[{notify: infra}, {stop: {after: 7d}}]", 1))
	const id = "i-00000000000000001"
	g.launch(id, day, nil)
	g.others[payments].Launch(sim.Instance{ID: id, Region: region, LaunchedAt: start.Add(-day)})
	_, p := g.plan()
	p = saved(t, p)
	g.aws.Clock().Advance(time.Hour)
	g.aws.SetTags(id, tag.Set{"Keep": "yes"})
	g.others[payments].Deny("ec2:DescribeInstances")
	if _, err := g.app().Apply(t.Context(), p, g.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	known, err := g.ledger.Cases(t.Context(), g.scope(), g.aws.Clock().Now(), day)
	if err != nil || len(known) != 1 || known[0].Resource.Account != payments {
		t.Errorf("cases %+v, %v; want that of %s alone", known, err, payments)
	}
}

func TestWhatCannotBeReadInOneAccountIsTakenBackInAnother(t *testing.T) {
	g := newGoverned(t, two+stopUntagged)
	const id = "i-00000000000000001"
	g.launch(id, day, nil)
	g.others[payments].Launch(sim.Instance{ID: id, Region: region, LaunchedAt: start.Add(-day)})
	a, p := g.plan()
	if _, err := a.Apply(t.Context(), p, start); err != nil {
		t.Fatal(err)
	}
	for _, of := range []*sim.Account{g.aws, g.others[payments]} {
		of.Clock().Advance(time.Hour)
	}
	g.realm.Distrust(g.others[payments], "tagwarden")
	back, err := g.app().Undo(t.Context(), app.Request{Run: "back", Now: g.aws.Clock().Now()}, "run")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range back.Findings {
		if s := f.Actions[0].State; (s == plan.Planned) != (f.Resource.Account == account) || s == plan.Skipped {
			t.Errorf("in %s it is %s: %s", f.Resource.Account, s, f.Actions[0].Reason)
		}
	}
	if len(back.Findings) != 2 || back.Complete {
		t.Errorf("findings %v, complete %v", found(back), back.Complete)
	}
}
