package creation

import (
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/internal/identity"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The forms a row can have in the column for the ARN, beside a pattern.
const (
	isARN = "arn" // what stands at the path is the ARN
	byEC2 = "ec2" // as EC2 names its types
	noARN = "-"   // it cannot be told from the record
)

// touched is the path of the record's own list of ARNs, in which there can be
// more than what the call made: the key that encrypts it, its parent.
const touched = "resources"

// mixed says whether ARNs of other services can stand at a path: AWS Backup
// tells of a snapshot of EC2 where it tells of its own recovery points.
func mixed(path string) bool { return path == touched || strings.HasPrefix(path, "S.") }

// ownARN says whether the ARN is one of the service of the type, or the row has
// none.
func ownARN(ref resource.Ref) bool {
	if ref.ARN == "" {
		return true
	}
	service, _, _ := strings.Cut(string(ref.Type), ":")
	return strings.SplitN(ref.ARN, ":", 4)[2] == service
}

// ref returns what a row makes of the text at its path, and false where that
// is no id or ARN. An ARN knows its region best: a key can be replicated into
// another than that of the call.
func (r *Record) ref(row *Row, text string) (resource.Ref, bool) {
	if !plausible(text) {
		return resource.Ref{}, false
	}
	ref := resource.Ref{ID: text, Type: row.Type, Account: r.Account, Region: r.Region}
	if row.lower {
		ref.ID = strings.ToLower(ref.ID)
	}
	if row.tail {
		ref.ID = ref.ID[strings.LastIndexByte(ref.ID, '/')+1:]
	}
	ok := ref.ID != ""
	switch row.ARN {
	case isARN:
		ref.ARN, ref.ID = text, idOf(text)
		if ok = ref.ID != ""; ok {
			if region := strings.SplitN(text, ":", 5)[3]; region != "" && !strings.ContainsFunc(region, separates) {
				ref.Region = region
			}
		}
	case byEC2:
		ref, ok = resource.EC2Ref(r.Place(), row.Type, text), !strings.ContainsAny(text, ":/")
	case noARN:
	default:
		id := ref.ID
		if row.trim {
			id = strings.TrimPrefix(id, "/")
		}
		ref.ARN, ok = r.expand(row.ARN, id)
	}
	return ref, ok
}

// plausible says whether a text can be an id, an ARN or a tag: it is one, is
// shown, and holds no control character. The longest ARN that IAM takes has 2,048
// characters (arnType in its API reference).
func plausible(text string) bool {
	return text != "" && text != identity.Hidden && len(text) <= 2048 && !strings.ContainsFunc(text, unicode.IsControl)
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
		if !plausible(value) {
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
