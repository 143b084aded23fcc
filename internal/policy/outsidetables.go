package policy

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/expr"
)

// outsideTable makes a lookup of what was read of its document, and returns how
// many bytes it took, of those that are left. Somebody else may change the
// document at any time, so that no trouble with it stops a run: it counts as
// not read, which is a warning, and what asks it is unknown.
func (l *loader) outsideTable(raw *rawLookup, ref document.Ref, left int, into *expr.Table) int {
	content, read := l.shelf[ref]
	at := raw.at()
	switch {
	case !read:
		into.Why = "nothing was read outside the policy files"
		return 0
	case content.Err != nil:
		why, hint := notRead(content.Err, at.secret())
		l.notRead(at, into, hint, why)
		return 0
	}
	outer := l.reporter
	l.reporter = &reporter{}
	size := 0
	if ref.Table != "" {
		size = l.readItems(raw, content.Items, left, into)
	} else {
		size = l.readCSV(raw, content.Data, left, into)
	}
	said := l.list
	l.reporter = outer
	for _, d := range said {
		d.Severity, d.Summary = diag.Warning, d.Summary+", so that it counts as not read"
		l.list.Add(d)
	}
	switch {
	case len(said) > 0:
		into.Values, into.Why = nil, said[0].Summary
	case len(into.Values) == 0:
		into.Values = nil
		l.warn(at, "", "the table %s is empty, which counts as not read", at.show())
	}
	return size
}

// notRead warns that a lookup was not read.
func (l *loader) notRead(at *node, into *expr.Table, hint, why string) {
	into.Why = why
	l.warn(at, hint, "the table %s was not read: %s", at.show(), why)
}

// readItems makes the rows of a table of its items. Those without the key are
// about something else. A number is taken as DynamoDB writes it.
func (l *loader) readItems(raw *rawLookup, items []document.Item, left int, into *expr.Table) int {
	at, size, bad := raw.at(), 0, 0
	values := map[string]string{}
	for _, item := range items {
		key, there := item[raw.key.v]
		value := item[raw.value.v]
		if !there {
			continue
		}
		first, dup := values[key.Text]
		switch {
		case !legible(key) || raw.value.set() && value.Type != "" && value.Type != "NULL" && !legible(value):
			l.fault(at, "a key and a value are strings (S) or numbers (N)", "the table %s: the item %s has an attribute of another type", at.show(), shorten(key.Text))
			bad++
		case key.Text == "":
			l.fault(at, "fill it in, or delete the item", "the table %s has an item with an empty key", at.show())
			bad++
		case len(key.Text) > expr.MaxCell || len(value.Text) > expr.MaxCell:
			l.fault(at, "", "the table %s: a key or a value is longer than %d bytes", at.show(), expr.MaxCell)
			bad++
		case dup && first != value.Text:
			l.fault(at, "delete one", "the table %s has the key %s with two values", at.show(), shorten(key.Text))
			bad++
		}
		values[key.Text] = value.Text
		if size += len(key.Text) + len(value.Text); size > left {
			l.fault(at, "leave out what no policy needs", "with %s, the tables are larger than %d MiB together", at.show(), MaxTables>>20)
			return left
		}
		if bad >= mostRows {
			return size
		}
	}
	if len(values) == 0 && len(items) > 0 {
		l.fault(raw.key.at, meant(raw.key.v, names(items)), "the table %s has no item with the attribute %s", at.show(), raw.key.at.show())
	}
	into.Values = values
	return size
}

func legible(v document.Value) bool { return v.Type == "S" || v.Type == "N" }

// names are the names of the attributes of some items, which stand for the rest.
func names(items []document.Item) []string {
	var out []string
	for _, item := range items[:min(len(items), 10)] {
		out = append(out, item.Names()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
