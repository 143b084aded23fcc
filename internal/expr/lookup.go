package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// lookup is the name of the function.
const (
	lookup         = "lookup"
	lookupOverload = "lookup_string_string"
	lookupUse      = `lookup(string, string), as in lookup("departments", tag("Owner"))`
)

// MaxCell is how many bytes a key or a value of a table may have: sixteen times
// as many as a tag's value has characters. It bounds what one lookup() takes.
const MaxCell = 4096

// Table is a table that lookup() can ask.
type Table struct {
	Name string
	// Values are by key. Without any, nothing counts as read: what is asked of
	// the table is unknown.
	Values map[string]string
	// KeysOnly says that the keys have no values, so that lookup() cannot ask.
	KeysOnly bool
	// Why says, of a table without values, why it could not be read; "" where
	// it is simply empty.
	Why string
}

// Has says whether the table has the key, compared exactly. The error is an
// *Unknown, where nothing was read of the table.
func (t *Table) Has(key string) (bool, error) {
	if len(t.Values) == 0 {
		return false, &Unknown{Reason: t.unread()}
	}
	_, ok := t.Values[key]
	return ok, nil
}

// unread is why an empty table answers nothing.
func (t *Table) unread() string {
	if t.Why != "" {
		return fmt.Sprintf("the table %q was not read: %s", cut(t.Name), t.Why)
	}
	return fmt.Sprintf("the table %q is empty, which counts as not read", cut(t.Name))
}

// lookupCost is the cost of a call, whatever the size of the table: that of
// reading some fields, since a key of MaxCell bytes is gone through twice.
func lookupCost([]ref.Val, ref.Val) *uint64 {
	c := uint64(10)
	return &c
}

// lookup finds the value of a key.
func (e *evaluation) lookup(_ string, args ...ref.Val) ref.Val {
	name, key := string(args[0].(types.String)), string(args[1].(types.String))
	t := e.env.tables[name] // compiling made sure that it is there
	switch {
	case len(t.Values) == 0:
		return types.WrapErr(&worded{t.unread()})
	case len(key) > MaxCell:
		return types.String("") // no table has it, and it may take long to compare
	}
	return types.String(t.Values[key])
}

// badLookup finds a lookup() of a table that cannot be asked. Which tables an
// expression reads is known before it runs.
func (c *checked) badLookup(e ast.Expr) (Problem, bool) {
	call := e.AsCall()
	if call.FunctionName() != lookup || call.IsMemberFunction() || len(call.Args()) != 2 {
		return Problem{}, false
	}
	arg := call.Args()[0]
	name, ok := constant(arg)
	if !ok {
		return c.at(arg, "the name of a table must be written out", "write "+lookupUse), true
	}
	t, ok := c.env.tables[name]
	switch {
	case !ok:
		return c.at(arg, fmt.Sprintf("there is no table %q", cut(name)), c.env.hintTable(name)), true
	case t.KeysOnly:
		return c.at(arg, fmt.Sprintf("the table %q has keys and no values", cut(name)), "write value: COLUMN in lookups"), true
	}
	return Problem{}, false
}

// hintTable is what to say of a table that is not there.
func (env *environment) hintTable(name string) string {
	const most = 500 // comparing a name with more takes too long
	names := sortedKeys(env.tables)
	switch {
	case len(names) == 0:
		return "there are no tables: write them under lookups:"
	case len(names) > most:
		return ""
	}
	if s := suggest(name, names); s != "" {
		return didYouMean(s)
	}
	if len(names) > 12 {
		return ""
	}
	return "known here: " + strings.Join(names, ", ")
}
