package policy

import (
	"errors"

	"github.com/tagwarden/tagwarden/internal/schedule"
)

// checkSchedule returns what is wrong with a schedule, nil where nothing is.
func checkSchedule(s string) *trouble {
	_, err := schedule.Parse(s)
	if e, ok := errors.AsType[*schedule.Error](err); ok {
		return &trouble{e.At, e.Width, e.Text, e.Hint}
	}
	return nil
}
