// Package report shows a plan, before or after it was applied: as a report for
// a terminal, JSON, JSON Lines, CSV or Markdown. It formats and decides
// nothing. Whatever came from outside (names, tag values, error texts) is made
// safe for the format it is written in.
package report

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
)

// Format is a way to write a document.
type Format string

// The formats. JSON and JSONL are described field by field in docs/json.md.
const (
	Table    Format = "table"
	JSON     Format = "json"
	JSONL    Format = "jsonl"
	CSV      Format = "csv"
	Markdown Format = "markdown"
)

// Formats lists every format, the default first.
func Formats() []Format { return []Format{Table, JSON, JSONL, CSV, Markdown} }

// ErrFormat is wrapped by the error of Write for a format that is none.
var ErrFormat = errors.New("no such format")

// Document is what a run has to say.
type Document struct {
	*plan.Plan
	// Outcome is what applying the plan came to; nil: it was not applied.
	*Outcome
}

// Outcome is what there is to say of an applied plan beside its actions, which
// carry their own outcome.
type Outcome struct {
	// Deliveries are the digests that were sent, or could not be.
	Deliveries []Delivery `json:"deliveries"`
	// Problems are what went wrong beside single actions and deliveries.
	Problems []Problem `json:"problems"`
	// Interrupted says that the run was ended before its time.
	Interrupted bool `json:"interrupted"`
}

// Delivery is one digest and how sending it went.
type Delivery struct {
	Channel string `json:"channel"`
	// Address is the owner who was told in place of the channel's recipients.
	Address string `json:"address,omitempty"`
	// Accepted says that the channel took it.
	Accepted bool `json:"accepted"`
	// ID is the service's own for the message, or ours where it gives none.
	ID string `json:"id,omitempty"`
	// Reason says why it was not accepted, and Hint what a person can do.
	Reason string `json:"reason,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// Problem is something that went wrong and changes nothing that was decided.
type Problem struct {
	What string `json:"what"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// Extent is how much of the findings is shown.
type Extent uint8

// The extents.
const (
	// Whole shows every finding.
	Whole Extent = iota
	// Samples shows one finding of each kind under each policy, and says how
	// many are like it: those of the same status with the same actions, as far
	// along and for the same reason.
	Samples
	// Totals shows none, only who was told and the numbers.
	Totals
)

// Options are how to show a document. Only Table looks at Width, Color and Extent;
// JSON, JSONL and CSV write every time in UTC.
type Options struct {
	// Width is that of the terminal in columns; 0 breaks and cuts no line.
	Width int
	// Color writes the terminal's own sixteen colours.
	Color bool
	// Extent is how much of the findings Table shows.
	Extent Extent
	// Zone is the one people read times in; nil: UTC.
	Zone *time.Location
}

// Write writes a document. Errors are those of w.
func Write(w io.Writer, f Format, d Document, o Options) error {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d = d.normal()
	switch f {
	case Table:
		return writeTable(w, d, o)
	case JSON:
		return writeJSON(w, d)
	case JSONL:
		return writeJSONL(w, d)
	case CSV:
		return writeCSV(w, d)
	case Markdown:
		return writeMarkdown(w, d, o)
	default:
		return fmt.Errorf("writing a report: %w as %q", ErrFormat, string(f))
	}
}
