package app_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const leftOver = `
settings: {limits: {share: 100%}}
policies:
  - name: left-over
    resource: [ec2:volume, ec2:snapshot]
    mode: enforce
    match: resource.state in ["available", "completed"] && resource.age > days(180) && !resource.in_use
    enforce:
      - delete: {after: 7d}
`

const atOnce = `
settings: {limits: {share: 100%}}
policies:
  - name: everything
    resource: [ec2:volume, ec2:snapshot, ec2:image, ec2:network-interface, ec2:security-group, ec2:elastic-ip]
    mode: enforce
    match: tag("Keep") == ""
    enforce:
      - delete: {after: 0d}
`

// at is the base of something in the region.
func at(tags tag.Set) resource.Base {
	return resource.Base{Reference: resource.Ref{Region: region}, TagSet: tags}
}

// old is a snapshot of last year.
func (w *world) old() string {
	return w.aws.Add(&resource.Snapshot{Base: at(nil), CreatedAt: start.AddDate(-1, 0, 0)})
}

func (w *world) there(id string) bool {
	_, ok := w.aws.Resource(id)
	return ok
}

func TestWhatNothingUsesIsDeletedAfterItsGracePeriod(t *testing.T) {
	w := newWorld(t, leftOver)
	unused, used := w.old(), w.old()
	young := w.aws.Add(&resource.Snapshot{Base: at(nil), CreatedAt: start.AddDate(0, -1, 0)})
	volume := w.aws.Add(&resource.Volume{Base: at(nil), CreatedAt: start.AddDate(-1, 0, 0)})
	w.aws.Add(&resource.Image{Base: at(nil), Snapshots: []string{used}})
	w.apply()
	if !w.there(unused) || !w.there(volume) {
		t.Fatal("it was deleted at once")
	}
	w.aws.Clock().Advance(7 * day)
	r := w.apply()
	for id, want := range map[string]bool{unused: false, volume: false, used: true, young: true} {
		if got := w.there(id); got != want {
			t.Errorf("%s is there: %v, want %v", id, got, want)
		}
	}
	if a := find(t, r.Plan, unused, action.Delete); a.State != plan.Done || a.RequestID == "" {
		t.Errorf("it ended as %s, request %q", a.State, a.RequestID)
	}
	w.apply()
	if open := did(w.plan()); len(open) != 0 {
		t.Errorf("afterwards there is left to do: %v", open)
	}
}

// A page of resources takes as many calls as one of them; shares are asked
// about only of what is about to be deleted.
func TestUseIsReadOnceForAPageAndSharesForWhatIsDue(t *testing.T) {
	w := newWorld(t, leftOver)
	for range 30 {
		w.old()
	}
	w.plan()
	calls := w.aws.Calls()
	if calls["ec2:DescribeLaunchTemplates"] != 1 || calls["ec2:DescribeSnapshotAttribute"] != 0 {
		t.Errorf("while nothing is due: %v", calls)
	}
	w.apply()
	w.aws.Clock().Advance(7 * day)
	p, before := w.plan(), w.aws.Calls()["ec2:DescribeSnapshotAttribute"]
	if before != 30 {
		t.Errorf("shares of 30 that are due were read with %d calls", before)
	}
	w.applyPlan(p)
	if n := w.aws.Calls()["ec2:DescribeSnapshotAttribute"]; n != 60 {
		t.Errorf("just before, they were read again with %d calls", n-before)
	}
}

func TestWhatCannotBeLookedForIsNotDeleted(t *testing.T) {
	for call, code := range map[string]string{"autoscaling:DescribeLaunchConfigurations": reason.UseUnread, "ec2:DescribeSnapshotAttribute": reason.UseUnread} {
		w := newWorld(t, atOnce)
		w.aws.Deny(call)
		id := w.old()
		r := w.apply()
		if a := find(t, r.Plan, id, action.Delete); a.State != plan.Held || a.Code != code || !strings.Contains(a.Reason, call) {
			t.Errorf("without %s: %s, %s: %s", call, a.State, a.Code, a.Reason)
		}
		if !w.there(id) {
			t.Errorf("without %s it was deleted", call)
		}
	}
}

func TestUseThatBeginsAfterThePlanIsSeen(t *testing.T) {
	w := newWorld(t, atOnce)
	snap, shared := w.old(), w.old()
	image := w.aws.Add(&resource.Image{Base: at(nil)})
	group := w.aws.Add(&resource.SecurityGroup{Base: at(nil), GroupName: "web"})
	volume := w.aws.Add(&resource.Volume{Base: at(nil)})
	p := w.plan()
	if n := len(did(p)); n != 5 {
		t.Fatalf("planned: %v", did(p))
	}
	w.aws.Refer(region, "launch template lt-1", image, snap)
	w.aws.Refer(region, "security group sg-1", group)
	w.aws.Share(shared, "999988887777")
	w.aws.SetTags(volume, tag.Set{"Keep": "yes"})
	r := w.applyPlan(p)
	for _, id := range []string{snap, shared, image, group, volume} {
		if a := find(t, r.Plan, id, action.Delete); a.State != plan.Skipped || a.Code != reason.NoLongerHolds || !w.there(id) {
			t.Errorf("%s: %s: %s", id, a.State, a.Reason)
		}
	}
	if n := w.aws.Calls()["ec2:DeleteVolume"] + w.aws.Calls()["ec2:DeleteSnapshot"] + w.aws.Calls()["ec2:DeregisterImage"]; n != 0 {
		t.Errorf("%d deletions were tried", n)
	}
}

func TestADeletionWhoseAnswerIsLostIsSeenToBeDone(t *testing.T) {
	w := newWorld(t, atOnce)
	id := w.aws.Add(&resource.Volume{Base: at(nil)})
	w.aws.LoseAnswers("ec2:DeleteVolume", 1, true)
	r := w.apply()
	if a := find(t, r.Plan, id, action.Delete); a.State != plan.Done {
		t.Errorf("it ended as %s: %s", a.State, a.Reason)
	}
}

func TestMoreDeletionsThanTheLimitAreNotBegun(t *testing.T) {
	w := newWorld(t, atOnce)
	for range 51 {
		w.aws.Add(&resource.Volume{Base: at(nil)})
	}
	w.apply()
	if n := w.aws.Calls()["ec2:DeleteVolume"]; n != 0 {
		t.Errorf("%d of 51 were deleted, where the limit is 50", n)
	}
}

// Whatever is there and whatever happens between the plan and its run, nothing
// that is used, shared or kept by a service is ever deleted.
func TestNothingInUseIsEverDeleted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, atOnce)
		var ids []string
		pick := func(label string) string { return rapid.SampledFrom(append(ids, "none-1")).Draw(rt, label) }
		for n := range rapid.IntRange(1, 12).Draw(rt, "resources") {
			ids = append(ids, addAny(rt, w, n, pick))
		}
		disturb := func(when string) {
			for range rapid.IntRange(0, 3).Draw(rt, when) {
				id := pick("id")
				switch rapid.IntRange(0, 2).Draw(rt, "what") {
				case 0:
					w.aws.Refer(region, "launch template lt-"+id, id)
				case 1:
					w.aws.Share(id, "999988887777")
				case 2:
					w.aws.Launch(sim.Instance{Region: region, Image: id})
				}
			}
		}
		disturb("before the plan")
		for range rapid.IntRange(1, 3).Draw(rt, "runs") {
			p := w.plan()
			disturb("after the plan")
			used := inUse(w, ids)
			w.applyPlan(p)
			for id, why := range used {
				if !w.there(id) {
					rt.Fatalf("%s is deleted although %s", id, why)
				}
			}
		}
	})
}

// addAny adds something, perhaps in use by or a user of what is there already.
func addAny(rt *rapid.T, w *world, n int, pick func(string) string) string {
	switch rapid.IntRange(0, 5).Draw(rt, "type") {
	case 0:
		return w.aws.Add(&resource.Volume{Base: at(nil), Instance: rapid.SampledFrom([]string{"", "i-0aaaaaaaaaaaaaaaa"}).Draw(rt, "instance")})
	case 1:
		return w.aws.Add(&resource.Snapshot{Base: at(nil), State: rapid.SampledFrom([]string{"completed", "pending"}).Draw(rt, "state")})
	case 2:
		return w.aws.Add(&resource.Image{Base: at(nil), Snapshots: []string{pick("snapshot")}, Public: rapid.Bool().Draw(rt, "public")})
	case 3:
		return w.aws.Add(&resource.NetworkInterface{Base: at(nil), SecurityGroups: []string{pick("group")}, Managed: rapid.Bool().Draw(rt, "managed")})
	case 4:
		return w.aws.Add(&resource.SecurityGroup{Base: at(nil), GroupName: rapid.SampledFrom([]string{"default", fmt.Sprint("g-", n)}).Draw(rt, "name")})
	default:
		return w.aws.Add(&resource.ElasticIP{Base: at(nil), NetworkInterface: rapid.SampledFrom([]string{"", "eni-0aaaaaaaaaaaaaaaa"}).Draw(rt, "interface")})
	}
}

// inUse says why each of the resources must not be deleted, as somebody who
// knows everything sees it.
func inUse(w *world, ids []string) map[string]string {
	out := map[string]string{}
	for _, id := range ids {
		r, ok := w.aws.Resource(id)
		if !ok {
			continue
		}
		for _, fact := range []string{"use", "shares"} {
			if f := resource.Undecided(r, action.Delete); f != "" {
				w.aws.Fill(w.t.Context(), resource.Place{Account: account, Region: region}, f, []resource.Resource{r})
			}
			if no := r.Refuses(action.Delete); no != nil && no.Fact == "" {
				out[id] = no.Text + " (" + fact + ")"
			}
		}
	}
	return out
}

const oldCopies = `
settings: {limits: {share: 100%}}
policies:
  - name: old-copies
    resource: rds:snapshot
    mode: enforce
    match: resource.kind == "manual"
    enforce:
      - delete: {after: 0d}
`

// Whom a DB snapshot is shared with is read only once its deletion is due, and
// decides it in the plan already.
func TestADBSnapshotThatIsSharedIsHeldAndAnotherDeleted(t *testing.T) {
	w := newWorld(t, oldCopies)
	own, given, public := w.aws.Add(&resource.DBSnapshot{Base: at(nil)}), w.aws.Add(&resource.DBSnapshot{Base: at(nil)}), w.aws.Add(&resource.DBSnapshot{Base: at(nil)})
	w.aws.Share(given, "222233334444")
	w.aws.Share(public, "all")
	p := w.plan()
	if a := find(t, p, own, action.Delete); a.State != plan.Planned {
		t.Errorf("what is shared with nobody: %s, %s: %s", a.State, a.Code, a.Reason)
	}
	for id, who := range map[string]string{given: "222233334444", public: "everybody"} {
		if a := find(t, p, id, action.Delete); a.State != plan.Held || a.Code != reason.InUse || !strings.Contains(a.Reason, who) {
			t.Errorf("what is shared with %s: %s, %s: %s", who, a.State, a.Code, a.Reason)
		}
	}
	w.applyPlan(p)
	if w.there(own) || !w.there(given) || !w.there(public) {
		t.Errorf("there are: own %v, shared %v, public %v", w.there(own), w.there(given), w.there(public))
	}
}

// A DB snapshot of which it cannot be read whom it is shared with stays.
func TestADBSnapshotWhoseSharingIsUnreadIsHeld(t *testing.T) {
	w := newWorld(t, oldCopies)
	w.aws.Deny("rds:DescribeDBSnapshotAttributes")
	id := w.aws.Add(&resource.DBSnapshot{Base: at(nil)})
	r := w.apply()
	if a := find(t, r.Plan, id, action.Delete); a.State != plan.Held || a.Code != reason.UseUnread || !w.there(id) {
		t.Errorf("%s, %s: %s; there: %v", a.State, a.Code, a.Reason, w.there(id))
	}
}
