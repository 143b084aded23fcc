package serve

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// family is one metric: its kind and what it means.
type family struct{ kind, help string }

// families are all metrics.
var families = map[string]family{
	"tagwarden_messages_total":                       {"counter", "Messages of the queue, by what became of them."},
	"tagwarden_messages_in_hand":                     {"gauge", "Messages that are being worked at."},
	"tagwarden_receive_failures_total":               {"counter", "Times that nothing could be received from the queue."},
	"tagwarden_notes_total":                          {"counter", "Events that settled in this process, by what became of them."},
	"tagwarden_notes_waiting":                        {"gauge", "Events that settle in this process."},
	"tagwarden_sweeps_total":                         {"counter", "Sweeps, by how they ended."},
	"tagwarden_sweep_duration_seconds":               {"gauge", "How long the last sweep took."},
	"tagwarden_sweep_last_success_timestamp_seconds": {"gauge", "When the last sweep began that did not fail."},
	"tagwarden_actions_total":                        {"counter", "Actions on resources and people, by how they ended."},
	"tagwarden_ready":                                {"gauge", "1 where the daemon can do its work, as /readyz says."},
}

// metrics are numbers, each of a family and of a set of labels.
type metrics struct {
	mu     sync.Mutex
	values map[string]map[string]float64 // by name, then by labels
}

func newMetrics() *metrics { return &metrics{values: map[string]map[string]float64{}} }

// change applies a function to a number. Labels are names and values in turn.
func (m *metrics) change(name string, f func(float64) float64, labels ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of, ok := m.values[name]
	if !ok {
		of = map[string]float64{}
		m.values[name] = of
	}
	key := label(labels)
	of[key] = f(of[key])
}

func (m *metrics) add(name string, by float64, labels ...string) {
	m.change(name, func(v float64) float64 { return v + by }, labels...)
}

func (m *metrics) set(name string, to float64) {
	m.change(name, func(float64) float64 { return to })
}

// label writes labels: {name="value",…}, "" for none.
func label(pairs []string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+`="`+labelEscapes.Replace(pairs[i+1])+`"`)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// labelEscapes are those of a label's value in Prometheus's text format.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// write writes everything in Prometheus's text format, version 0.0.4, in order.
func (m *metrics) write(w io.Writer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, f.help, name, f.kind)
		for _, labels := range slices.Sorted(maps.Keys(m.values[name])) {
			fmt.Fprintf(&b, "%s%s %s\n", name, labels, strconv.FormatFloat(m.values[name][labels], 'f', -1, 64))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// count counts what a run did.
func (s *Server) count(r *app.Report) {
	for i := range r.Plan.Findings {
		for j := range r.Plan.Findings[i].Actions {
			if a := &r.Plan.Findings[i].Actions[j]; a.State != plan.Planned {
				s.metrics.add("tagwarden_actions_total", 1, "action", a.Action.String(), "state", string(a.State))
			}
		}
	}
}

// swept counts a sweep that began at a time.
func (s *Server) swept(began time.Time, err error) {
	how := "done"
	if err != nil {
		how = "failed"
	} else {
		s.metrics.set("tagwarden_sweep_last_success_timestamp_seconds", float64(began.Unix()))
	}
	s.health.set(sweeping, err)
	s.metrics.add("tagwarden_sweeps_total", 1, "result", how)
	s.metrics.set("tagwarden_sweep_duration_seconds", s.o.Clock().Sub(began).Seconds())
}
