package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// A template with the groups that a region holds can be deployed as it is.
func TestATemplateIsInOneLineWhereItWouldNotFitOtherwise(t *testing.T) {
	set := &policy.Set{Access: &policy.Access{OwnerKey: "PrincipalId"}}
	for _, tt := range []struct {
		owners, lines int
		note          string
	}{{1, 20, ""}, {iam.MaxGroups, 1, ""}, {200, 1, "--s3-bucket"}} {
		var owners []string
		for i := range tt.owners {
			owners = append(owners, fmt.Sprintf("AROAEXAMPLE0000000001:somebody%d@example.com", i))
		}
		templates, err := iam.Groups(set, owners)
		if err != nil || len(templates) != 1 {
			t.Fatalf("%d templates, %v", len(templates), err)
		}
		var out, errs bytes.Buffer
		if err := writeTemplate(Env{Stdout: &out, Stderr: &errs}, templates[0]); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n < tt.lines || tt.lines == 1 && n != 1 {
			t.Errorf("%d owners: %d lines", tt.owners, n)
		}
		if long := out.Len() > maxTemplateBody; long != (tt.note != "") || !strings.Contains(errs.String(), tt.note) || !long && errs.Len() > 0 {
			t.Errorf("%d owners: %d bytes, and %q", tt.owners, out.Len(), errs.String())
		}
	}
}
