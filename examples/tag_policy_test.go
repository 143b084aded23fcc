package examples_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

func TestATagPolicyIsKeptOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-north-1")
	aws.Setenv(t)
	const sender = "tag-policy@example.com"
	aws.VerifyIdentity(t, sender)
	launch := func(more map[string]string) string {
		more["Owner"] = "ana"
		return aws.Launch(t, 1, more)[0]
	}
	drifted, repeated := launch(map[string]string{"costcenter": "CC-0001", "ENV": "dev"}), launch(map[string]string{"CostCenter": "CC-0001", "COSTCENTER": "CC-0001"})
	torn, wrong := launch(map[string]string{"CostCenter": "CC-0001", "costcenter": "CC-0002"}), launch(map[string]string{"Env": "production", "env": "production"})
	bucket := aws.Bucket(t, map[string]string{"Owner": "ana", "ENV": "dev"})
	aws.Database(t, "ledger", map[string]string{"Owner": "ana", "costCenter": "CC-0001"})
	u := newUser(t, "tag-policy.yaml", map[string]string{"SES_FROM": sender})
	instances := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id[:2] != "i-" })
	}

	d := u.json(0, "apply", "--yes")
	want := map[string]map[string]string{
		drifted: {"CostCenter": "CC-0001", "Env": "dev", "Owner": "ana"}, repeated: {"CostCenter": "CC-0001", "Owner": "ana"},
		torn: {"CostCenter": "CC-0001", "costcenter": "CC-0002", "Owner": "ana"}, wrong: {"Env": "production", "env": "production", "Owner": "ana"},
	}
	for id, tagsOf := range want {
		same(t, "the tags of "+id, tagsOf, tags(t, aws, id))
	}
	renamed := d.with("tag", "done")
	for _, id := range []string{bucket, "ledger"} {
		same(t, id+" was repaired", true, slices.Contains(renamed, id))
	}
	same(t, "violations", slices.Sorted(slices.Values([]string{torn, wrong})), instances(d.violating()))
	d = u.json(0, "apply", "--yes")
	same(t, "changed by the second run", []string(nil), append(d.with("tag", "done"), d.with("untag", "done")...))
}
