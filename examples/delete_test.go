package examples_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestWhatHasNoTagsIsTerminatedOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "no-tags-terminate.yaml")
	var ids []string
	for _, i := range r.aws.Instances() {
		if len(i.TagSet.User()) == 0 && !i.Ended() {
			ids = append(ids, i.Reference.ID)
		}
	}
	stack := r.aws.Launch(sim.Instance{Region: "us-east-1", LaunchedAt: r.aws.Clock().Now().Add(-day), Tags: tag.Set{"aws:cloudformation:stack-id": "arn:aws:cloudformation:x"}})
	young := r.aws.Launch(sim.Instance{Region: "us-east-1"})
	ids = append(ids, stack)
	slices.Sort(ids)
	if len(ids) < 3 {
		t.Fatalf("the sample account has %v without tags", ids)
	}
	p := r.apply(0)
	same(t, "violating at first", len(ids), p.Summary.Violating)
	same(t, "terminated at first", []string(nil), in(p, action.Terminate, plan.Done))
	same(t, "mails", "Instances without any tag: "+strconv.Itoa(len(ids)), r.box.mails[0].Subject)

	saved := ids[0]
	r.aws.SetTags(saved, tag.Set{"Owner": "ana"})
	p = r.apply(day)
	want := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == saved })
	same(t, "terminated or held a day later", want, slices.Sorted(slices.Values(append(in(p, action.Terminate, plan.Done), in(p, action.Terminate, plan.Held)...))))
	r.aws.Clock().Advance(time.Minute)
	for _, id := range []string{saved, young} {
		if i, _ := r.aws.Instance(id); i.Ended() {
			t.Errorf("%s was ended", id)
		}
	}
	if i, ok := r.aws.Instance(stack); ok && !i.Ended() {
		t.Error("the one with AWS's tags alone is still there")
	}
}

func TestWhatHasNoTagsIsTerminatedOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "no-tags@example.com"
	aws.VerifyIdentity(t, sender)
	bare := aws.Launch(t, 2, nil)
	slices.Sort(bare)
	protected := aws.Launch(t, 1, nil)[0]
	aws.Protect(t, protected, false, true)
	kept := aws.Launch(t, 1, map[string]string{"Owner": "ana"})[0]
	u := newUser(t, "no-tags-terminate.yaml", map[string]string{"SES_FROM": sender})

	d := u.json(0, "apply", "--yes", "--at", "+2h")
	same(t, "terminated at first", []string(nil), d.with("terminate", "done"))
	same(t, "violations", slices.Sorted(slices.Values(append(slices.Clone(bare), protected))), d.violating())
	d = u.json(3, "apply", "--yes", "--at", "+27h") // 3: one is held
	same(t, "terminated", bare, d.with("terminate", "done"))
	same(t, "held", []string{protected}, d.with("terminate", "held"))
	now := states(t, aws)
	for id, want := range map[string]string{bare[0]: "terminated", bare[1]: "terminated", protected: "running", kept: "running"} {
		same(t, "state of "+id, want, now[id])
	}
}

func TestOldSnapshotsAreDeletedOnTheEmbeddedAccount(t *testing.T) {
	const used, unused = "snap-0c38f1d7a62e59b40", "snap-0912e6b4d7f8a3c50"
	r := rehearse(t, "snapshots-six-months.yaml")
	p := r.apply(0)
	same(t, "waiting", []string{unused}, in(p, action.Delete, plan.Waiting))
	p = r.apply(14 * day)
	same(t, "deleted", []string{unused}, in(p, action.Delete, plan.Done))
	p = r.apply(100 * day) // by now the other one is old enough, and in use
	same(t, "deleted later", []string(nil), in(p, action.Delete, plan.Done))
	// Its image is a year old at last; once that is gone the snapshot follows.
	for range 4 {
		r.apply(80 * day)
	}
	if _, ok := r.aws.Resource("ami-0b5c82f7e1d39a640"); ok {
		t.Error("the image is still there")
	}
	if _, ok := r.aws.Resource(used); ok {
		t.Error("its snapshot is still there")
	}
}

func TestOldSnapshotsAreDeletedOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "snapshots@example.com"
	aws.VerifyIdentity(t, sender)
	unused, shared, kept := aws.Make(t, "ec2:snapshot"), aws.Make(t, "ec2:snapshot"), aws.Make(t, "ec2:snapshot")
	aws.EC2(t, nil, "ModifySnapshotAttribute", "SnapshotId", shared, "Attribute", "createVolumePermission", "OperationType", "add", "UserId.1", "999988887777")
	aws.EC2(t, nil, "CreateTags", "ResourceId.1", kept, "Tag.1.Key", "Keep", "Tag.1.Value", time.Now().AddDate(1, 0, 0).Format("2006-01-02"))
	image := aws.Make(t, "ec2:image")
	var made struct {
		Snapshots []string `xml:"imagesSet>item>blockDeviceMapping>item>ebs>snapshotId"`
	}
	aws.EC2(t, &made, "DescribeImages", "ImageId.1", image)
	if len(made.Snapshots) == 0 {
		t.Fatal("the image is made of no snapshot")
	}
	u := newUser(t, "snapshots-six-months.yaml", map[string]string{"SES_FROM": sender})

	same(t, "violations in a month", []string(nil), u.json(0, "plan", "--at", "+30d").violating())
	u.json(0, "apply", "--yes", "--at", "+181d")
	d := u.json(3, "apply", "--yes", "--at", "+196d") // 3: one is held
	same(t, "deleted", []string{unused}, d.with("delete", "done"))
	same(t, "held", []string{shared}, d.with("delete", "held"))
	var left struct {
		IDs []string `xml:"snapshotSet>item>snapshotId"`
	}
	aws.EC2(t, &left, "DescribeSnapshots", "Owner.1", "self")
	if slices.Contains(left.IDs, unused) || !slices.Contains(left.IDs, shared) || !slices.Contains(left.IDs, kept) || !slices.Contains(left.IDs, made.Snapshots[0]) {
		t.Errorf("left are %v; unused %s, shared %s, kept %s, of an image %s", left.IDs, unused, shared, kept, made.Snapshots[0])
	}
}

func TestForbiddenRegionsOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "forbidden-regions.yaml")
	var running []string
	for _, i := range r.aws.Instances() {
		if i.Reference.Region != "us-east-1" && i.State == "running" {
			running = append(running, i.Reference.ID)
		}
	}
	slices.Sort(running)
	p := r.apply(0)
	same(t, "stopped at first", []string(nil), in(p, action.Stop, plan.Done))
	p = r.apply(day)
	// More than a quarter of what there is: nothing is stopped before a person says so.
	held := in(p, action.Stop, plan.Held)
	same(t, "stopped", []string(nil), in(p, action.Stop, plan.Done))
	for _, id := range running {
		if !slices.Contains(held, id) {
			t.Errorf("%s is neither stopped nor held", id)
		}
	}
	for _, f := range p.Findings {
		if f.Resource.Region == "us-east-1" {
			t.Errorf("%s of an agreed region is a finding", f.Resource.ID)
		}
	}
}

// What was stopped because of a list of regions that was wrong is started again.
func TestForbiddenRegionsOnMotoAndBackAgain(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-west-1")
	aws.Setenv(t)
	const sender = "regions@example.com"
	aws.VerifyIdentity(t, sender)
	ids := aws.Launch(t, 3, nil)
	exempt := aws.Launch(t, 1, map[string]string{"REGION_EXCEPTION": "dr test"})[0]
	slices.Sort(ids)
	u := newUser(t, "forbidden-regions.yaml", map[string]string{"SES_FROM": sender})

	d := u.json(0, "apply", "--yes", "--region", "eu-west-1")
	same(t, "violations", true, slices.Contains(d.violating(), ids[0]) && !slices.Contains(d.violating(), exempt))
	code, out, errs := u.run("apply", "--yes", "--region", "eu-west-1", "--at", "+2d", "-o", "json")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	var done struct{ Run string }
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		same(t, "state of "+id, "stopped", states(t, aws)[id])
	}

	d = u.json(0, "undo", done.Run, "--yes")
	same(t, "started", ids, d.with("start", "done"))
	for _, id := range append(ids, exempt) {
		same(t, "state of "+id, "running", states(t, aws)[id])
	}
	same(t, "started by a second undo", []string(nil), u.json(0, "undo", done.Run, "--yes").with("start", "done"))
}

func TestExpiredOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "expired.yaml")
	at := func(days int) tag.Set {
		return tag.Set{"Owner": "ana", "Expires": r.aws.Clock().Now().AddDate(0, 0, days).Format("2006-01-02")}
	}
	launch := func(tags tag.Set) string { return r.aws.Launch(sim.Instance{Region: "us-east-1", Tags: tags}) }
	expired, today, longer, wrong := launch(at(-1)), launch(at(0)), launch(at(-2)), launch(tag.Set{"Expires": "soon"})
	volume := r.aws.Add(&resource.Volume{Base: resource.Base{Reference: resource.Ref{Region: "us-east-1"}, TagSet: at(-1)}})
	p := r.apply(0)
	same(t, "waiting to be stopped", slices.Sorted(slices.Values([]string{expired, longer})), in(p, action.Stop, plan.Waiting))
	same(t, "not known", 1, p.Summary.Unknown)

	r.aws.SetTags(longer, at(90))
	p = r.apply(3 * day)
	same(t, "stopped", []string{expired}, in(p, action.Stop, plan.Done))
	p = r.apply(14 * day)
	same(t, "terminated", []string{expired}, in(p, action.Terminate, plan.Done))
	same(t, "backed up", []string{volume}, in(p, action.Backup, plan.Done))
	same(t, "deleted at once", []string(nil), in(p, action.Delete, plan.Done))
	same(t, "deleted", []string{volume}, in(r.apply(20*time.Minute), action.Delete, plan.Done))
	r.aws.Clock().Advance(time.Minute)
	for id, want := range map[string]string{expired: "terminated", longer: "running", wrong: "running", today: "stopped"} {
		if i, _ := r.aws.Instance(id); i.State != want {
			t.Errorf("%s is %s, want %s", id, i.State, want)
		}
	}
}

func TestExpiredOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "expired@example.com"
	aws.VerifyIdentity(t, sender)
	date := func(days int) map[string]string {
		return map[string]string{"Expires": time.Now().AddDate(0, 0, days).Format("2006-01-02")}
	}
	expired, later := aws.Launch(t, 1, date(-2))[0], aws.Launch(t, 1, date(60))[0]
	volume := aws.Make(t, "ec2:volume")
	aws.EC2(t, nil, "CreateTags", "ResourceId.1", volume, "Tag.1.Key", "Expires", "Tag.1.Value", "2026-01-01")
	u := newUser(t, "expired.yaml", map[string]string{"SES_FROM": sender})

	same(t, "stopped at once", []string(nil), u.json(0, "apply", "--yes").with("stop", "done"))
	same(t, "stopped", []string{expired}, u.json(0, "apply", "--yes", "--at", "+4d").with("stop", "done"))
	d := u.json(0, "apply", "--yes", "--at", "+19d")
	same(t, "terminated", []string{expired}, d.with("terminate", "done"))
	// What is taken now is no backup of a time to come.
	same(t, "backed up", []string{volume}, d.with("backup", "done"))
	same(t, "deleted", []string(nil), u.json(0, "apply", "--yes", "--at", "+19d").with("delete", "done"))
	now := states(t, aws)
	same(t, "states", []string{"terminated", "running"}, []string{now[expired], now[later]})
}
