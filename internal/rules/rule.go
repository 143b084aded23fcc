// Package rules is a table of tag rules that is kept in DynamoDB: what its items
// mean, which of them are wrong, how they are written in a file, and what is to
// be changed so that the table says what a file does. It reads and writes
// nothing itself.
package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The attributes of an item. Others may be there, for people; nothing here
// looks at them, and no change touches them.
const (
	RuleID   = "RuleId" // the hash key, of type N
	TagKey   = "TagKey"
	ActionAs = "Action"
	Required = "Required"
	Default  = "Default"
)

// Attributes are those that say something, in the order in which they are shown.
var Attributes = []string{RuleID, TagKey, ActionAs, Required, Default}

// Action is what a rule does about its tag.
type Action string

// The actions.
const (
	// Update writes Default: where the tag is empty, and where it is missing and
	// required.
	Update Action = "Update"
	// UserLookup writes who made the resource where the tag is missing or empty.
	UserLookup Action = "UserLookup"
	// Function writes what the expression in Default gives where the tag is
	// missing or empty.
	Function Action = "Function"
)

// actions are the words there are.
var actions = []string{string(Update), string(UserLookup), string(Function)}

// Undefined is what UserLookup writes where it is known that nobody can be
// found.
const Undefined = "Undefined"

// Rule is one rule of a table.
type Rule struct {
	ID       int64
	TagKey   string
	Action   Action
	Required bool
	// Default is a value for Update, CEL for Function, and "" for UserLookup.
	Default string
}

// Value is the rule's expression in CEL, "" for Update, which has none.
func (r Rule) Value() string {
	switch r.Action {
	case UserLookup:
		return "creator.name"
	case Function:
		return r.Default
	default:
		return ""
	}
}

// Fault is what is wrong with an item.
type Fault struct {
	// ID is the item's RuleId as the table has it; "" where it has none.
	ID string
	// Attribute is the one at fault, and Text what it holds.
	Attribute, Text string
	Summary, Hint   string
}

// Row is an item and what it means.
type Row struct {
	Item document.Item
	// Rule holds if Faults is empty.
	Rule   Rule
	Faults []Fault
}

// ID is the row's RuleId as the table has it.
func (r Row) ID() string { return r.Item[RuleID].Text }

// Decode makes rules of the items of a table, sorted by RuleId. It reads every
// item whatever is wrong with others. Two rules for one tag are a fault of the
// second.
func Decode(items []document.Item) []Row {
	rows := make([]Row, 0, len(items))
	for _, item := range items {
		rows = append(rows, decode(item))
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.ID(), b.ID()))
	})
	first := map[string]string{}
	for i := range rows {
		key := rows[i].Rule.TagKey
		if key == "" {
			continue
		}
		if id, dup := first[key]; dup {
			d := decoder{row: &rows[i]}
			d.fault(TagKey, "delete one of the two", "the tag %q has a rule already: RuleId %s", key, id)
			continue
		}
		first[key] = rows[i].ID()
	}
	return rows
}

// Faults are those of all rows, in their order.
func Faults(rows []Row) []Fault {
	var all []Fault
	for _, r := range rows {
		all = append(all, r.Faults...)
	}
	return all
}

// decoder reads one item.
type decoder struct{ row *Row }

func decode(item document.Item) Row {
	row := Row{Item: item}
	d := decoder{&row}
	d.id()
	d.tagKey()
	if s, ok := d.text(ActionAs, "one of "+strings.Join(actions, ", ")); ok {
		d.action(s)
	}
	if s, ok := d.text(Required, "Y or N"); ok {
		d.required(s)
	}
	d.byDefault()
	return row
}

// fault notes what is wrong with an attribute.
func (d decoder) fault(attribute, hint, format string, args ...any) {
	d.row.Faults = append(d.row.Faults, Fault{ID: d.row.ID(), Attribute: attribute, Text: d.row.Item[attribute].Text,
		Summary: fmt.Sprintf(format, args...), Hint: hint})
}

// id reads the RuleId: a whole number, so that there is one way to write it.
func (d decoder) id() {
	v, ok := d.row.Item[RuleID]
	n, err := strconv.ParseInt(v.Text, 10, 64)
	switch {
	case !ok:
		d.fault(RuleID, "the hash key of the table is RuleId, of type N", "there is no RuleId")
	case v.Type != "N":
		d.fault(RuleID, "the hash key of the table is RuleId, of type N", "RuleId is of type %s, not N", v.Type)
	case err != nil || n < 0:
		d.fault(RuleID, "number the rules 1, 2, 3", "RuleId is not a whole number from 0")
	default:
		d.row.Rule.ID = n
	}
}

// text reads an attribute that must be there and be a string.
func (d decoder) text(name, hint string) (string, bool) {
	v, ok := d.row.Item[name]
	switch {
	case !ok || v.Type == "NULL" || v.Type == "S" && v.Text == "":
		d.fault(name, hint, "there is no %s", name)
	case v.Type != "S":
		d.fault(name, "write it as a string (S)", "%s is of type %s, not S", name, v.Type)
	default:
		return v.Text, true
	}
	return "", false
}

func (d decoder) tagKey() {
	s, ok := d.text(TagKey, "the key of the tag")
	if !ok {
		return
	}
	switch err := tag.CheckKey(s); {
	case err != nil:
		d.fault(TagKey, "", "%v", err)
	case control(s):
		d.fault(TagKey, "write it in one line", "the key %q has a control character in it", s)
	case strings.TrimSpace(s) != s:
		d.fault(TagKey, "take them away", "the key %q begins or ends with spaces", s)
	default:
		d.row.Rule.TagKey = s
	}
}

func (d decoder) action(s string) {
	if !slices.Contains(actions, s) {
		hint := "one of " + strings.Join(actions, ", ")
		if near := diag.Suggest(s, actions); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.fault(ActionAs, hint, "%q is not an action", s)
		return
	}
	d.row.Rule.Action = Action(s)
}

func (d decoder) required(s string) {
	switch s {
	case "Y":
		d.row.Rule.Required = true
	case "N":
	default:
		d.fault(Required, "write Y or N", "Required is %q", s)
	}
}

// byDefault reads the Default, which may be missing where the action needs none.
func (d decoder) byDefault() {
	v, ok := d.row.Item[Default]
	s, action := v.Text, d.row.Rule.Action
	switch {
	case ok && v.Type != "S" && v.Type != "NULL":
		d.fault(Default, "write it as a string (S)", "Default is of type %s, not S", v.Type)
	case strings.TrimSpace(s) == "" && action == Update:
		d.fault(Default, "write the value that is to be set", "Update has no Default")
	case strings.TrimSpace(s) == "" && action == Function:
		d.fault(Default, "write an expression: today()", "Function has no Default")
	case s != "" && action == UserLookup:
		d.fault(Default, "leave it empty", "UserLookup has a Default: it writes the creator's name, or %q", Undefined)
	case control(s):
		d.fault(Default, "write it in one line", "Default has a control character in it")
	case !utf8.ValidString(s):
		d.fault(Default, "write it as UTF-8", "Default is not UTF-8")
	case action == Update && tag.CheckValue(s) != nil:
		d.fault(Default, "", "%v", tag.CheckValue(s))
	default:
		d.row.Rule.Default = s
	}
}

// control says whether text has what would not survive being written in a line.
func control(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// Encode makes the item of a rule, with the attributes that say something and
// no others.
func Encode(r Rule) document.Item {
	item := document.Item{RuleID: document.Number(strconv.FormatInt(r.ID, 10)), TagKey: document.String(r.TagKey),
		ActionAs: document.String(string(r.Action)), Required: document.String(yesNo(r.Required))}
	if r.Default != "" {
		item[Default] = document.String(r.Default)
	}
	return item
}

func yesNo(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

// MaxRules is how many items a table of rules may have. A resource has 50 tags
// at most; a table with many more items is another one.
const MaxRules = 1000
