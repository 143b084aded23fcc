package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// A value that a service refuses would fail the whole call, with what all other
// policies write.
func TestWhatIsWrittenIsWhatTheServiceTakes(t *testing.T) {
	set := load(t, `version: 1
policies:
  - {name: a, resource: [ec2:volume, s3:bucket], mode: enforce, tags: {Department: {default: "R&D, x"}}}
  - {name: b, resource: [ec2:volume, s3:bucket], mode: enforce, match: '!("Zone" in resource.tags)', enforce: [{tag: {Note: "a,b"}}]}
  - {name: c, resource: [ec2:volume, s3:bucket], mode: enforce, tags: {Unit: {default: "Q&A", allowed: ["Q&A"]}}}
`)
	of := func(r resource.Ref, tags tag.Set) resource.Base { return resource.Base{Reference: r, TagSet: tags} }
	volume := &resource.Volume{Base: of(resource.Ref{ID: "vol-1", Type: resource.EC2Volume, Account: "1", Region: "r", ARN: "arn:vol-1"}, nil)}
	bucket := &resource.Bucket{Base: of(resource.Ref{ID: "logs", Type: resource.S3Bucket, Account: "1", Region: "r", ARN: "arn:logs"}, nil)}
	for r, want := range map[resource.Resource]tag.Set{
		volume: {"Department": "R&D, x", "Note": "a,b", "Unit": "Q&A"},
		bucket: {"Department": "R_D_ x", "Note": "a_b"},
	} {
		got := tag.Set{}
		for _, f := range build(set, cases.NewIndex(nil, nil), []resource.Resource{r}).Findings {
			for _, a := range f.Actions {
				if a.Action == action.Tag && a.State == plan.Planned {
					got = tag.Diff{Set: a.Tags}.Apply(got)
				}
			}
			if f.Policy == "c" && r == bucket && (f.Status != eval.Violating || f.Reasons[0].Code != reason.TagNotAllowed) {
				t.Errorf("a value that is allowed, and that S3 refuses: %s %v", f.Status, f.Reasons)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.Ref().ID, diff)
		}
	}
	bucket.TagSet = tag.Set{"Department": "R_D_ x", "Note": "a_b", "Unit": "Q&A"}
	for _, f := range build(set, cases.NewIndex(nil, nil), []resource.Resource{bucket}).Findings {
		for _, a := range f.Actions {
			if a.State == plan.Planned {
				t.Errorf("policy %s writes it again: %+v", f.Policy, a)
			}
		}
	}
}
