package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const everywhere = `
policies:
  - name: owners
    resource: any
    mode: enforce
    match: resource.type != "ec2:vpc" && !resource.region.startsWith("cn-")
    tags:
      Owner: {default: nobody}
`

// estate is something of several types, one of them with an owner.
func estate(w *world) (instance, bucket, function, table string) {
	of := func(id string, tags tag.Set) resource.Base {
		return resource.Base{Reference: resource.Ref{Region: region, ID: id}, TagSet: tags}
	}
	return w.launch("", day, nil), w.aws.Add(&resource.Bucket{Base: of("logs", tag.Set{"aws:cloudformation:stack-name": "s"})}),
		w.aws.Add(&resource.Function{Base: of("resize", tag.Set{"Owner": "ana"})}), w.aws.Add(&resource.Table{Base: of("orders", nil)})
}

func TestAPolicyAboutAnyJudgesEverything(t *testing.T) {
	w := newWorld(t, everywhere)
	w.aws.SetPageSize(2)
	instance, bucket, function, table := estate(w)
	r := w.apply()
	want := map[string]tag.Set{
		instance: {"Owner": "nobody"}, function: {"Owner": "ana"}, table: {"Owner": "nobody"},
		bucket: {"Owner": "nobody", "aws:cloudformation:stack-name": "s"},
	}
	for id, tags := range want {
		if diff := cmp.Diff(tags, w.tagsOf(id)); diff != "" {
			t.Errorf("tags of %s (-want +got):\n%s", id, diff)
		}
	}
	if s := r.Plan.Summary; s.Fixed != 5 || s.Compliant != 1 || s.Unknown != 0 { // with the root volume and the network interface of the instance
		t.Errorf("%+v", s)
	}
	if got := did(w.plan()); len(got) != 0 {
		t.Errorf("a second run would do %v", got)
	}
}

// What a policy about its own type needs to know of it, one about all does not
// tell; both must not judge it twice.
func TestWhatIsListedByItsTypeIsJudgedOnce(t *testing.T) {
	w := newWorld(t, everywhere+`
  - name: idle
    resource: ec2:instance
    match: resource.state == "running"
    tags:
      Project: {}
`)
	instance, _, _, _ := estate(w)
	p := w.plan()
	got := map[string]int{}
	for _, f := range p.Findings {
		if f.Resource.ID == instance {
			got[f.Policy]++
		}
	}
	if diff := cmp.Diff(map[string]int{"owners": 1, "idle": 1}, got); diff != "" {
		t.Errorf("findings of the instance (-want +got):\n%s", diff)
	}
	if n := p.Examined[resource.EC2Instance]; n != 1 {
		t.Errorf("%d instances were examined", n)
	}
}

const seen = `
channels: {c: {file: {dir: out}}}
policies:
  - name: seen
    resource: any
    mode: enforce
    match: resource.type == "dynamodb:table"
    tags: {Owner: {}}
    enforce: [{notify: c}]
`

func TestWhatWasNeverTaggedAndIsNotSeenIsSaidAndNotTakenForGone(t *testing.T) {
	w := newWorld(t, seen)
	estate(w)
	w.apply()
	if got := w.open(); got["dynamodb:table"] != 1 {
		t.Fatalf("open cases: %v", got)
	}
	w.aws.HideUntagged()
	r := w.apply()
	if got := w.open(); got["dynamodb:table"] != 1 {
		t.Errorf("the case of what is not seen was closed: %v", got)
	}
	if len(r.Plan.Unread) != 1 || r.Plan.Unread[0].Type != resource.Any || !strings.Contains(r.Plan.Unread[0].Reason, "never tagged") || r.Plan.Unread[0].Hint == "" || !r.Plan.Unread[0].Lasting {
		t.Errorf("unread: %+v", r.Plan.Unread)
	}
	w.aws.Mend()
	w.aws.SetTags("orders", tag.Set{"Owner": "ana"})
	w.apply()
	if got := w.open(); len(got) != 0 {
		t.Errorf("open cases of what complies: %v", got)
	}
}

func TestTagsThatWereNotReadAreNoViolation(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(seen, "any\n", "s3:bucket\n"))
	w.file = strings.ReplaceAll(w.file, `resource.type == "dynamodb:table"`, `resource.id == "logs"`)
	estate(w)
	w.apply()
	if got := w.open(); got["s3:bucket"] != 1 {
		t.Fatalf("open cases: %v", got)
	}
	w.aws.Deny("s3:GetBucketTagging")
	r := w.apply()
	if got := w.open(); got["s3:bucket"] != 1 || r.Plan.Summary.Unknown != 1 {
		t.Errorf("open cases: %v, %+v", got, r.Plan.Summary)
	}
	codes := []string{}
	for _, f := range r.Plan.Findings {
		for _, why := range f.Reasons {
			codes = append(codes, why.Code)
		}
	}
	if !slices.Contains(codes, "tags-unread") {
		t.Errorf("reasons: %v", codes)
	}
}

// A listing that says less of a resource than its own type does must still be
// understood by every expression of a policy about all.
func TestEveryTypeCanBeJudgedAsAny(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: old
    resource: any
    match: resource.id != "" && resource.arn != "" && resource.account != "" && resource.name == ""
    tags: {Owner: {}}
`)
	w.aws = sim.Demo()
	p := w.plan()
	if p.Summary.Unknown != 0 || p.Summary.Violating == 0 || len(p.Unread) != 0 {
		t.Errorf("%+v", p.Summary)
	}
	w = newWorld(t, `
policies:
  - name: old
    resource: any
    match: resource.age > days(30)
    tags: {Owner: {}}
`)
	estate(w)
	if p := w.plan(); p.Summary.Unknown != p.Summary.Examined { // nobody tells their age
		t.Errorf("%+v", p.Summary)
	}
}
