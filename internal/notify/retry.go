package notify

import (
	"context"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
)

// How often and how long a message is tried. A channel that asks for more
// patience than maxWait gets the message from the next run.
const (
	attempts  = 4 // the first and three more
	firstWait = time.Second
	maxWait   = time.Minute
)

// Which classes are tried again. After a time-out the message may have been
// sent: only a webhook is told so by the delivery's id, everybody else would
// read it twice.
var (
	againAWS  = []fault.Class{fault.Throttled, fault.Passing}
	againChat = []fault.Class{fault.Throttled, fault.Passing, fault.Unreachable}
	againHook = []fault.Class{fault.Throttled, fault.Passing, fault.Unreachable, fault.TimedOut}
)

// attempt is one try: the service's id, and on failure how long it asked to
// wait, 0 for nothing.
type attempt func() (id string, after time.Duration, err error)

// retry tries until it succeeds, fails with a class that is not to be tried
// again, or was tried often enough; the waits double.
func (n *Notifier) retry(ctx context.Context, again []fault.Class, try attempt) (string, error) {
	pause := firstWait
	for i := 1; ; i++ {
		id, after, err := try()
		if err == nil {
			return id, nil
		}
		after = max(after, pause)
		if i == attempts || after > maxWait || !slices.Contains(again, fault.ClassOf(err)) {
			return "", err
		}
		if n.sleep(ctx, after) != nil {
			return "", err // what went wrong says more than that the run ended
		}
		pause *= 2
	}
}
