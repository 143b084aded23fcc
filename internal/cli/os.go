package cli

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/term"
)

// fallbackWidth is taken where a terminal does not say how wide it is.
const fallbackWidth = 80

// OS is the Env of this process.
func OS(args []string, now func() time.Time) Env {
	e := Env{
		Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Now: now,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if e.StdoutTerminal {
		e.Width = width()
	}
	return e
}

func width() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 {
		return w
	}
	return fallbackWidth
}
