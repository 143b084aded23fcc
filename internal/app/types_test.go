package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const parts = `
policies:
  - name: parts
    resource: [ec2:instance, ec2:volume, ec2:snapshot]
    mode: enforce
    match: resource.state in ["running", "in-use", "completed"]
    tags:
      Owner: {default: nobody}
  - name: projects
    resource: ec2:volume
    mode: enforce
    match: resource.size > 100 && "Project" in resource.parent.tags
    tags:
      Project: {value: 'resource.parent.tags["Project"]', overwrite: true}
`

// tagsOf are the tags of something in the account.
func (w *world) tagsOf(id string) tag.Set {
	w.t.Helper()
	r, ok := w.aws.Resource(id)
	if !ok {
		w.t.Fatalf("%s is not there", id)
	}
	return r.Tags()
}

// part puts a volume there that belongs to an instance.
func (w *world) part(instance string, size int, tags tag.Set) string {
	return w.aws.Add(&resource.Volume{Base: resource.Base{Reference: resource.Ref{Region: region}, TagSet: tags}, Instance: instance, Size: size})
}

func TestPoliciesAboutSeveralTypesAreCarriedOutForEach(t *testing.T) {
	w := newWorld(t, parts)
	id := w.launch("", day, tag.Set{"Project": "atlas"})
	big, small := w.part(id, 500, tag.Set{"Owner": "ana", "Project": "old"}), w.part(id, 10, nil)
	snap := w.aws.Add(&resource.Snapshot{Base: resource.Base{Reference: resource.Ref{Region: region}}})
	w.apply()
	want := map[string]tag.Set{
		id:    {"Project": "atlas", "Owner": "nobody"},
		big:   {"Project": "atlas", "Owner": "ana"},
		small: {"Owner": "nobody"},
		snap:  {"Owner": "nobody"},
	}
	for id, tags := range want {
		if diff := cmp.Diff(tags, w.tagsOf(id)); diff != "" {
			t.Errorf("tags of %s (-want +got):\n%s", id, diff)
		}
	}
	if got := did(w.plan()); len(got) != 0 {
		t.Errorf("a second run would do %v", got)
	}
}

func TestAParentsTagsAreReadOnlyWhereTheyMatter(t *testing.T) {
	w := newWorld(t, parts)
	id := w.launch("", day, tag.Set{"Owner": "ana"})
	w.part(id, 10, tag.Set{"Owner": "ana"})
	p := w.plan()
	if got := w.aws.Calls()["ec2:DescribeInstances"]; got != 1 {
		t.Errorf("with small volumes alone instances were read %d times, want once, to list them", got)
	}
	if got := p.Examined[resource.EC2Volume]; got != 2 {
		t.Errorf("%d volumes were examined, want 2", got)
	}
	for range 3 {
		w.part(id, 500, tag.Set{"Owner": "ana"})
	}
	w.plan()
	if got := w.aws.Calls()["ec2:DescribeInstances"]; got != 3 {
		t.Errorf("for three big volumes of one instance instances were read %d times more, want twice", got-1)
	}
}

func TestATypeThatCannotBeListedLeavesTheOthers(t *testing.T) {
	w := newWorld(t, parts)
	id := w.launch("", day, nil)
	w.aws.Deny("ec2:DescribeSnapshots")
	r := w.apply()
	if got := w.tagsOf(id)["Owner"]; got != "nobody" {
		t.Errorf("the instance has the owner %q", got)
	}
	if len(r.Plan.Unread) != 1 || r.Plan.Unread[0].Type != resource.EC2Snapshot || r.Plan.Unread[0].Call != "ec2:DescribeSnapshots" {
		t.Errorf("unread: %+v", r.Plan.Unread)
	}
}

func TestAParentThatCannotBeReadIsUnknownAndNoViolation(t *testing.T) {
	w := newWorld(t, parts)
	w.part("i-0aaaaaaaaaaaaaaaa", 500, tag.Set{"Owner": "ana"})
	p := w.plan()
	i := slices.IndexFunc(p.Findings, func(f plan.Finding) bool { return f.Policy == "projects" })
	if i < 0 || p.Findings[i].Status != "unknown" || len(did(p)) != 0 {
		t.Errorf("findings: %+v", p.Findings)
	}
}

func TestTheShareIsOfTheTypeThatIsStopped(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: stop
    resource: ec2:instance
    mode: enforce
    match: tag("Keep") == ""
    enforce: [stop]
  - name: volumes
    resource: ec2:volume
    match: 'false'
`)
	for n := range 20 {
		tags := tag.Set{"Keep": "yes"}
		if n < 6 { // 30 % of the instances, 15 % of instances and volumes
			tags = nil
		}
		w.aws.Launch(sim.Instance{Region: region, Tags: tags})
	}
	p := w.plan()
	if p.Examined[resource.EC2Instance] != 20 || p.Examined[resource.EC2Volume] != 20 {
		t.Errorf("examined %v", p.Examined)
	}
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			if a.Action == action.Stop && a.State != plan.Held {
				t.Errorf("%s: the stop is %s, want it held by the share", f.Resource.ID, a.State)
			}
		}
	}
	if len(did(p)) != 6 {
		t.Errorf("stops: %v", did(p))
	}
}

// What is shown to people is not read to decide anything, on a parent either.
func TestAParentsMarkIsHidden(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: parents
    resource: [ec2:volume, ec2:subnet]
    match: size(resource.parent.tags) > 0
  - name: vpcs
    resource: ec2:instance
    match: size(resource.vpc_tags) > 0
`)
	mark := tag.Set{"tagwarden": "stop 2026-06-30 by p"}
	w.part(w.launch("", day, mark), 1, nil)
	vpc := w.aws.Add(&resource.VPC{Base: resource.Base{Reference: resource.Ref{Region: region}, TagSet: mark.Clone()}})
	w.aws.Add(&resource.Subnet{Base: resource.Base{Reference: resource.Ref{Region: region}}, VPC: vpc})
	w.aws.Launch(sim.Instance{Region: region, VPC: vpc})
	p := w.plan()
	if p.Summary.Violating != 0 || p.Summary.Unknown != 0 {
		t.Errorf("findings: %+v", p.Findings)
	}
}

const typed = `
policies:
  - name: typed
    resource: [ec2:instance, ec2:volume]
    mode: enforce
    tags: {Project: {}}
  - name: volumes
    resource: ec2:volume
    match: 'false'
`

// open are the cases that are open, by the resource's type.
func (w *world) open() map[resource.Type]int {
	w.t.Helper()
	cs, err := w.ledger.Cases(w.t.Context(), w.scope(), w.aws.Clock().Now(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	open := map[resource.Type]int{}
	for _, c := range cs {
		if c.Closed.IsZero() {
			open[c.Resource.Type]++
		}
	}
	return open
}

func TestCasesEndWhereTheirTypeWasReadOnly(t *testing.T) {
	w := newWorld(t, typed)
	id := w.launch("", day, nil)
	w.part("", 1, nil)
	w.apply()
	if diff := cmp.Diff(map[resource.Type]int{resource.EC2Instance: 1, resource.EC2Volume: 2}, w.open()); diff != "" {
		t.Fatalf("open cases (-want +got):\n%s", diff)
	}
	if _, err := w.aws.Do(t.Context(), terminate(w, id)); err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(3 * day)
	w.aws.Deny("ec2:DescribeVolumes")
	w.apply()
	if diff := cmp.Diff(map[resource.Type]int{resource.EC2Volume: 2}, w.open()); diff != "" {
		t.Errorf("open cases where no volume could be read (-want +got):\n%s", diff)
	}
}

func TestCasesOfATypeThatThePolicyNoLongerNamesEnd(t *testing.T) {
	w := newWorld(t, typed)
	w.part("", 1, nil)
	w.apply()
	w.file = strings.Replace(typed, "[ec2:instance, ec2:volume]", "ec2:instance", 1)
	w.apply()
	if diff := cmp.Diff(map[resource.Type]int{}, w.open()); diff != "" {
		t.Errorf("open cases (-want +got):\n%s", diff)
	}
}

func terminate(w *world, id string) execute.Call {
	i, _ := w.aws.Instance(id)
	return execute.Call{Action: action.Terminate, Type: resource.EC2Instance, At: i.Ref().Place(), IDs: []string{id}}
}
