package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The tests of this file are named after the rows of the table "Order of
// judgement, and the edges" in docs/policy-file.md.

func TestEdgeTwoPoliciesWantOppositeThings(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}}
policies:
  - name: off
    resource: ec2:instance
    mode: enforce
    match: tag("Env") == "dev"
    enforce: [stop]
  - name: on
    resource: ec2:instance
    mode: enforce
    match: tag("Team") == "x"
    enforce: [start]
`)
	w.launch(idOld, day, tag.Set{"Env": "dev", "Team": "x"})
	w.launch(idNew, day, tag.Set{"Env": "dev"})
	for _, state := range []string{"running", "stopped"} {
		r := w.apply()
		for _, f := range r.Plan.Findings {
			if f.Resource.ID != idOld {
				continue
			}
			for _, a := range f.Actions {
				want(t, f.Policy+" while it is "+state, []any{plan.Held, "conflict"}, []any{a.State, a.Code})
			}
		}
		i, _ := w.aws.Instance(idOld)
		want(t, "state", state, w.state(idOld))
		want(t, "state of what only one of them wants", "stopped", w.state(idNew))
		stop := untagCall(i.Ref(), nil)
		stop.Action = action.Stop
		if _, err := w.aws.Do(t.Context(), stop); err != nil {
			t.Fatal(err)
		}
		w.aws.Clock().Advance(time.Hour)
	}
}

func TestEdgeTwoPoliciesOverwriteOneTag(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: a
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Flip: {value: '"one"', overwrite: true}}
  - name: b
    resource: ec2:instance
    mode: enforce
    match: resource.vpc == ""
    tags: {Flip: {value: '"two"', overwrite: true}}
`)
	for id, value := range map[string]string{idNew: "one", idOld: "two", idOlder: "three"} {
		w.launch(id, day, tag.Set{"Flip": value})
	}
	for range 2 {
		p := w.apply().Plan
		for _, id := range []string{idNew, idOld, idOlder} {
			a := find(t, p, id, action.Tag)
			want(t, id, []any{plan.Held, "conflict"}, []any{a.State, a.Code})
		}
	}
	want(t, "writes", 0, w.aws.Calls()["ec2:CreateTags"])
}

func TestEdgeWarning(t *testing.T) {
	w := newWorld(t, enforced(`tags: {Project: {}}`, `enforce: [{notify: infra}, {terminate: {after: 0d}}]`))
	w.launch(idOld, day, nil)
	want(t, "the run that tells does not act", []string{idOld + " terminate waiting"}, did(w.apply().Plan))
	w.aws.Clock().Advance(time.Minute)
	want(t, "the next run does", []string{idOld + " terminate done"}, did(w.apply().Plan))

	w = newWorld(t, longRunning)
	w.post.down["infra"] = true
	w.launch(idOlder, 15*day, nil)
	want(t, "a step without after needs no notice", []string{idOlder + " stop done"}, did(w.apply().Plan))
}

func TestEdgeAStepFailsAndNoticesGoOn(t *testing.T) {
	w := newWorld(t, enforced(`tags: {Project: {}}`, `enforce: [{notify: {to: infra, every: 7d}}, stop, {terminate: {after: 1d}}]`))
	w.launch(idOld, day, nil)
	w.aws.Deny("ec2:StopInstances")
	w.apply()
	w.aws.Clock().Advance(2 * day)
	sent := len(w.post.sent)
	r := w.apply()
	want(t, "the later step", "earlier-step-failed", find(t, r.Plan, idOld, action.Terminate).Code)
	want(t, "nothing new to say", []string(nil), w.told(sent))
	w.aws.Clock().Advance(6 * day)
	w.apply()
	want(t, "told", []string{"infra " + idOld + " standing"}, w.told(sent))
}

func TestEdgeObserveNeitherRepairsNorMarks(t *testing.T) {
	w := newWorld(t, `
channels: {infra: {file: {dir: out}}}
policies:
  - name: p
    resource: ec2:instance
    tags: {Project: {default: p7}}
    enforce: [{notify: infra}, {stop: {after: 0d}}]
`)
	w.launch(idOld, day, nil)
	r := w.apply()
	want(t, "actions", []string{idOld + " tag would"}, did(r.Plan))
	want(t, "told", []string{"infra " + idOld + " violation"}, w.told(0))
	w.apply()
	want(t, "digests in all", 1, len(w.post.sent))
	want(t, "writes", 0, w.aws.Calls()["ec2:CreateTags"]+w.aws.Calls()["ec2:StopInstances"])
}

func TestEdgeRepeatedNotice(t *testing.T) {
	w := newWorld(t, `
settings: {exempt: [{tag: Keep}]}
channels: {infra: {file: {dir: out}}}
policies:
  - name: p
    resource: ec2:instance
    mode: enforce
    tags: {Project: {}}
    enforce: [{notify: {to: infra, every: 7d}}]
`)
	w.launch(idGood, day, tag.Set{"Keep": ""})
	w.apply()
	want(t, "told of what is exempt alone", []string(nil), w.told(0))
	w.launch(idOld, day, nil)
	for range 15 {
		w.apply()
		w.aws.Clock().Advance(day)
	}
	want(t, "told in two weeks", []string{"infra " + idOld + " standing", "infra " + idOld + " standing", "infra " + idOld + " violation"}, w.told(0))
}

func TestEdgeNoTagsDoesNotCountAWSTagsAndMarks(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}}
policies:
  - name: p
    resource: ec2:instance
    match: resource.tags.all(k, k.startsWith("aws:")) || size(resource.tags) == 0
`)
	w.launch(idOld, day, tag.Set{"tagwarden": "stop 2026-06-30 by p"})
	w.launch(idNew, day, tag.Set{"aws:cloudformation:stack-name": "s", "tagwarden": "stop 2026-06-30 by p"})
	w.launch(idGood, day, tag.Set{"Name": "x"})
	want(t, "violating", 2, w.plan().Summary.Violating)
}

func TestEdgeOnlyCleansNoMarksOfRemovedPolicies(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	mark := w.mark(idOld)
	w.file = strings.Replace(strings.Replace(ladder, "name: cost", "name: other", 1), "tags: {Cost: {}}", "match: 'false'", 1)
	p, err := w.app().Plan(t.Context(), app.Request{Run: "only", Now: w.aws.Clock().Now(), Only: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	w.applyPlan(p)
	want(t, "mark", mark, w.mark(idOld))
	w.apply()
	want(t, "mark after a complete load", "", w.mark(idOld))
}

func TestEdgeADeadlineNeverComesNearerWhenTheResourceChanges(t *testing.T) {
	w := newWorld(t, strings.Replace(ladder, "stop: {after: 7d}", `stop: {after: 'tag("Env") == "prod" ? days(30) : days(7)'}`, 1))
	w.launch(idOld, 40*day, tag.Set{"Env": "prod"})
	w.launch(idNew, 40*day, tag.Set{"Env": "dev"})
	w.apply()
	w.aws.Clock().Advance(day)
	w.aws.SetTags(idOld, tag.Set{"Env": "dev"})
	w.aws.SetTags(idNew, tag.Set{"Env": "prod"})
	p := w.apply().Plan
	want(t, "from 30 days to 7", start.Add(30*day), find(t, p, idOld, action.Stop).At)
	want(t, "from 7 days to 30", start.Add(30*day), find(t, p, idNew, action.Stop).At)
	w.aws.Clock().Advance(20 * day)
	want(t, "after 21 days", []string{idNew + " stop waiting", idNew + " terminate waiting", idOld + " stop waiting", idOld + " terminate waiting"}, did(w.apply().Plan))
}

func TestEdgeAMarkThatDoesNotFitChangesNothing(t *testing.T) {
	w := newWorld(t, ladder)
	tags := tag.Set{}
	for _, a := range "abcdefghij" {
		for _, b := range "abcde" {
			tags[string(a)+string(b)] = "x"
		}
	}
	w.launch(idOld, 40*day, tags)
	r := w.apply()
	a := find(t, r.Plan, idOld, action.Mark)
	want(t, "mark", []any{plan.Skipped, "tag-limit"}, []any{a.State, a.Code})
	w.aws.Clock().Advance(7 * day)
	want(t, "stop", plan.Done, find(t, w.apply().Plan, idOld, action.Stop).State)
}

func TestEdgeErrorsAreUnknownNeverTrueOrFalse(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}}
policies:
  - name: in-exempt
    resource: ec2:instance
    mode: enforce
    exempt: [{when: 'resource.tags["Absent"] == "x"'}]
    match: resource.state == "running"
    enforce: [stop]
  - name: in-match
    resource: ec2:instance
    mode: enforce
    match: resource.tags["Absent"] == "x"
    enforce: [stop]
  - name: in-when
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    enforce: [{stop: {when: 'resource.tags["Absent"] == "x"'}}]
`)
	w.launch(idOld, day, nil)
	r := w.apply()
	status := map[string]eval.Status{}
	code := map[string]string{}
	for _, f := range r.Plan.Findings {
		status[f.Policy] = f.Status
		if len(f.Reasons) > 0 {
			code[f.Policy] = f.Reasons[0].Code
		}
		if len(f.Actions) > 0 {
			code[f.Policy] = f.Actions[0].Code
		}
	}
	want(t, "status", map[string]eval.Status{"in-exempt": eval.Exempt, "in-match": eval.Unknown, "in-when": eval.Violating}, status)
	want(t, "codes", map[string]string{"in-exempt": "exempt-unknown", "in-match": "match-unknown", "in-when": "when-unknown"}, code)
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
}

func TestEdgeAllPoliciesJudgeTheTagsAsTheyWereRead(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: fixes
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Project: {default: p7}}
  - name: wants
    resource: ec2:instance
    mode: enforce
    tags: {Project: {}}
`)
	w.launch(idOld, day, nil)
	want(t, "first run", plan.Summary{Examined: 2, Fixed: 1, Violating: 1}, w.apply().Plan.Summary)
	want(t, "second run", plan.Summary{Examined: 2, Compliant: 2}, w.apply().Plan.Summary)
}

func TestEdgeAnExemptionBySomeDateEndsAndIsReported(t *testing.T) {
	w := newWorld(t, enforced(`tags: {Project: {}}`, `exempt: [{until_tag: KeepUntil, at_most: 90d}]`))
	for id, until := range map[string]string{idNew: "2026-06-30", idOld: "2026-05-31", idOlder: "2027-01-01", idGood: "soon"} {
		w.launch(id, day, tag.Set{"KeepUntil": until})
	}
	got := map[string]string{}
	for _, f := range w.plan().Findings {
		got[f.Resource.ID] = f.Reasons[len(f.Reasons)-1].Code
	}
	want(t, "reasons", map[string]string{idOld: "exemption-ended", idOlder: "exemption-too-long", idGood: "exemption-malformed"}, got)
}

func TestEdgeLedgerNoneAndDuplicates(t *testing.T) {
	w := newWorld(t, `
settings: {ledger: none, limits: {share: 100%}}
channels: {infra: {file: {dir: out}}}
policies:
  - name: p
    resource: ec2:instance
    mode: enforce
    match: '!("Keep" in resource.tags)'
    enforce: [stop, {notify: infra}]
`)
	w.launch(idOld, day, nil)
	w.apply()
	want(t, "told of the first stop", 1, len(w.told(0)))
	w.ledger = newLedger() // what happened is forgotten
	w.apply()
	want(t, "told of what was stopping already", 1, len(w.told(0)))
}

func TestEdgeInstancesStoppedMeanwhileAreNotStoppedAgain(t *testing.T) {
	w := newWorld(t, stopAll)
	id := w.aws.Launch(sim.Instance{Region: region})
	p := w.plan()
	i, _ := w.aws.Instance(id)
	stop := untagCall(i.Ref(), nil)
	stop.Action = action.Stop
	if _, err := w.aws.Do(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	r := w.applyPlan(p)
	want(t, "stop", "no-longer-holds", find(t, r.Plan, id, action.Stop).Code)
}

func newLedger() record.Ledger { return record.NewMemory() }

// leaving is a Source whose user presses Ctrl-C while resources are read again.
type leaving struct {
	*sim.Account
	cancel context.CancelFunc
}

func (l leaving) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	l.cancel()
	return l.Account.Get(ctx, at, t, ids)
}

func TestEdgeInterruptedBeforeActingIsSkippedNotFailed(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	p := w.plan()
	ctx, cancel := context.WithCancel(t.Context())
	a := app.New(app.Options{Set: w.set(), Source: leaving{w.aws, cancel}, Actor: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region})
	r, err := a.Apply(ctx, p, w.aws.Clock().Now())
	if err != nil {
		t.Fatal(err)
	}
	stop := find(t, r.Plan, idOld, action.Stop)
	want(t, "stop", []any{plan.Skipped, "interrupted"}, []any{stop.State, stop.Code})
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
}
