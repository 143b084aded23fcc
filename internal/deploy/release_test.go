package deploy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/parser"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// A stack that is updated keeps the values of its parameters, an empty CodeKey
// among them.
func TestAnUpdateTakesTheNewPackageUnlessAKeyWasNamed(t *testing.T) {
	key := func(more string, params ...string) any {
		d := deployed(t, none, text(small("zone: UTC", "", more)))
		s := carryOut(t, rendered(t, d)[0].Data, "111122223333", "eu-west-1", append(params, "CodeBucket", "b")...)
		got := s.properties("Function")["Code"].(map[string]any)["S3Key"]
		if len(params) == 0 && got != d.CodeKey() {
			t.Errorf("%v, and deploy says %s", got, d.CodeKey())
		}
		return got
	}
	if one, two := key(""), key(", mode: enforce"); one == two {
		t.Errorf("other policies are looked for at the same place, %v", one)
	}
	if got := key("", "CodeKey", "mine.zip"); got != "mine.zip" {
		t.Errorf("the key that was named is %v", got)
	}
}

func TestAnEarlierVersionOutlivesAnUpdate(t *testing.T) {
	d := deployed(t, none, text(small("zone: UTC", "", "")))
	s := carryOut(t, rendered(t, d)[0].Data, "111122223333", "eu-west-1", "CodeBucket", "b")
	for name, n := range s.nodes {
		if s.kind(name) == "AWS::Lambda::Version" {
			if m := members(n); s.value(m["DeletionPolicy"]) != "Retain" || s.value(m["UpdateReplacePolicy"]) != "Retain" {
				t.Errorf("%s goes with the update", name)
			}
			return
		}
	}
	t.Error("no version is published")
}

func TestThePagesNameEveryParameter(t *testing.T) {
	rules := text(small("zone: UTC", ", made: {sns: {}}", ", on: created, tags_from: {dynamodb: rules}"))
	roles := text(governing(strings.Replace(list, "ops/warden", "other", 1)) + "access: {owner_key: PrincipalId, protect: [PrincipalId]}\n")
	for _, tt := range []struct {
		page, file string
		source     policy.Source
	}{
		{"cloudformation", deploy.TemplateFile, rules},
		{"cloudformation", deploy.TemplateFile, text(governing(organization) + "access: {owner_key: PrincipalId, protect: [PrincipalId]}\n")},
		{"organisations", deploy.MemberFile, roles},
	} {
		page, err := os.ReadFile("../../docs/" + tt.page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseBytes(file(t, deployed(t, none, tt.source), tt.file), 0)
		if err != nil {
			t.Fatal(err)
		}
		for name := range members(members(f.Docs[0].Body)["Parameters"]) {
			if strings.HasPrefix(name, "Channel") {
				name = "Channel…Email"
			}
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/%s.md does not name the parameter %s", tt.page, name)
			}
		}
	}
}

// What the module of other accounts asks for is named in an example.
func TestThePageOfTerraformNamesEveryVariable(t *testing.T) {
	page, err := os.ReadFile("../../docs/terraform.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{small("zone: UTC", ", made: {sns: {}}", ", on: created, tags_from: {dynamodb: rules}"), governing(organization),
		governing(strings.Replace(list, "ops/warden", "other", 1)) + "access: {owner_key: PrincipalId, protect: [PrincipalId]}\n"} {
		files := terraformed(t, deployed(t, none, text(source)))
		for _, folder := range []string{"", "member"} {
			for at := range module(t, files, folder) {
				name, ok := strings.CutPrefix(at, "variable.")
				if strings.HasPrefix(name, "channel_") {
					name = "channel_…_email"
				}
				if ok && !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), "\n  "+name+" ") {
					t.Errorf("docs/terraform.md does not name the variable %s", name)
				}
			}
		}
	}
}
