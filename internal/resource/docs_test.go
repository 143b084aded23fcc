package resource_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var update = flag.Bool("update", false, "write docs/resources.md anew")

const page = "../../docs/resources.md"

// render is the page as the tables of fields give it.
func render() string {
	var b strings.Builder
	b.WriteString("# Resource types\n\nWhat can be named in a policy's `resource`, and the fields that expressions see as `resource.NAME`. " +
		"A fact that costs more than the listing is read only where the rest of the expression leaves the answer open. " +
		"`tagwarden schema TYPE` prints the same.\n")
	cost, _ := need.Of(need.Creator)
	fmt.Fprintf(&b, "\nBeside these every type has `creator`, who made it, [read by](creators.md) %s, where needed: %s.\n\n| field | type | what it is |\n|---|---|---|\n", cost.Calls[0], cost.Per)
	for _, f := range resource.CreatorFields() {
		fmt.Fprintf(&b, "| `creator.%s` | %s | %s |\n", f.Name, resource.String, f.Doc)
	}
	for _, s := range resource.Schemas() {
		var actions []string
		for _, k := range s.Actions {
			actions = append(actions, "`"+k.String()+"`")
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s: %s\n\nActions beside `notify`: %s.\n\n| field | type | what it is | read by |\n|---|---|---|---|\n",
			s.Type, s.Title, s.Doc, strings.Join(actions, ", "))
		for _, f := range s.Fields {
			cost, _ := need.Of(f.Fact)
			calls := make([]string, len(cost.Calls))
			for i, c := range cost.Calls {
				calls[i] = c.String()
			}
			read := strings.Join(calls, ", ")
			if cost.Lazy {
				read += ", where needed"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, f.Doc, read)
		}
		if m := s.Metrics; m != nil {
			fmt.Fprintf(&b, "\n`metric()` reads those of CloudWatch's namespace `%s` by `%s`: `%s`.\n", m.Namespace, m.Dimension, strings.Join(m.Names, "`, `"))
		}
	}
	return b.String()
}

func TestThePageIsInStep(t *testing.T) {
	if *update {
		if err := os.WriteFile(page, []byte(render()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(render(), string(got)); diff != "" {
		t.Errorf("docs/resources.md is out of step; go test ./internal/resource -update writes it (-want +got):\n%s", diff)
	}
}
