package creation

import (
	_ "embed"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// Tagging is the call that puts tags on a resource, as SERVICE:Call.
type Tagging string

// The calls that tag more than one type; others are named in the table alone.
const (
	CreateTags   Tagging = "ec2:CreateTags"
	TagResources Tagging = "tag:TagResources" // Resource Groups Tagging API
	NoTagging    Tagging = "none"             // nothing tags it
)

// iamTags are the calls of IAM that tagwarden tags with.
var iamTags = []Tagging{
	"iam:TagInstanceProfile", "iam:TagMFADevice", "iam:TagOpenIDConnectProvider", "iam:TagPolicy",
	"iam:TagRole", "iam:TagSAMLProvider", "iam:TagServerCertificate", "iam:TagUser",
}

// Cannot is why tagwarden cannot tag what is tagged so and is of a type that it
// does not list, as a clause; "" where it can.
func (t Tagging) Cannot() string {
	switch {
	case t == CreateTags, t == TagResources, slices.Contains(iamTags, t):
		return ""
	case t == NoTagging:
		return "no call of AWS tags it"
	default:
		return "only " + string(t) + " tags it, which tagwarden does not call"
	}
}

// Row is one line of the table: one type of resource that an event creates.
// Several rows of one event and one type are ways to find it, the first that
// finds one holds; rows of other types are resources made beside it.
type Row struct {
	Key
	// Type is what is made; "" in a row with Not.
	Type resource.Type
	// At are the paths at which its ids or ARNs stand, the first that leads
	// to one holds, with | between them.
	At string
	// ARN is how its ARN comes about: a pattern, "arn", "ec2" or "-".
	ARN string
	// Tagging is the call that tags it.
	Tagging Tagging
	// Brings are the types of what comes along and is not in the record.
	Brings []resource.Type
	// Overwrites says that the same call changes one that exists.
	Overwrites bool
	// Basis is what the row rests on.
	Basis Basis
	// Not is why what the event makes is not to be tagged, "" where it is.
	Not string

	only              filter // what the record must say
	unasked           bool   // what the request names was there before
	lower, tail, trim bool   // what becomes of the id
}

// Basis is what a row rests on.
type Basis string

// The bases.
const (
	// OnRecord: a real record was read with this row.
	OnRecord Basis = "record"
	// OnModel: the path is in AWS's model of the call, from which its SDKs are
	// made (https://github.com/boto/botocore/tree/develop/botocore/data).
	OnModel Basis = "model"
	// Unverified: neither, and what it says may be wrong.
	Unverified Basis = "unverified"
)

//go:embed events.txt
var source string

// table is the parsed table. A fault in it is a fault of the program, which the
// tests find.
var table = sync.OnceValue(func() map[Key][]Row {
	rows, err := parseTable(source)
	if err != nil {
		panic(err)
	}
	byKey := make(map[Key][]Row, len(rows))
	for _, r := range rows {
		byKey[r.Key] = append(byKey[r.Key], r)
	}
	return byKey
})

// unversioned has the event of each name that has a version, without it.
var unversioned = sync.OnceValue(func() map[Key]Key {
	bare := map[Key]Key{}
	for k := range table() {
		if b := k.unversioned(); b != k && (bare[b] == Key{} || bare[b].Name < k.Name) {
			bare[b] = k
		}
	}
	return bare
})

// version is how CloudFront and Lambda end the names of calls: the day of the
// API, as in CreateFunction2020_05_31 and UpdateFunctionCode20150331v2.
var version = regexp.MustCompile(`20[0-9]{2}_?[0-9]{2}_?[0-9]{2}(v[0-9]+)?$`)

// unversioned is the event without its version. Most names end in a letter and
// are seen to have none.
func (k Key) unversioned() Key {
	if last := len(k.Name) - 1; last < 0 || k.Name[last] < '0' || k.Name[last] > '9' {
		return k
	}
	return Key{k.Source, version.ReplaceAllString(k.Name, "")}
}

// Rows returns the rows of an event, none where the table has none. Where it
// has the call with another version, or without one, these are they. They are
// shared and must not be changed.
func Rows(k Key) []Row {
	if rows := table()[k]; rows != nil {
		return rows
	}
	bare := k.unversioned()
	if rows := table()[bare]; rows != nil {
		return rows
	}
	return table()[unversioned()[bare]]
}

// All yields every row, sorted by event and then as the table has them.
func All() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, k := range keys(func(Row) bool { return true }) {
			for _, r := range Rows(k) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// ByType returns the events whose records name resources of the type that they
// created, sorted: those to look up to find who made one.
func ByType(t resource.Type) []Key {
	return keys(func(r Row) bool { return r.Not == "" && r.Type == t })
}

// Bringing returns the events with which resources of the type come along
// without being named: who launched an instance made its volumes. They are
// found through what the event made.
func Bringing(t resource.Type) []Key {
	return keys(func(r Row) bool { return slices.Contains(r.Brings, t) })
}

// keys returns the events that have a row like this, sorted.
func keys(like func(Row) bool) []Key {
	var found []Key
	for k, rows := range table() {
		if slices.ContainsFunc(rows, like) {
			found = append(found, k)
		}
	}
	slices.SortFunc(found, func(a, b Key) int { return strings.Compare(a.String(), b.String()) })
	return found
}

// parseTable reads the table; the head of events.txt says how it is written.
func parseTable(text string) ([]Row, error) {
	var rows []Row
	var service string
	var tagging Tagging
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case line[0] != ' ' && len(words) == 2:
			service, tagging = words[0], Tagging(words[1])
		default:
			row, err := parseRow(words, service, tagging)
			if err != nil {
				return nil, fmt.Errorf("reading line %d of the events: %w", i+1, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// parseRow reads one row: "NAME not: WHY" or "NAME TYPE PATHS ARN BASIS" and
// options after it.
func parseRow(words []string, service string, tagging Tagging) (Row, error) {
	row := Row{Key: Key{service + amazonaws, words[0]}, Tagging: tagging}
	if len(words) > 2 && words[1] == "not:" {
		row.Not = strings.Join(words[2:], " ")
		return row, nil
	}
	if len(words) < 5 {
		return Row{}, fmt.Errorf("%q has %d columns, not 5", words[0], len(words))
	}
	row.Type, row.At, row.ARN = resource.Type(words[1]), words[2], words[3]
	row.Basis = Basis(words[4])
	if !slices.Contains([]Basis{OnRecord, OnModel, Unverified}, row.Basis) {
		return Row{}, fmt.Errorf("%q is no basis", words[4])
	}
	for _, option := range words[5:] {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "brings":
			for _, t := range strings.Split(value, ",") {
				row.Brings = append(row.Brings, resource.Type(t))
			}
		case "tag":
			row.Tagging = Tagging(value)
		case "only":
			row.only.path, row.only.value, _ = strings.Cut(value, "=")
		case "overwrites":
			row.Overwrites = true
		case "unasked":
			row.unasked = true
		case "lower":
			row.lower = true
		case "tail":
			row.tail = true
		case "trim":
			row.trim = true
		default:
			return Row{}, fmt.Errorf("%q is no option", option)
		}
	}
	return row, nil
}
