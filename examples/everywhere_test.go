package examples_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/plan"
)

func TestEverythingHasAnOwnerOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "owner-everywhere.yaml")
	p := r.apply(0)
	done := in(p, action.Tag, plan.Done)
	for _, id := range []string{"exports-2024", "thumbnails", "sessions", "vol-0a71c5e93d24f8b60", "eipalloc-03c7d9e2a15b8f460"} {
		res, ok := r.aws.Resource(id)
		if !ok || res.Tags()["CostCenter"] != "CC-0000" || !slices.Contains(done, id) {
			t.Errorf("%s has the tags %v", id, res.Tags())
		}
	}
	var reported []string
	for _, f := range p.Findings {
		if f.Policy != "owner-everywhere" {
			continue
		}
		reported = append(reported, f.Resource.ID)
		for _, a := range f.Actions {
			if a.Action == action.Tag && a.State == plan.Done {
				t.Errorf("%s was tagged by a policy that only reports", f.Resource.ID)
			}
		}
	}
	if !slices.Contains(reported, "exports-2024") || slices.Contains(reported, "storefront-assets") {
		t.Errorf("reported are %v", reported)
	}
	same(t, "unread", 0, len(p.Unread))
	p = r.apply(0)
	same(t, "tagged by the second run", []string(nil), in(p, action.Tag, plan.Done))
}

func TestEverythingHasAnOwnerOnMoto(t *testing.T) {
	// Of its own: where there is a function, moto does not show mail to others.
	server := mototest.Start(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "everywhere@example.com"
	aws.VerifyIdentity(t, sender)
	bucket, instance := aws.Make(t, "s3:bucket"), aws.Launch(t, 1, map[string]string{"Owner": "ana"})[0]
	aws.EC2(t, nil, "CreateTags", "ResourceId.1", instance, "Tag.1.Key", "Name", "Tag.1.Value", "web")
	for _, typ := range []string{"ec2:volume", "ec2:snapshot"} {
		aws.EC2(t, nil, "CreateTags", "ResourceId.1", aws.Make(t, typ), "Tag.1.Key", "Name", "Tag.1.Value", "web")
	}
	aws.Database(t, "web", map[string]string{"Name": "web"})
	u := newUser(t, "owner-everywhere.yaml", map[string]string{"SES_FROM": sender})
	// moto has no recorder of AWS Config, and to Resource Explorer it answers with
	// an error: it is not known to be off, so the run is not complete.
	d := u.json(3, "plan")
	if slices.Contains(d.violating(), bucket) {
		t.Error("moto's tagging API lists what was never tagged: this test expects AWS's manners")
	}
	d = u.json(3, "apply", "--yes")
	same(t, "tagged", 4, len(d.with("tag", "done")))
	if got := tags(t, aws, instance); got["CostCenter"] != "CC-0000" || got["Owner"] != "ana" {
		t.Errorf("the instance has the tags %v", got)
	}
}
