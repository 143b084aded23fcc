package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// happens hands an event to the policies, which act on it.
func (w *world) happens(payload string) (*app.Handling, *app.Report) {
	w.t.Helper()
	h, report, err := w.app().Handle(w.t.Context(), w.event(payload))
	if err != nil {
		w.t.Fatalf("handling the event: %v", err)
	}
	return h, report
}

func (w *world) event(payload string) app.Event {
	w.t.Helper()
	b, err := trigger.Read([]byte(payload))
	if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
		w.t.Fatalf("reading the event: %+v, %v", b, err)
	}
	w.runs++
	return app.Event{Run: fmt.Sprintf("event-%d", w.runs), Now: w.aws.Clock().Now(), Request: b.Messages[0].Request}
}

// launched is the record of a launch of these instances by ada.
func launched(ids ...string) string {
	items := ""
	for i, id := range ids {
		if i > 0 {
			items += ","
		}
		items += fmt.Sprintf(`{"instanceId":%q}`, id)
	}
	return call("RunInstances", `null`, `{"instancesSet":{"items":[`+items+`]}}`)
}

const stamp = `
settings: {mark: off}
policies:
  - name: stamp-creator
    resource: [ec2:instance, ec2:volume, ec2:snapshot, ec2:image]
    on: created
    mode: enforce
    children: [volumes, network_interfaces, snapshots]
    tags:
      Owner:       {value: creator.name, overwrite: true}
      PrincipalId: {value: creator.principal_id, overwrite: true}
`

func TestALaunchIsTaggedWholeInOneReadAndOneWrite(t *testing.T) {
	w := newWorld(t, stamp)
	var ids []string
	for i := range 3 {
		ids = append(ids, w.aws.Launch(sim.Instance{
			ID: fmt.Sprintf("i-0%016x", i+1), Region: region, Tags: tag.Set{"Owner": "forged"},
			Volumes: []string{fmt.Sprintf("vol-1%016x", i), fmt.Sprintf("vol-2%016x", i)},
		}))
	}
	before := w.aws.Calls()
	h, report := w.happens(launched(ids...))
	if len(h.Unseen) != 0 || len(report.Problems) != 0 {
		t.Fatalf("unseen %v, problems %v", h.Unseen, report.Problems)
	}
	want := tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE"}
	for _, id := range ids {
		i, _ := w.aws.Instance(id)
		if diff := cmp.Diff(want, i.TagSet); diff != "" {
			t.Errorf("%s (-want +got)\n%s", id, diff)
		}
		for _, child := range []string{i.Volumes[0], i.Volumes[1], i.Interfaces[0].ID} {
			if diff := cmp.Diff(want, w.tagsOf(child)); diff != "" {
				t.Errorf("its %s (-want +got)\n%s", child, diff)
			}
		}
	}
	made := map[string]int{}
	for op, n := range w.aws.Calls() {
		if n > before[op] && op != "sts:GetCallerIdentity" {
			made[op] = n - before[op]
		}
	}
	if diff := cmp.Diff(map[string]int{"ec2:DescribeInstances": 1, "ec2:CreateTags": 1}, made); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	// The same event again does nothing, and another about the same launch finds
	// nothing to do.
	if h, _ = w.happens(launched(ids...)); h.Ignored != "it was handled before" || h.Plan != nil {
		t.Errorf("the same event again: %+v", h)
	}
	again := strings.Replace(launched(ids...), `"c-1"`, `"c-2"`, 1)
	if h, _ = w.happens(again); h.Plan == nil || len(h.Plan.Findings) != 0 {
		t.Errorf("another event about it: %+v", h)
	}
}

func TestWhatCannotBeSeenYetIsHandedBackAndTheRestIsDone(t *testing.T) {
	w := newWorld(t, stamp)
	id := w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	h, _ := w.happens(launched(id, "i-00000000000000002"))
	if len(h.Unseen) != 1 || h.Unseen[0].ID != "i-00000000000000002" {
		t.Errorf("unseen: %v", h.Unseen)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "ada" {
		t.Errorf("the other has the tags %v", i.TagSet)
	}
	// Delivered again once it can be seen, the event does the rest.
	w.aws.Launch(sim.Instance{ID: "i-00000000000000002", Region: region})
	if h, _ = w.happens(launched(id, "i-00000000000000002")); len(h.Unseen) != 0 {
		t.Errorf("unseen: %v", h.Unseen)
	}
	if i, _ := w.aws.Instance("i-00000000000000002"); i.TagSet["Owner"] != "ada" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}

func TestTwoEventsAboutOneResourceAreHandledOneAfterTheOther(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	key := fmt.Sprintf("resource/%s/%s/ec2:instance/%s", account, region, id)
	now := w.aws.Clock().Now()
	if _, err := w.ledger.Claim(t.Context(), w.scope(), key, "other", now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.app().Handle(t.Context(), w.event(running(id))); !errors.Is(err, app.ErrTaken) {
		t.Fatalf("while another run is at it: %v", err)
	}
	if i, _ := w.aws.Instance(id); i.State != "running" {
		t.Errorf("it is %s", i.State)
	}
	w.aws.Clock().Advance(time.Minute) // the other run has died
	if h, _ := w.happens(running(id)); h.Ignored != "" {
		t.Errorf("ignored: %s", h.Ignored)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

func TestWhatFailsForAPassingReasonIsDoneWhenTheEventComesAgain(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.aws.Throttle("ec2:StopInstances", 1)
	h, _ := w.happens(running(id))
	if h.Done() {
		t.Fatalf("it counts as done: %+v", h.Plan.Findings[0].Actions)
	}
	if h, _ = w.happens(running(id)); !h.Done() || h.Ignored != "" {
		t.Errorf("the second time: %+v", h)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

func TestWhatIsNotForUsIsLeftAlone(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	for name, payload := range map[string]string{
		"another account":   strings.Replace(running(id), account, "999988887777", 1),
		"another state":     strings.Replace(running(id), `"state":"running"`, `"state":"pending"`, 1),
		"tagwarden's doing": strings.Replace(launched(id), "arn:aws:iam::111122223333:user/ada", "arn:aws:sts::"+account+":assumed-role/tagwarden/embedded", 1),
	} {
		if h, report := w.happens(payload); h.Ignored == "" || report != nil {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestOurOwnTagsWakeNobody(t *testing.T) {
	w := newWorld(t, `
settings: {mark: off}
policies:
  - {name: projects, resource: ec2:instance, on: tags_changed, mode: enforce, tags: {Project: {default: none}}}
`)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.apply()
	arn := resource.InstanceARN(region, account, id)
	change := func(id string, after time.Duration) string {
		at := w.aws.Clock().Now().Add(after).Format(time.RFC3339)
		return fmt.Sprintf(`{"id":%q,"detail-type":"Tag Change on Resource","source":"aws.tag","account":%q,"time":%q,"region":%q,"resources":[%q],"detail":{"changed-tag-keys":["Project"]}}`, id, account, at, region, arn)
	}
	if h, _ := w.happens(change("t-1", 2*time.Second)); h.Ignored != "it is tagwarden's own change" {
		t.Errorf("our own: %+v", h)
	}
	w.aws.SetTags(id, nil)
	w.aws.Clock().Advance(time.Hour)
	if h, _ := w.happens(change("t-2", 0)); h.Ignored != "" {
		t.Errorf("somebody else's: %s", h.Ignored)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Project"] != "none" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}

func TestAnEventAboutAnyTypeConcernsAPolicyAboutAll(t *testing.T) {
	w := newWorld(t, `
settings: {mark: off}
policies:
  - {name: projects, resource: any, on: tags_changed, mode: enforce, tags: {Project: {default: none}}}
`)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	bucket := w.aws.Add(&resource.Bucket{Base: resource.Base{Reference: resource.Ref{Region: region, ID: "logs"}}})
	w.happens(fmt.Sprintf(`{"id":"t-1","detail-type":"Tag Change on Resource","source":"aws.tag","account":%q,"time":%q,"region":%q,"resources":[%q,"arn:aws:s3:::logs"],"detail":{"changed-tag-keys":["Project"]}}`,
		account, w.aws.Clock().Now().Format(time.RFC3339), region, resource.InstanceARN(region, account, id)))
	for _, id := range []string{id, bucket} {
		if tags := w.tagsOf(id); tags["Project"] != "none" {
			t.Errorf("%s has the tags %v", id, tags)
		}
	}
}

func TestASingleVolumeIsStamped(t *testing.T) {
	w := newWorld(t, stamp)
	w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	i, _ := w.aws.Instance("i-00000000000000001")
	w.happens(call("CreateVolume", `null`, fmt.Sprintf(`{"volumeId":%q}`, i.Volumes[0])))
	if r, _ := w.aws.Resource(i.Volumes[0]); r.Tags()["Owner"] != "ada" {
		t.Errorf("the volume has the tags %v", r.Tags())
	}
}

const unexcepted = `
settings: {mark: off, exempt: [{tag: SPECIAL_EXCEPTION}]}
channels: {managers: {file: {dir: DIR}}}
policies:
  - name: stop-what-has-no-exception
    resource: ec2:instance
    on: {state: running}
    mode: enforce
    match: '!("SPECIAL_EXCEPTION" in resource.tags)'
    enforce:
      - stop
      - notify: managers
`

func running(id string) string {
	return fmt.Sprintf(`{"id":"e-1","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":"2026-11-02T10:00:00Z","region":%q,"resources":[],
		"detail":{"instance-id":%q,"state":"running"}}`, account, region, id)
}

func TestAStartedInstanceWithoutTheExceptionIsStoppedAndAnnouncedOnce(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	for _, event := range []string{"e-1", "e-1", "e-1", "e-2", "e-3"} {
		w.happens(strings.Replace(running(id), "e-1", event, 1))
	}
	made := w.aws.Calls()
	if sent := len(w.post.sent); made["ec2:StopInstances"] != 1 || sent != 1 {
		t.Errorf("%d stops, %d digests", made["ec2:StopInstances"], sent)
	}
	// Started again, it is stopped again, and people hear of it.
	w.aws.Clock().Advance(10 * time.Minute)
	if _, err := w.aws.Do(t.Context(), execute.Call{Action: action.Start, Type: resource.EC2Instance, At: resource.Place{Account: account, Region: region}, IDs: []string{id}}); err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(10 * time.Minute)
	h, _ := w.happens(strings.Replace(running(id), "e-1", "e-4", 1))
	if a := h.Plan.Findings[0].Actions[0]; a.State != plan.Done {
		t.Errorf("started again: %s %s", a.State, a.Reason)
	}
	if sent := len(w.post.sent); sent != 2 {
		t.Errorf("%d digests after it was started again", sent)
	}
}

func TestAStartedInstanceIsReadOnceAndStopped(t *testing.T) {
	w := newWorld(t, unexcepted)
	w.happens(running(w.launch("i-00000000000000001", time.Hour, nil)))
	want := map[string]int{"sts:GetCallerIdentity": 1, "ec2:DescribeInstances": 1, "ec2:DescribeInstanceAttribute": 2, "ec2:StopInstances": 1}
	if diff := cmp.Diff(want, w.aws.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func TestAnInstanceWithTheExceptionIsLeftAlone(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, tag.Set{"SPECIAL_EXCEPTION": ""})
	w.happens(running(id))
	if i, _ := w.aws.Instance(id); i.State != "running" || len(w.post.sent) != 0 {
		t.Errorf("it is %s, and %d digests were sent", i.State, len(w.post.sent))
	}
}

// An exception that is given while a person is asked counts.
func TestATagThatComesWhileItIsConfirmedIsInTime(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	e := w.event(running(id))
	e.Confirm = func(*app.Handling) error {
		w.aws.SetTags(id, tag.Set{"SPECIAL_EXCEPTION": "yes"})
		return nil
	}
	if _, _, err := w.app().Handle(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if w.stateNow(id) != "running" || len(w.post.sent) != 0 {
		t.Errorf("it is %s, and %d digests were sent", w.stateNow(id), len(w.post.sent))
	}
}
