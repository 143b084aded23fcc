package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// handled is what one event comes to, as handle -o json writes it.
type handled struct {
	Event   string `json:"event"`
	ID      string `json:"id"`
	Time    string `json:"time"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// Policies are those that judged it.
	Policies []string `json:"policies"`
	// Ignored is why nothing comes of it, "" where something may.
	Ignored string `json:"ignored"`
	// Settle are those of the policies that would have waited.
	Settle []settles `json:"settle"`
	// Unseen are the resources that cannot be seen whole yet.
	Unseen []toldResource `json:"unseen"`
	// Error is why it could not be handled, "" where it could.
	Error string `json:"error"`
	// Plan is the document of plan or apply, null where there is none.
	Plan json.RawMessage `json:"plan"`

	request *trigger.Request
	plan    *plan.Plan
	outcome *report.Outcome // nil where nothing was to be done
}

// settles is a policy that lets late tags settle.
type settles struct {
	Policy string `json:"policy"`
	After  string `json:"after"`
}

// newHandled is an event of which nothing has come yet.
func newHandled(m trigger.Message) handled {
	d := handled{Policies: []string{}, Settle: []settles{}, Unseen: []toldResource{}, Ignored: m.Ignored, Plan: json.RawMessage("null"), request: m.Request}
	if r := m.Request; r != nil {
		d.Event, d.ID, d.Account, d.Region = eventName(r), r.ID, r.Account, r.Region
		if !r.Time.IsZero() {
			d.Time = r.Time.UTC().Format(time.RFC3339)
		}
	}
	return d
}

// take keeps what came of the event.
func (d *handled) take(h *app.Handling, r *app.Report) {
	d.Policies = append([]string{}, h.Policies...)
	d.Ignored, d.plan = h.Ignored, h.Plan
	for _, l := range h.Later {
		d.Settle = append(d.Settle, settles{l.Policy, span.Format(l.After)})
	}
	for _, ref := range h.Unseen {
		d.Unseen = append(d.Unseen, toldResource{ref.ARN, ref.ID, ref.Type})
	}
	if r != nil {
		d.plan, d.outcome = r.Plan, outcome(r)
	}
}

// sweeps says which policies an event wakes that is about no resource but asks
// for a look at everything, and why nothing comes of it here.
func sweeps(set *policy.Set, r *trigger.Request) (names []string, why string) {
	if !r.Sweeps() {
		return nil, ""
	}
	woken := app.Woken
	if r.Cause == trigger.Schedule {
		woken = app.Swept
	}
	if names, why = woken(set, r); why == "" {
		why = sweepAdvice(names)
	}
	return append([]string{}, names...), why
}

// write writes for people what comes of the event, without its plan.
func (d *handled) write(w io.Writer) {
	switch {
	case d.request != nil:
		fmt.Fprintln(w, diag.Printable(heading(d.request)))
	case d.Ignored != "":
		fmt.Fprintln(w, "an event that is ignored: "+diag.Printable(d.Ignored))
		return
	default:
		fmt.Fprintln(w, "an event that cannot be read: "+diag.Printable(d.Error))
		return
	}
	if len(d.Policies) > 0 {
		line(w, "wakes", strings.Join(d.Policies, ", "))
	}
	if d.Ignored != "" {
		line(w, "ignored", d.Ignored)
	}
	for _, s := range d.Settle {
		line(w, "settle", fmt.Sprintf("%s lets tags settle for %s where deployed, and judges at once here", s.Policy, s.After))
	}
	for _, r := range d.Unseen {
		line(w, "unseen", fmt.Sprintf("%s %s cannot be seen whole yet, or is gone", r.Type, r.ID))
	}
	if d.Error != "" {
		line(w, "failed", d.Error)
	}
	if d.plan != nil {
		fmt.Fprintln(w)
	}
}

// show shows what came of an event: the event to people, with a table where
// that is, and its plan as plan and apply do. JSON is written at the end.
func (h *handler) show(d *handled) error {
	zone := h.job.set.Settings.Zone
	h.job.progress.end()
	switch h.flags.format {
	case string(report.JSON):
		if d.plan != nil {
			var b bytes.Buffer
			if err := show(&b, h.env, &h.flags.flags, d.plan, d.outcome, zone); err != nil {
				return err
			}
			d.Plan = b.Bytes()
		}
		h.all = append(h.all, *d)
		return nil
	case string(report.Table):
		if h.n > 1 {
			fmt.Fprintln(h.env.Stdout)
		}
		d.write(h.env.Stdout)
	default:
		d.write(h.env.Stderr)
	}
	if d.plan == nil {
		return nil
	}
	return show(h.env.Stdout, h.env, &h.flags.flags, d.plan, d.outcome, zone)
}

// writeHandled writes one object for one event, and a list of them for more.
func writeHandled(w io.Writer, all []handled) error {
	if len(all) == 1 {
		return writeHostile(w, all[0], "  ")
	}
	return writeHostile(w, map[string][]handled{"events": append([]handled{}, all...)}, "  ")
}
