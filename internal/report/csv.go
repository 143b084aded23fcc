package report

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// columns is the header of the CSV. Columns are only ever added at its end.
var columns = []string{"policy", "mode", "status", "account", "region", "type", "id", "name", "arn", "owner",
	"reasons", "action", "state", "at", "action_reason", "action_code", "step", "detail", "request_id"}

// writeCSV writes RFC 4180: a header, then one row for each finding and
// action; a finding without actions has one row that leaves theirs empty.
func writeCSV(w io.Writer, d Document) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(columns); err != nil {
		return err
	}
	for _, f := range d.Findings {
		r := f.Resource
		head := []string{f.Policy, string(f.Mode), string(f.Status), r.Account, r.Region, string(r.Type), r.ID, r.Name, r.ARN,
			f.Owner, reasons(f, "; ")}
		if len(f.Actions) == 0 {
			if err := c.Write(cells(append(head, make([]string, len(columns)-len(head))...))); err != nil {
				return err
			}
		}
		for _, a := range f.Actions {
			row := append(head[:len(head):len(head)], a.Action.String(), string(a.State), stamp(a.At), a.Reason, a.Code, a.Step,
				detail(a), a.RequestID)
			if err := c.Write(cells(row)); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func cells(row []string) []string {
	for i, s := range row {
		row[i] = diag.Cell(s)
	}
	return row
}

// reasons is a finding's reasons in one line.
func reasons(f plan.Finding, sep string) string {
	texts := make([]string, len(f.Reasons))
	for i, r := range f.Reasons {
		texts[i] = r.Text
	}
	return strings.Join(texts, sep)
}
