package outside

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// Tables makes and changes tables of rules. Errors are *fault.Error.
type Tables interface {
	Reader
	// Describe says what a table is like; the class of the error for one that is
	// not there is fault.NotFound.
	Describe(ctx context.Context, r document.Ref) (Description, error)
	// Create begins to make a table whose hash key is rules.RuleID of type N,
	// with on-demand billing. It can be used once its status is Active.
	Create(ctx context.Context, r document.Ref) error
	// Put sets the attributes of next in the item with its RuleId, and takes those
	// of rules.Attributes away that next does not have; others stay. It does so
	// only if the item has old's rules.Attributes still, or with a nil old if there
	// is no such item: otherwise the class of the error is fault.WrongState.
	Put(ctx context.Context, r document.Ref, old, next document.Item) error
	// Remove deletes an item, under the same condition.
	Remove(ctx context.Context, r document.Ref, old document.Item) error
}

// Active is the status of a table that can be used.
const Active = "ACTIVE"

// Description is what a table is like.
type Description struct {
	// Status is DynamoDB's word: CREATING, ACTIVE, UPDATING, DELETING, …
	Status string
	// Hash and Range are its keys; Range is empty where it has none.
	Hash, Range Key
}

// Key is a key of a table: an attribute and its type.
type Key struct{ Name, Type string }

// String is the key as AWS's documentation names it.
func (k Key) String() string { return k.Name + " (" + k.Type + ")" }

// WrongKey is what is wrong with the keys of a table of rules, "" where nothing
// is.
func (d Description) WrongKey() string {
	want := Key{rules.RuleID, "N"}
	switch {
	case d.Hash != want:
		return fmt.Sprintf("its hash key is %s, and that of a table of rules is %s", d.Hash, want)
	case d.Range.Name != "":
		return fmt.Sprintf("it has a range key, %s, and a table of rules has none", d.Range)
	default:
		return ""
	}
}

// Wait lets time pass, or returns the context's error where that ends first.
type Wait func(ctx context.Context, d time.Duration) error

const (
	// firstLook is how long after its creation a table is looked at; most are
	// there within ten seconds.
	firstLook = time.Second
	// mostBetween bounds the time between two looks, which doubles.
	mostBetween = 8 * time.Second
)

// Init makes a table of rules, and waits until it can be used; how long is for
// the context to say. It is false for one that was there already. One that is
// there with other keys is an error.
func Init(ctx context.Context, t Tables, r document.Ref, wait Wait) (made bool, err error) {
	d, err := t.Describe(ctx, r)
	if fault.ClassOf(err) == fault.NotFound {
		made = true
		if err := t.Create(ctx, r); err != nil {
			return false, fmt.Errorf("creating the table %s: %w", r, err)
		}
		d, err = t.Describe(ctx, r)
	}
	for pause := firstLook; ; pause = min(2*pause, mostBetween) {
		switch {
		case made && fault.ClassOf(err) == fault.NotFound:
			// DynamoDB answers so for a moment after a table was created.
		case err != nil:
			return made, fmt.Errorf("looking at the table %s: %w", r, err)
		case d.WrongKey() != "":
			return false, &fault.Error{Class: fault.Invalid, Call: "dynamodb:DescribeTable", Region: r.Region,
				Message: fmt.Sprintf("the table %s is no table of rules: %s", r, d.WrongKey()), Hint: "give the rules a table of their own, under another name"}
		case d.Status == Active:
			return made, nil
		}
		if err := wait(ctx, pause); err != nil {
			return made, fmt.Errorf("waiting for the table %s, which is %s: %w", r, d.Status, err)
		}
		d, err = t.Describe(ctx, r)
	}
}

// Rows reads a table of rules.
func Rows(ctx context.Context, t Reader, r document.Ref) ([]rules.Row, error) {
	items, err := t.Items(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("reading the table %s: %w", r, err)
	}
	return rules.Decode(items), nil
}

// Result is one change, and how it went.
type Result struct {
	Change rules.Change
	Err    error
}

// Push makes changes, one after the other, and ends at the first that fails:
// what was not reached has no result. No other writer's change is lost, because
// an item is changed only if it still is what the change was made for.
func Push(ctx context.Context, t Tables, r document.Ref, changes []rules.Change) []Result {
	var out []Result
	for _, c := range changes {
		var err error
		if c.New == nil {
			err = t.Remove(ctx, r, c.Old)
		} else {
			err = t.Put(ctx, r, c.Old, rules.Encode(*c.New))
		}
		out = append(out, Result{c, err})
		if err != nil {
			return out
		}
	}
	return out
}
