package iam_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/iam"
)

var update = flag.Bool("update", false, "write the table in docs/permissions.md anew")

const (
	page  = "../../docs/permissions.md"
	begin = "<!-- this table is generated: go test ./internal/iam -update -->\n"
	end   = "<!-- end of the table -->\n"
)

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
