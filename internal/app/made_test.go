package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const stampAll = `
settings: {mark: off, exempt: [{tag: SPECIAL_EXCEPTION}]}
policies:
  - name: stamp-everything
    resource: any
    on: created
    mode: enforce
    tags:
      Owner:       {value: creator.name, overwrite: true}
      PrincipalId: {value: creator.principal_id, overwrite: true}
      Project:     {default: none}
`

const topicARN = "arn:aws:sns:us-east-1:111122223333:alarms"

// madeBy is the record of ada's call of any service.
func madeBy(event, request, response string) string {
	service, name, _ := strings.Cut(event, ":")
	return strings.Replace(call(name, request, response), "ec2.amazonaws.com", service+".amazonaws.com", 1)
}

// madeTopic is that of a topic, as its record has it.
func madeTopic(arn string) string {
	return madeBy("sns:CreateTopic", `{"name":"alarms"}`, fmt.Sprintf(`{"topicArn":%q}`, arn))
}

// strange puts something of a type that tagwarden does not have into the account.
func (w *world) strange(t resource.Type, arn string, tags tag.Set) string {
	return w.aws.Add(&resource.Anything{Base: resource.Base{Reference: resource.Ref{ID: arn, ARN: arn, Type: t, Region: region}, TagSet: tags}})
}

// asked are the calls that were made since before.
func (w *world) asked(before map[string]int) map[string]int {
	made := map[string]int{}
	for op, n := range w.aws.Calls() {
		if n > before[op] && op != "sts:GetCallerIdentity" {
			made[op] = n - before[op]
		}
	}
	return made
}

// waiting handles an event with somebody who waits, and returns how often.
func (w *world) waiting(payload string, before func(n int)) (*app.Handling, int) {
	w.t.Helper()
	n := 0
	a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region,
		Wait: func(context.Context, time.Duration) bool {
			n++
			before(n)
			return true
		}})
	h, _, err := a.Handle(w.t.Context(), w.event(payload))
	if err != nil {
		w.t.Fatalf("handling the event: %v", err)
	}
	return h, n
}

func TestWhateverWasMadeIsTaggedInOneReadAndOneWrite(t *testing.T) {
	w := newWorld(t, stampAll)
	w.strange("sns:topic", topicARN, tag.Set{"Owner": "forged", "Project": "shop"})
	before := w.aws.Calls()
	h, _ := w.happens(madeTopic(topicARN))
	if len(h.Unseen) > 0 || !h.Done() {
		t.Fatalf("unseen %v, %+v", h.Unseen, h.Plan)
	}
	if diff := cmp.Diff(tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE", "Project": "shop"}, w.tagsOf(topicARN)); diff != "" {
		t.Errorf("tags (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"tag:GetResources": 1, "tag:TagResources": 1}, w.asked(before)); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	again := strings.Replace(madeTopic(topicARN), `"c-1"`, `"c-2"`, 1)
	if h, _ = w.happens(again); len(h.Plan.Findings) != 0 {
		t.Errorf("another event about it: %+v", h.Plan.Findings)
	}
}

func TestOwnershipIsWrittenOnWhatIsExempt(t *testing.T) {
	w := newWorld(t, stampAll)
	w.strange("sns:topic", topicARN, tag.Set{"PrincipalId": "AROAVICTIM:bob", "SPECIAL_EXCEPTION": "mine"})
	w.happens(madeTopic(topicARN))
	if diff := cmp.Diff(tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE", "SPECIAL_EXCEPTION": "mine"}, w.tagsOf(topicARN)); diff != "" {
		t.Errorf("tags (-want +got)\n%s", diff)
	}
}

// The tagging API may know nothing yet of what was tagged at its creation.
func TestTheTagsInTheRecordCountWhereNoServiceKnowsBetter(t *testing.T) {
	w := newWorld(t, stampAll)
	w.strange("sns:topic", topicARN, nil)
	h, _ := w.happens(madeBy("sns:CreateTopic", `{"name":"alarms","tags":[{"key":"Project","value":"shop"}]}`, fmt.Sprintf(`{"topicArn":%q}`, topicARN)))
	want := tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE"}
	if diff := cmp.Diff(want, w.tagsOf(topicARN)); diff != "" {
		t.Errorf("tags (-want +got)\n%s", diff)
	}
	if got := h.Plan.Findings[0].Resource.Tags; got["Project"] != "shop" {
		t.Errorf("known of it: %v", got)
	}
}

func TestTagsThatCannotBeReadAreSaidAndTheEventComesAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble func(*sim.Account)
		done    bool
	}{
		"denied":    {func(a *sim.Account) { a.Deny("tag:GetResources") }, true},
		"throttled": {func(a *sim.Account) { a.Throttle("tag:GetResources", 1) }, false},
	} {
		w := newWorld(t, stampAll)
		w.strange("sns:topic", topicARN, nil)
		tt.trouble(w.aws)
		h, _ := w.happens(madeTopic(topicARN))
		if len(h.Plan.Findings) != 1 || h.Plan.Findings[0].Status != eval.Unknown || h.Plan.Findings[0].Reasons[0].Code != reason.TagsUnread || h.Done() != tt.done {
			t.Errorf("%s: done %v, %+v", name, h.Done(), h.Plan.Findings)
		}
		if tags := w.tagsOf(topicARN); len(tags) != 0 {
			t.Errorf("%s: tags %v", name, tags)
		}
	}
}

func TestWhatIsNotFoundYetIsTriedAgainWhileTheRestIsDone(t *testing.T) {
	w := newWorld(t, stampAll)
	w.strange("sns:topic", topicARN, nil)
	w.aws.AppearLate(topicARN, 2)
	h, waits := w.waiting(madeTopic(topicARN), func(int) {})
	if waits != 2 || !h.Done() || w.tagsOf(topicARN)["Owner"] != "ada" {
		t.Errorf("after %d waits: %v, tags %v", waits, h.Unseen, w.tagsOf(topicARN))
	}
	// Nobody has that much patience.
	w = newWorld(t, stampAll)
	w.strange("sns:topic", topicARN, nil)
	w.aws.AppearLate(topicARN, 5)
	h, waits = w.waiting(madeTopic(topicARN), func(int) {})
	if waits != 4 || h.Done() || len(h.Unseen) != 1 || h.Unseen[0].ARN != topicARN {
		t.Errorf("after %d waits: %v", waits, h.Unseen)
	}
	if a := h.Plan.Findings[0].Actions[0]; a.State != plan.Failed {
		t.Errorf("it is said to be %s: %s", a.State, a.Reason)
	}
	// Delivered again, it is done.
	if h, _ = w.happens(madeTopic(topicARN)); !h.Done() || h.Ignored != "" || w.tagsOf(topicARN)["Owner"] != "ada" {
		t.Errorf("delivered again: %+v, tags %v", h, w.tagsOf(topicARN))
	}
}

func TestInstancesThatAppearLateAreTaggedInTheSameHandling(t *testing.T) {
	w := newWorld(t, stamp)
	w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	h, waits := w.waiting(launched("i-00000000000000001", "i-00000000000000002"), func(n int) {
		if i, _ := w.aws.Instance("i-00000000000000001"); i.TagSet["Owner"] != "ada" {
			t.Error("the one that can be seen has to wait")
		}
		if n == 2 {
			w.aws.Launch(sim.Instance{ID: "i-00000000000000002", Region: region})
		}
	})
	if i, _ := w.aws.Instance("i-00000000000000002"); waits != 2 || !h.Done() || i.TagSet["Owner"] != "ada" {
		t.Errorf("after %d waits: unseen %v, tags %v", waits, h.Unseen, i.TagSet)
	}
	if n := len(h.Plan.Findings); n != 6 { // two instances, with a volume and a network interface each
		t.Errorf("%d findings: %v", n, did(h.Plan))
	}
}

func TestWhatNoCallOfOursTagsIsAFindingWithItsReason(t *testing.T) {
	w := newWorld(t, stampAll)
	h, _ := w.happens(madeBy("glue:CreateJob", `{"name":"nightly"}`, `{"name":"nightly"}`))
	if len(h.Plan.Findings) != 1 || !h.Done() {
		t.Fatalf("%+v", h.Plan)
	}
	f := h.Plan.Findings[0]
	if f.Status != eval.Violating || len(f.Actions) != 0 || f.Reasons[len(f.Reasons)-1].Code != reason.Untaggable || !strings.Contains(f.Reasons[len(f.Reasons)-1].Text, "only glue:TagResource tags it") {
		t.Errorf("%+v", f)
	}
	// Without its ARN it cannot be named, and that is said.
	h, _ = w.happens(strings.Replace(madeBy("lightsail:CreateDisk", `{"diskName":"d"}`, `{"operations":[{"resourceName":"d"}]}`), `"c-1"`, `"c-2"`, 1))
	if len(h.Plan.Unread) != 1 || !strings.Contains(h.Plan.Unread[0].Reason, "ARN of the lightsail:disk") || !h.Done() {
		t.Errorf("%+v", h.Plan)
	}
}

func TestAnOwnerStaysWhereTheCallMayHaveChangedWhatWasThere(t *testing.T) {
	const rule = "arn:aws:events:us-east-1:111122223333:rule/nightly"
	for name, tt := range map[string]struct{ there, want tag.Set }{
		"bea has it":     {tag.Set{"Owner": "bea", "PrincipalId": "AIDABEA"}, tag.Set{"Owner": "bea", "PrincipalId": "AIDABEA", "Project": "none"}},
		"nobody has it":  {nil, tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE", "Project": "none"}},
		"an empty owner": {tag.Set{"Owner": ""}, tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE", "Project": "none"}},
	} {
		w := newWorld(t, stampAll)
		w.strange("events:rule", rule, tt.there)
		w.happens(madeBy("events:PutRule", `{"name":"nightly"}`, fmt.Sprintf(`{"ruleArn":%q}`, rule)))
		if diff := cmp.Diff(tt.want, w.tagsOf(rule)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestOwnersThatDisagreeStayWhereTheCallMayHaveChangedWhatWasThere(t *testing.T) {
	const rule = "arn:aws:events:us-east-1:111122223333:rule/nightly"
	const file = `
settings: {mark: off}
policies:
  - {name: owners, resource: any, on: created, mode: enforce, tags: {Owner: {value: creator.name, overwrite: true, aliases: [owner]}}}
`
	there := tag.Set{"Owner": "bea", "owner": "eve"}
	w := newWorld(t, file)
	w.strange("events:rule", rule, there)
	w.happens(madeBy("events:PutRule", `{"name":"nightly"}`, fmt.Sprintf(`{"ruleArn":%q}`, rule)))
	if diff := cmp.Diff(there, w.tagsOf(rule)); diff != "" {
		t.Errorf("changed (-want +got)\n%s", diff)
	}
	w = newWorld(t, file)
	w.strange("sns:topic", topicARN, there)
	w.happens(madeTopic(topicARN))
	if diff := cmp.Diff(tag.Set{"Owner": "ada", "owner": "eve"}, w.tagsOf(topicARN)); diff != "" {
		t.Errorf("made (-want +got)\n%s", diff)
	}
}

func TestWhatALaunchBringsIsTaggedByAPolicyAboutAny(t *testing.T) {
	w := newWorld(t, stampAll)
	id := w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	w.happens(launched(id))
	i, _ := w.aws.Instance(id)
	for _, id := range append(i.Volumes, id) {
		if tags := w.tagsOf(id); tags["Owner"] != "ada" || tags["Project"] != "none" {
			t.Errorf("%s has the tags %v", id, tags)
		}
	}
}

// Snapshots of clusters are read and tagged as snapshots, as RDS names them.
func TestWhatTheRecordCallsByAnotherNameIsReadByItsOwnService(t *testing.T) {
	w := newWorld(t, stampAll)
	id := w.aws.Add(&resource.DBSnapshot{Base: resource.Base{Reference: resource.Ref{Region: region, ID: resource.ClusterSnapshotID("before")}}})
	h, _ := w.happens(madeBy("rds:CreateDBClusterSnapshot", `{}`, `{"dBClusterSnapshotArn":"arn:aws:rds:us-east-1:111122223333:cluster-snapshot:before"}`))
	if tags := w.tagsOf(id); tags["Owner"] != "ada" || !h.Done() || w.aws.Calls()["rds:AddTagsToResource"] != 1 {
		t.Errorf("tags %v, calls %v", tags, w.aws.Calls())
	}
}

func TestWhatIsOfAnotherAccountIsLeftAlone(t *testing.T) {
	w := newWorld(t, stampAll)
	h, _ := w.happens(madeTopic("arn:aws:sns:us-east-1:999988887777:theirs"))
	if h.Plan == nil || len(h.Plan.Findings)+len(h.Unseen) != 0 || !h.Done() {
		t.Errorf("%+v", h)
	}
}

func TestThePolicyOfOneTypeIsNotWokenByAnother(t *testing.T) {
	w := newWorld(t, stamp)
	if h, _ := w.happens(madeTopic(topicARN)); h.Ignored == "" {
		t.Errorf("%+v", h)
	}
}

// What a call names may be gone, or another account's: nobody waits for it.
func TestWhatIsOnlyMentionedIsNotWaitedFor(t *testing.T) {
	w := newWorld(t, `
settings: {mark: off}
policies:
  - {name: projects, resource: any, on: {api: "ec2:StartInstances"}, mode: enforce, tags: {Project: {default: none}}}
`)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	started := call("StartInstances", fmt.Sprintf(`{"instancesSet":{"items":[{"instanceId":%q},{"instanceId":"i-00000000000000002"}]}}`, id), `null`)
	h, waits := w.waiting(started, func(int) {})
	if h.Ignored != "" || waits != 0 || len(h.Unseen) != 0 || !h.Done() {
		t.Errorf("after %d waits: %+v", waits, h)
	}
	if got := w.tagsOf(id)["Project"]; got != "none" {
		t.Errorf("what can be read has the project %q", got)
	}
	if h, _ = w.happens(started); h.Ignored != "it was handled before" {
		t.Errorf("once more: %+v", h)
	}
}

func TestWhatALateInstanceBringsIsTaggedInTheSameHandling(t *testing.T) {
	w := newWorld(t, volumesAlone)
	const id = "i-00000000000000001"
	h, waits := w.waiting(launched(id), func(n int) {
		if n == 2 {
			w.aws.Launch(sim.Instance{ID: id, Region: region})
		}
	})
	i, _ := w.aws.Instance(id)
	if waits != 2 || !h.Done() || w.tagsOf(i.Volumes[0])["Owner"] != "ada" {
		t.Errorf("after %d waits: unseen %v, tags %v", waits, h.Unseen, w.tagsOf(i.Volumes[0]))
	}
}

func TestEachLookIsConfirmed(t *testing.T) {
	w := newWorld(t, stamp)
	first := w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	const second = "i-00000000000000002"
	a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region,
		Wait: func(context.Context, time.Duration) bool {
			w.aws.Launch(sim.Instance{ID: second, Region: region})
			return true
		}})
	e := w.event(launched(first, second))
	declined := errors.New("declined")
	asked := 0
	e.Confirm = func(*app.Handling) error {
		if asked++; asked == 2 {
			return declined
		}
		return nil
	}
	h, report, err := a.Handle(t.Context(), e)
	if !errors.Is(err, declined) || h == nil || report == nil {
		t.Fatalf("%+v, %v", h, err)
	}
	if w.tagsOf(first)["Owner"] != "ada" || len(w.tagsOf(second)) != 0 {
		t.Errorf("tags %v and %v", w.tagsOf(first), w.tagsOf(second))
	}
	if h, _ := w.happens(launched(first, second)); !h.Done() || w.tagsOf(second)["Owner"] != "ada" {
		t.Errorf("given again: %+v", h)
	}
}
