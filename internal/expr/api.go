package expr

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Want is the type an expression must have where it stands.
type Want string

// What an expression can be wanted to be.
const (
	Bool     Want = "a condition (bool)"
	Text     Want = "a string"
	TagValue Want = "a string or a timestamp"
	Length   Want = "a duration"
)

// Define is a named condition that expressions can use as a variable.
type Define struct {
	Name   string
	Source string
}

// Problem is one mistake in an expression.
type Problem struct {
	// Define is the name of the definition the mistake is in, "" where it is in
	// the expression itself.
	Define string
	// Line and Column count from 1, within the source of the expression;
	// Column in characters.
	Line, Column int
	// Width is how many characters are wrong, at least one.
	Width   int
	Summary string
	Hint    string
}

// Run is what the expressions of subject and text see as run.
type Run struct {
	Policy     string
	Violations int
	Fixed      int
	Done       int
	Held       int
	Failed     int
	Items      []Item
}

// Item is one line of a digest as expressions see it in run.items.
type Item struct {
	ID, ARN, Type, Account, Region, Name, Owner string
	// Status is violating, fixed, done, failed, held.
	Status string
	// Action is what was or will be done, "" for nothing.
	Action string
	// Reason is why, as a sentence.
	Reason string
}

// Input is what a program is run on. Resource is nil for the expressions of
// subject and text, Run is nil for all others.
type Input struct {
	Resource resource.Resource
	Now      time.Time
	Run      *Run
	// Rule is one of the resource's, for programs of CompileRule.
	Rule *resource.Rule
	// Event is what woke the policy, nil for a sweep: what asks for it is unknown
	// then.
	Event *Event
	// Account is what is known of the resource's account, nil for nothing.
	Account *Account
}

// Unknown is the error of a program whose answer cannot be known for this
// input. It is neither true nor false.
type Unknown struct {
	// Reason is a sentence without a full stop.
	Reason string
	// Facts were not fetched and may settle the answer. Empty where nothing
	// could.
	Facts []need.Fact
	// Unfound says that everything was read and that there is no answer: nobody
	// can be found who made the resource. Only TagValue gives it.
	Unfound bool
}

// Error is the reason.
func (u *Unknown) Error() string {
	if len(u.Facts) > 0 {
		return fmt.Sprintf("%s (not fetched: %v)", u.Reason, u.Facts)
	}
	return u.Reason
}
