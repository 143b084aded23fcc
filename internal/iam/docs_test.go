package iam_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var update = flag.Bool("update", false, "write the table in docs/permissions.md anew")

const (
	page  = "../../docs/permissions.md"
	begin = "<!-- this table is generated: go test ./internal/iam -update -->\n"
	end   = "<!-- end of the table -->\n"
)

// handMade is the page without the generated table.
func handMade(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), begin)
	_, tail, _ := strings.Cut(rest, end)
	return head + tail
}

// Whoever writes a role by hand has nothing but the page. internal/need looks for
// what facts take.
func TestTheDocsNameThePermissionsOfAllThatIsDone(t *testing.T) {
	calls := slices.Concat(need.ListOrganization, []need.Call{need.AssumeRole}, need.KeepLedger, need.ReadIAMTags, need.PublishOutcomes, need.AnswerConfig)
	var all []string
	for _, s := range resource.Schemas() {
		for _, k := range action.All() {
			all = append(all, iam.Permissions(s.Type, k)...)
		}
	}
	for _, c := range calls {
		all = append(all, c.Permission())
	}
	for _, u := range iam.Unlimited() {
		all = append(all, u[0])
	}
	// The page names two of each.
	inShort := slices.Concat(need.TagIAM, need.UntagIAM)
	text := handMade(t)
	for _, p := range slices.Compact(slices.Sorted(slices.Values(all))) {
		short := slices.ContainsFunc(inShort, func(c need.Call) bool { return c.Permission() == p })
		if !short && !strings.Contains(text, "`"+p+"`") {
			t.Errorf("%s does not name %s", page, p)
		}
	}
}

func TestTheDocsSayWhatIsOnEveryResource(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	got, tail, there := strings.Cut(rest, end)
	if !ok || !there {
		t.Fatalf("%s has no table", page)
	}
	var want strings.Builder
	want.WriteString("\n| permission | why on every resource |\n|---|---|\n")
	for _, u := range iam.Unlimited() {
		want.WriteString("| `" + u[0] + "` | " + u[1] + " |\n")
	}
	want.WriteString("\n")
	if *update {
		if err := os.WriteFile(page, []byte(head+begin+want.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want.String(), got); d != "" {
		t.Errorf("%s (-code +page; -update writes it anew):\n%s", page, d)
	}
}
