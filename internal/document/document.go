// Package document is what policy files name and do not hold themselves: a
// DynamoDB table, or an object in S3. The policy says which it needs, an
// adapter reads them, and the policy makes rules and tables of what was read.
package document

import (
	"slices"
	"strings"
)

// MaxObject is how many bytes an object may have: as many as all tables of a
// load together, which 16 MiB bound.
const MaxObject = 16 << 20

// MaxItems is how many items of a table are read before it counts as one that
// nobody wrote for this. A list of people has some hundred thousand.
const MaxItems = 500_000

// Ref names a document. Either Table is set, or Bucket and Key are. It can be
// compared, and be a key of a map.
type Ref struct {
	// Region is where it is; "" for that of the AWS configuration.
	Region string
	// Table is the name of a DynamoDB table.
	Table string
	// Bucket and Key are those of an object in S3.
	Bucket, Key string
}

// String is the table's name, or the object's s3:// URL.
func (r Ref) String() string {
	if r.Table != "" {
		return r.Table
	}
	return "s3://" + r.Bucket + "/" + r.Key
}

// TableRef names a table by its name or its ARN, which tells the region where
// none is given: arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME.
func TableRef(table, region string) Ref {
	if parts := strings.Split(table, ":"); region == "" && len(parts) == 6 && parts[0] == "arn" {
		region = parts[3]
	}
	return Ref{Region: region, Table: table}
}

// ObjectRef reads the URL of an object: s3://BUCKET/KEY. It is false for what
// is none.
func ObjectRef(url string) (Ref, bool) {
	rest, ok := strings.CutPrefix(url, "s3://")
	bucket, key, found := strings.Cut(rest, "/")
	return Ref{Bucket: bucket, Key: key}, ok && found && bucket != "" && key != ""
}

// Value is an attribute of an item.
type Value struct {
	// Type is DynamoDB's word for its type: S, N, BOOL, NULL, B, M, L, SS, NS, BS.
	Type string
	// Text is what an S or an N holds, as DynamoDB has it; "" for the others.
	Text string
}

// String is a value of type S.
func String(s string) Value { return Value{Type: "S", Text: s} }

// Number is a value of type N.
func Number(n string) Value { return Value{Type: "N", Text: n} }

// Item is an item of a table: its attributes by name.
type Item map[string]Value

// Content is what was read of a document.
type Content struct {
	// Items are those of a table, from every page of it.
	Items []Item
	// Data is an object.
	Data []byte
	// Err is why it could not be read; nothing else is set then.
	Err error
}

// Shelf holds what was read, by name.
type Shelf map[Ref]Content

// Names are the names of an item's attributes, sorted.
func (i Item) Names() []string {
	names := make([]string, 0, len(i))
	for n := range i {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
