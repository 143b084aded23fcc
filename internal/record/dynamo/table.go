package dynamo

import (
	"context"
	"errors"
)

// Names in the table. Its keys are pk and sk, and the keys of its indexes are
// byTime (history, at) and byResource (resource, at); all are strings.
const (
	AttrPK       = "pk"
	AttrSK       = "sk"
	AttrHistory  = "history"
	AttrResource = "resource"
	AttrAt       = "at"
	// AttrTTL is when DynamoDB may delete an item, in Unix seconds. Nothing
	// decides by it: deletion can be days late.
	AttrTTL = "ttl"

	IndexByTime     = "by-time"
	IndexByResource = "by-resource"
)

// What DynamoDB takes in one call, or as one item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	// MaxWrites is how many items one transaction changes.
	MaxWrites = 100
	// maxBytes keeps a transaction well below its 4 MB.
	maxBytes = 3 << 20
	// maxItem keeps an item, with its keys, below its 400 KB.
	maxItem = 350 << 10
)

// Item is an item: each attribute is a string, an int64 or a []byte.
type Item map[string]any

// Key names an item.
type Key struct{ PK, SK string }

// Key returns the item's key.
func (i Item) Key() Key { return Key{i.text(AttrPK), i.text(AttrSK)} }

func (i Item) text(name string) string {
	s, _ := i[name].(string)
	return s
}

func (i Item) number(name string) int64 {
	n, _ := i[name].(int64)
	return n
}

// Relation is what a Test asks of an attribute.
type Relation int

// The relations.
const (
	Absent Relation = iota // there is no such attribute, or no item
	Equal
	AtMost // it is there and is the value or less
	AtLeast
)

// Test is a condition on one attribute.
type Test struct {
	Attr  string
	Is    Relation
	Value any
}

// Kind is what a Write does.
type Kind int

// The kinds.
const (
	Put    Kind = iota // Set is the whole item, but for its keys
	Update             // Set and Add change attributes; the item is made where there is none
	Delete
	Check // nothing but its condition
)

// Write is one change of a transaction.
type Write struct {
	Key
	Kind Kind
	Set  Item
	// Add adds to numbers; one that is not there is 0.
	Add map[string]int64
	// If are alternatives: all tests of one of them must hold. None: always.
	If [][]Test
}

// Query asks for the items of one partition whose sort keys are between two,
// both included. An index that is asked by name may be a second behind; else
// what is read is what was last written.
type Query struct {
	Index    string
	PK       string
	From, To string // of the sort key; To "" is the end
	Newest   bool   // in descending order of the sort key
	Limit    int    // 0: all
}

// Errors that a Table returns, wrapped.
var (
	// ErrConflict: another transaction changed one of the items at that moment,
	// and nothing was written.
	ErrConflict = errors.New("another write to the same item was under way")
	// errCrowded: the attempts to get by others were not enough.
	errCrowded = errors.New("too many others wrote to the same items; try again")
)

// ConditionError says that a condition did not hold and nothing was written.
type ConditionError struct{ At int } // which write, counted from 0

func (e *ConditionError) Error() string { return "a condition of the write does not hold" }

// Table is DynamoDB's table, as far as the ledger needs it. Text is UTF-8.
type Table interface {
	// Get returns those of any number of items that there are, in no order. No
	// key is there twice.
	Get(ctx context.Context, keys []Key) ([]Item, error)
	// Query returns items of a partition in the order of their sort keys.
	Query(ctx context.Context, q Query) ([]Item, error)
	// Write makes at most MaxWrites changes, of one item each: all of them or
	// none. A call whose answer was lost and that is made again is made once.
	Write(ctx context.Context, ws []Write) error
	// Put, Update and Delete change any number of items, no two alike, in no order
	// and on no condition; where they fail, some may have been changed.
	Put(ctx context.Context, items []Item) error
	Update(ctx context.Context, sets map[Key]Item) error
	Delete(ctx context.Context, keys []Key) error
	// Count adds to a number and returns the sum.
	Count(ctx context.Context, k Key, attr string, n int64) (int64, error)
}
