package report

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// wrap breaks text at spaces, and a word that is wider than a line where it
// must. It leaves hyphens alone: dates, ids and tag keys stay whole.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(s, " ") {
		if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for lipgloss.Width(word) > width {
			head := lipgloss.NewStyle().MaxWidth(width).Render(word)
			rest, ok := strings.CutPrefix(word, head)
			if !ok || head == "" {
				break
			}
			lines, word = append(lines, head), rest
		}
		line = word
	}
	return append(lines, line)
}

// pad fills text up to a width in columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// cut shortens text to a width in columns, the last of which is then "…".
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(width-1).Render(s) + "…"
}
