package report

import (
	"charm.land/lipgloss/v2"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// palette holds what makes text stand out: functions that colour it, or leave
// it as it is where there are no colours.
type palette struct {
	plain, strong, dim, good, bad func(string) string
	warn, muted                   func(string) string
}

func newPalette(color bool) palette {
	plain := func(s string) string { return s }
	if !color {
		return palette{plain: plain, strong: plain, dim: plain, good: plain, bad: plain, warn: plain, muted: plain}
	}
	paint := func(st lipgloss.Style) func(string) string {
		return func(s string) string { return st.Render(s) }
	}
	st := lipgloss.NewStyle
	return palette{plain: plain, strong: paint(st().Bold(true)), dim: paint(st().Faint(true)),
		good: paint(st().Foreground(lipgloss.Green)), bad: paint(st().Foreground(lipgloss.Red)),
		warn: paint(st().Foreground(lipgloss.Yellow)), muted: paint(st().Foreground(lipgloss.BrightBlack))}
}

func (p palette) status(s eval.Status) func(string) string {
	switch s {
	case eval.Violating:
		return p.bad
	case eval.Fixable, eval.Unknown:
		return p.warn
	case eval.Fixed, eval.Compliant:
		return p.good
	default:
		return p.muted
	}
}

func (p palette) state(s plan.State) func(string) string {
	switch s {
	case plan.Planned:
		return p.strong
	case plan.Done:
		return p.good
	case plan.Failed:
		return p.bad
	case plan.Held:
		return p.warn
	default:
		return p.dim
	}
}
