package function

import (
	"io"
	"log/slog"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// newLog returns what writes a line of JSON for each record. Much of what is in
// it comes from outside.
func newLog(w io.Writer, from slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(harmless{w}, &slog.HandlerOptions{Level: from}))
}

// harmless escapes what could change the terminal of whoever reads a log. A
// handler writes each line at once, so that no character is divided.
type harmless struct{ to io.Writer }

func (h harmless) Write(b []byte) (int, error) {
	if _, err := h.to.Write(diag.JSON(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
