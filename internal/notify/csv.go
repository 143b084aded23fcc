package notify

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/view"
)

// maxCSV bounds the attachment: SES takes 40 MB a message, but many mail
// servers only 10 MB, and base64 adds a third.
const maxCSV = 7_000_000

// byteOrderMark tells spreadsheets that the file is UTF-8.
const byteOrderMark = "\ufeff"

// renderCSV writes every item of the digest as a table for spreadsheets (RFC
// 4180), and how many of them it holds: all, unless that is more than
// maxCSV bytes.
func renderCSV(d *view.Digest) ([]byte, int) {
	var titles []string
	for _, s := range d.Sections {
		for _, i := range s.Items {
			for _, c := range i.Resource.Details {
				if !slices.Contains(titles, c.Title) {
					titles = append(titles, c.Title)
				}
			}
		}
	}
	var out bytes.Buffer
	out.WriteString(byteOrderMark)
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	head := append([]string{"policy", "mode", "status", "news", "type", "id", "name", "owner", "account", "region", "arn"}, titles...)
	write := func(record []string) {
		for i := range record {
			record[i] = diag.Cell(record[i])
		}
		_ = w.Write(record) // a bytes.Buffer takes everything
		w.Flush()
	}
	write(append(head, "why", "results", "next"))
	n := 0
	for _, s := range d.Sections {
		for i := range s.Items {
			before := out.Len()
			write(record(&s.Items[i], titles))
			if out.Len() > maxCSV {
				out.Truncate(before)
				return out.Bytes(), n
			}
			n++
		}
	}
	return out.Bytes(), n
}

func record(i *view.Item, titles []string) []string {
	r := i.Resource
	out := []string{
		i.Policy, string(i.Mode), string(i.Status), string(i.Kind), string(r.Type),
		r.ID, r.Name, i.Owner, r.Account, r.Region, r.ARN,
	}
	for _, title := range titles {
		text := ""
		for _, c := range r.Details {
			if c.Title == title {
				text = c.Text
			}
		}
		out = append(out, text)
	}
	var why []string
	for _, reason := range i.Reasons {
		why = append(why, reason.Text)
	}
	return append(out, strings.Join(why, "; "), states(i.Results), states(i.Next))
}

// states writes lines as "stop done 2026-12-04T13:00:00Z: reason".
func states(ls []view.Line) string {
	parts := make([]string, len(ls))
	for i, l := range ls {
		at := ""
		if !l.At.IsZero() {
			at = l.At.UTC().Format(time.RFC3339)
		}
		parts[i] = join(": ", join(" ", l.Action.String(), l.Detail, string(l.State), at), l.Reason)
	}
	return strings.Join(parts, "; ")
}
