// Package function is tagwarden as a function of AWS Lambda: it takes an
// invocation through the one pipeline and makes its answer. It knows nothing of
// how Lambda calls it; cmd/tagwarden-lambda does.
package function

import (
	"io"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
)

// World is what a function runs in.
type World struct {
	// Environ is the environment, as os.Environ has it.
	Environ []string
	// Open opens files and folders of the package.
	Open policy.Opener
	// Log gets a line of JSON for everything that happens.
	Log io.Writer
	// Now is the clock by which deadlines are.
	Now func() time.Time

	// account replaces AWS; tests set it.
	account func() *account
}
