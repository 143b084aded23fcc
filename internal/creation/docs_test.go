package creation

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/creation-events.md anew")

const page = "../../docs/creation-events.md"

// head is what the page says before its tables.
const head = `# Creation events

Who made a resource, and when, is told by one record in CloudTrail: that of the
call that created it. These are the calls that tagwarden knows, service by
service, as CloudTrail names them. A call that is not here is left alone, and a
resource that only such a call makes has no known creator.

- **resource** is its type. Those under [Resource types](resources.md) can be
  governed in all respects; the others by policies about [` + "`any`" + `](policy-file.md#every-resource-any),
  from what their records tell.
- **where** says where its id or ARN stands: ` + "`R`" + ` is ` + "`responseElements`, `Q` is `requestParameters`" + `,
  ` + "`S`" + ` is ` + "`serviceEventDetails`" + ` and ` + "`[]`" + ` a list. EC2 wraps the answers of its newer calls in an element that is named
  after the call, which is left out here. ` + "`resources`" + ` is the record's own list of ARNs.
- **tagged by** is the call that puts tags on it; ` + "`tag:TagResources`" + ` is that of the
  Resource Groups Tagging API. tagwarden makes this one, EC2's and IAM's, and those of the types
  that it lists. What only another call tags is a finding with the code ` + "`untaggable`" + `.
- **rests on** a *record*, which was read with this line, or on AWS's *model* of the
  call, from which its SDKs are made.

A call that failed, or was a dry run, makes nothing. So does one whose record
does not name what it made: CloudTrail cuts large records off. What a call
*brings* is not in its record and is found through what is. A call that
*overwrites* may have changed what was there before, and nothing in its record
tells; an owner who is on it already stays.

## Who made it

The record says who made the call. Taken is the first that applies:

| the call came from | the creator | kind |
|---|---|---|
| an IAM user | the user's name | person |
| the root user | ` + "`root`" + ` | root |
| a federated user, a user of another identity provider | the name there | person |
| a user of IAM Identity Center without a role | the id in the directory | person |
| a service by itself, or with its service-linked role | the service: ` + "`autoscaling.amazonaws.com`" + ` | service |
| another account | ` + "`account:111122223333`" + ` | account |
| a role, with a source identity | the source identity | person |
| a role of IAM Identity Center | the session's name | person |
| an instance, a function or another resource with its role | the role | role |
| a role, in a session that a program named | the role | role |
| a role | the session's name | person |

` + "`principal_id`" + ` is always the whole ` + "`aws:userid`" + `, for a role with its session. A name is
never made up: where the record holds none, the kind is ` + "`unknown`" + `. Which session names
are a program's is listed in ` + "`internal/identity/machine.go`" + `, with where each was seen. A
call that CloudFormation made in a person's name is the person's. What a service made
for itself is given to [whoever is behind it](creators.md#what-services-make).

## How to add one

Another event is a line in ` + "`internal/creation/events.txt`" + `; [CONTRIBUTING.md](../CONTRIBUTING.md)
says how to add one.
`

// render is the page as the table gives it.
func render() string {
	var b strings.Builder
	b.WriteString(head)
	service := ""
	var not []string
	flush := func() {
		if len(not) > 0 {
			fmt.Fprintf(&b, "\nNot tagged: %s.\n", strings.Join(not, "; "))
		}
		not = nil
	}
	for row := range All() {
		if row.Source != service {
			flush()
			service = row.Source
			fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(service, amazonaws))
			if hasThings(service) {
				b.WriteString("\n| call | resource | where | tagged by | rests on |\n|---|---|---|---|---|\n")
			}
		}
		if row.Not != "" {
			not = append(not, fmt.Sprintf("`%s` (%s)", row.Name, row.Not))
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `%s`%s | %s | `%s` | %s |\n", row.Name, row.Type, notes(row), "`"+strings.ReplaceAll(row.At, "|", "`, else `")+"`", row.Tagging, row.Basis)
	}
	flush()
	return b.String()
}

// hasThings says whether a service has a row that makes something.
func hasThings(service string) bool {
	return len(keys(func(r Row) bool { return r.Source == service && r.Not == "" })) > 0
}

// notes are what else is said of a row.
func notes(row Row) string {
	s := ""
	if len(row.Brings) > 0 {
		brings := make([]string, len(row.Brings))
		for i, b := range row.Brings {
			brings[i] = "`" + string(b) + "`"
		}
		s += ", brings " + strings.Join(brings, ", ")
	}
	if row.Overwrites {
		s += ", overwrites"
	}
	if row.only.path != "" {
		s += fmt.Sprintf(", only if `%s` is `%s`", row.only.path, row.only.value)
	}
	return s
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
		t.Errorf("docs/creation-events.md is out of step; go test ./internal/creation -update writes it (-want +got):\n%s", diff)
	}
}
