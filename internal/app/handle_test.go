package app_test

import (
	"fmt"
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

// happens hands an event to the policies and carries out what follows.
func (w *world) happens(payload string) (*app.Handling, *app.Report) {
	w.t.Helper()
	h := w.judges(payload)
	report, err := w.app().Carry(w.t.Context(), h, w.aws.Clock().Now())
	if err != nil {
		w.t.Fatalf("carrying it out: %v", err)
	}
	return h, report
}

// judges hands an event to the policies and does no more.
func (w *world) judges(payload string) *app.Handling {
	w.t.Helper()
	b, err := trigger.Read([]byte(payload))
	if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
		w.t.Fatalf("reading the event: %+v, %v", b, err)
	}
	w.runs++
	h, err := w.app().Judge(w.t.Context(), app.Event{Run: fmt.Sprintf("event-%d", w.runs), Now: w.aws.Clock().Now(), Request: b.Messages[0].Request})
	if err != nil {
		w.t.Fatalf("judging it: %v", err)
	}
	return h
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
		ids = append(ids, w.aws.Launch(sim.Instance{ID: fmt.Sprintf("i-0%016x", i+1), Region: region, Tags: tag.Set{"Owner": "forged"}}))
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
		for _, v := range i.Volumes {
			r, _ := w.aws.Resource(v)
			if diff := cmp.Diff(want, r.Tags()); diff != "" {
				t.Errorf("its volume %s (-want +got)\n%s", v, diff)
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
	// The same event again changes nothing.
	h, _ = w.happens(launched(ids...))
	if len(h.Plan.Findings) != 0 {
		t.Errorf("the same event again finds %+v", h.Plan.Findings)
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
	for range 5 {
		w.happens(running(id))
	}
	stops := 0
	for _, e := range w.aws.Log() {
		if e.Operation == "ec2:StopInstances" {
			stops++
		}
	}
	if sent := len(w.post.sent); stops != 1 || sent != 1 {
		t.Errorf("%d stops, %d digests", stops, sent)
	}
	// Started again, it is stopped again, and people hear of it.
	w.aws.Clock().Advance(10 * time.Minute)
	if _, err := w.aws.Do(t.Context(), execute.Call{Action: action.Start, Type: resource.EC2Instance, At: resource.Place{Account: account, Region: region}, IDs: []string{id}}); err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(10 * time.Minute)
	h, _ := w.happens(running(id))
	if a := h.Plan.Findings[0].Actions[0]; a.State != plan.Done {
		t.Errorf("started again: %s %s", a.State, a.Reason)
	}
	if sent := len(w.post.sent); sent != 2 {
		t.Errorf("%d digests after it was started again", sent)
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
