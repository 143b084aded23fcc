package creation

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// The forms a row can have in the column for the ARN, beside a pattern.
const (
	isARN = "arn" // what stands at the path is the ARN
	byEC2 = "ec2" // as EC2 names its types
	noARN = "-"   // it cannot be told from the record
)

// A pattern is an ARN in which P is the partition, R the region and A the
// account, each as a whole part of it. In the last part {id} is what stands at
// the row's path, and {Q.name} what stands at another.

// ref returns what a row makes of the value at its path, and false where that
// is no id or ARN.
func (r *Record) ref(row *Row, value string) (resource.Ref, bool) {
	ref := resource.Ref{ID: value, Type: row.Type, Account: r.Account, Region: r.Region}
	if row.lower {
		ref.ID = strings.ToLower(value)
	}
	switch {
	case row.ARN == isARN:
		ref.ARN, ref.ID = value, idOf(value)
		return ref, ref.ID != ""
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return ref, false
	case row.ARN == byEC2:
		return resource.EC2Ref(r.Place(), row.Type, value), !strings.ContainsFunc(value, separates)
	case row.ARN == noARN:
		return ref, true
	}
	arn, ok := r.expand(row.ARN, ref.ID)
	ref.ARN = arn
	return ref, ok
}

// expand fills a pattern, and says false where a part of it is not in the
// record.
func (r *Record) expand(pattern, id string) (string, bool) {
	parts := strings.SplitN(pattern, ":", 6)
	for i, p := range parts[:5] {
		switch p {
		case "P":
			parts[i] = resource.Partition(r.Region)
		case "R":
			parts[i] = r.Region
		case "A":
			parts[i] = r.Account
		}
	}
	var last strings.Builder
	for rest := parts[5]; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		last.WriteString(before)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		value := id
		if name != "id" {
			value = r.text(name)
		}
		if value == "" {
			return "", false
		}
		last.WriteString(value)
		rest = tail
	}
	parts[5] = last.String()
	return strings.Join(parts, ":"), true
}

// idOf returns the id in an ARN: what follows the type in its last part, or all
// of it where there is no type. It is "" for what is no ARN.
func idOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	if i := strings.IndexAny(parts[5], ":/"); i >= 0 {
		return parts[5][i+1:]
	}
	return parts[5]
}
