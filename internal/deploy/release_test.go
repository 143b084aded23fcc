package deploy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/parser"
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

func TestThePageNamesEveryParameter(t *testing.T) {
	page, err := os.ReadFile("../../docs/cloudformation.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := small("zone: UTC", ", made: {sns: {}}", ", on: created, tags_from: {dynamodb: rules}")
	f, err := parser.ParseBytes(rendered(t, deployed(t, none, text(rules)))[0].Data, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name := range members(members(f.Docs[0].Body)["Parameters"]) {
		if name == "ChannelMadeEmail" {
			name = "Channel…Email"
		}
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/cloudformation.md does not name the parameter %s", name)
		}
	}
}
