package rules

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/document"
)

// Change is what is to be done about one item.
type Change struct {
	// Old is the item as it was read, nil for a new one. It is changed only if
	// it still has these attributes.
	Old document.Item
	// New is the rule that it becomes, nil where it is deleted.
	New *Rule
}

// ID is the RuleId of the item.
func (c Change) ID() string {
	if c.New != nil {
		return Encode(*c.New)[RuleID].Text
	}
	return c.Old[RuleID].Text
}

// Changes are what makes a table say what a file does: rules that are new or
// different are written, and with prune those deleted that the file does not
// have. What says the same already is no change.
func Changes(table []Row, file []Rule, prune bool) []Change {
	old := map[string]Row{}
	for _, row := range table {
		old[row.ID()] = row
	}
	var out []Change
	for i := range file {
		item := Encode(file[i])
		row, known := old[item[RuleID].Text]
		delete(old, item[RuleID].Text)
		switch {
		case !known:
			out = append(out, Change{New: &file[i]})
		case len(row.Faults) > 0 || row.Rule != file[i]:
			out = append(out, Change{Old: row.Item, New: &file[i]})
		}
	}
	if prune {
		for _, row := range table {
			if _, left := old[row.ID()]; left {
				out = append(out, Change{Old: row.Item})
			}
		}
	}
	return out
}

// After is the table as it is once the changes are made, for judging it before
// they are.
func After(table []Row, changes []Change) []Row {
	var items []document.Item
	for _, row := range table {
		if !slices.ContainsFunc(changes, func(c Change) bool { return c.Old != nil && c.ID() == row.ID() }) {
			items = append(items, row.Item)
		}
	}
	for _, c := range changes {
		if c.New != nil {
			items = append(items, Encode(*c.New))
		}
	}
	return Decode(items)
}

// Describe says in a line what an item says: its attributes but RuleId.
func Describe(item document.Item) string {
	var parts []string
	for _, name := range Attributes[1:] {
		if v, ok := item[name]; ok && v.Text != "" {
			parts = append(parts, v.Text)
		}
	}
	return strings.Join(parts, " ")
}

// CheckFunctions adds to the rows the faults of their expressions. compile says
// what is wrong with one and what would be right; "" where nothing is.
func CheckFunctions(rows []Row, compile func(source string) (wrong, hint string)) {
	for i := range rows {
		if rows[i].Rule.Action != Function || rows[i].Rule.Default == "" {
			continue
		}
		if wrong, hint := compile(rows[i].Rule.Default); wrong != "" {
			decoder{&rows[i]}.fault(Default, hint, "Default is no expression for a tag: %s", wrong)
		}
	}
}
