package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func writeJSON(w io.Writer, d Document) error {
	enc := encoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// encoder leaves <, > and & as they are: this JSON stands in no web page. It may
// stand on a terminal.
func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(printable{w})
	enc.SetEscapeHTML(false)
	return enc
}

// printable escapes what could change a terminal. An encoder writes each value
// at once, so that no character is divided.
type printable struct{ to io.Writer }

func (p printable) Write(b []byte) (int, error) {
	if _, err := p.to.Write(diag.JSON(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// The lines of JSONL. Kind is finding, unread, closing, delivery, problem or
// summary.
type (
	findingLine struct {
		Kind string `json:"kind"`
		plan.Finding
	}
	unreadLine struct {
		Kind string `json:"kind"`
		plan.Unread
	}
	closingLine struct {
		Kind string `json:"kind"`
		plan.Closing
	}
	deliveryLine struct {
		Kind string `json:"kind"`
		Delivery
	}
	problemLine struct {
		Kind string `json:"kind"`
		Problem
	}
	summaryLine struct {
		Kind     string                `json:"kind"`
		Run      string                `json:"run"`
		Created  time.Time             `json:"created"`
		Name     string                `json:"name"`
		Account  string                `json:"account"`
		Accounts []string              `json:"accounts,omitempty"`
		Regions  []string              `json:"regions"`
		Examined map[resource.Type]int `json:"examined"`
		Complete bool                  `json:"complete"`
		Summary  plan.Summary          `json:"summary"`
		// Applied tells what was done from what would be.
		Applied     bool `json:"applied"`
		Interrupted bool `json:"interrupted"`
	}
)

// writeJSONL writes the summary last, so that a reader who has it has
// everything.
func writeJSONL(w io.Writer, d Document) error {
	enc := encoder(w)
	var lines []any
	for _, f := range d.Findings {
		lines = append(lines, findingLine{"finding", f})
	}
	for _, u := range d.Unread {
		lines = append(lines, unreadLine{"unread", u})
	}
	for _, c := range d.Closing {
		lines = append(lines, closingLine{"closing", c})
	}
	sum := summaryLine{Kind: "summary", Run: d.Run, Created: d.Created, Name: d.Name, Account: d.Account, Accounts: d.Accounts,
		Regions: d.Regions, Examined: d.Plan.Examined, Complete: d.Complete, Summary: d.Summary}
	if d.Outcome != nil {
		for _, x := range d.Deliveries {
			lines = append(lines, deliveryLine{"delivery", x})
		}
		for _, p := range d.Problems {
			lines = append(lines, problemLine{"problem", p})
		}
		sum.Applied, sum.Interrupted = true, d.Interrupted
	}
	for _, l := range append(lines, sum) {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
