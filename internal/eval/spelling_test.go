package eval_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestATagPolicyJudgesSpellingAndValuesAndNeverAbsence(t *testing.T) {
	disk := fstest.MapFS{"org.json": {Data: []byte(`{"tags": {"costcenter": {"tag_key": {"@@assign": "CostCenter"}, "tag_value": {"@@assign": ["100", "2*"]}}, "owner": {}}}`)}}
	text := "version: 1\npolicies: [{name: org, resource: ec2:instance, tags_from: {tag_policy: org.json}}]\n"
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte(text), Open: disk.Open}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tags tag.Set
		want eval.Status
		code string
		fix  tag.Diff
	}{
		"nothing there":        {tag.Set{"Name": "web"}, eval.Compliant, "", tag.Diff{}},
		"right":                {tag.Set{"CostCenter": "100", "owner": ""}, eval.Compliant, "", tag.Diff{}},
		"right by a wildcard":  {tag.Set{"CostCenter": "2001"}, eval.Compliant, "", tag.Diff{}},
		"a wrong value":        {tag.Set{"CostCenter": "300"}, eval.Violating, "tag-pattern", tag.Diff{}},
		"no value":             {tag.Set{"CostCenter": ""}, eval.Violating, "tag-empty", tag.Diff{}},
		"another spelling":     {tag.Set{"COSTCENTER": "100"}, eval.Fixable, "tag-alias", tag.Diff{Set: tag.Set{"CostCenter": "100"}, Delete: []string{"COSTCENTER"}}},
		"another, wrong value": {tag.Set{"costcenter": "300"}, eval.Violating, "tag-pattern", tag.Diff{}},
		"two that agree":       {tag.Set{"CostCenter": "100", "costcenter": "100"}, eval.Fixable, "tag-alias", tag.Diff{Delete: []string{"costcenter"}}},
		"two that disagree":    {tag.Set{"CostCenter": "100", "costcenter": "200"}, eval.Violating, "tag-aliases-disagree", tag.Diff{}},
		"a key in lower case":  {tag.Set{"Owner": "ada"}, eval.Fixable, "tag-alias", tag.Diff{Set: tag.Set{"owner": "ada"}, Delete: []string{"Owner"}}},
	} {
		v := eval.New(set, nil).Resource(nil, &resource.Instance{Base: resource.Base{Reference: resource.Ref{Type: resource.EC2Instance}, TagSet: c.tags}}, noon)[0]
		code := ""
		if len(v.Reasons) > 0 {
			code = v.Reasons[0].Code
		}
		if v.Status != c.want || code != c.code {
			t.Errorf("%s: %s %v", name, v.Status, v.Reasons)
		}
		if diff := cmp.Diff(c.fix, v.Fix); diff != "" {
			t.Errorf("%s: its repair (-want +got):\n%s", name, diff)
		}
	}
}
