package dynamo

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Keys are parts with "#" between them, for people to read in the console:
//
//	pk                                     sk
//	cases#ACCOUNT#NAME#SHARD               POLICY#ARN
//	run#ACCOUNT#NAME#RUN                   POLICY#ARN#ACTION#STEP   history
//	gates#ACCOUNT#NAME                     POLICY#ACTION            see limits.go
//	reserved#ACCOUNT#NAME                  RUN#POLICY#ACTION
//	used#ACCOUNT#NAME#POLICY#ACTION        TIME#RUN
//	lock#ACCOUNT#NAME                      lock
//	claim#ACCOUNT#NAME#KEY                 claim
//	holds#ACCOUNT#NAME                     RUN#POLICY#ACTION
//	pieces#ACCOUNT#NAME#DIGEST             NUMBER                   of a hold that is too long
//	parcels#ACCOUNT#NAME                   NUMBER
//	sweeps#ACCOUNT#NAME                    REGION#EVENT
//	made#ACCOUNT#NAME#KEY                  made
//	wonder#ACCOUNT#NAME#KEY                wonder
//	numbers                                parcels
const between = "#"

// longestPart keeps the longest key, of four parts in a sort key, under
// DynamoDB's 1024 bytes.
const longestPart = 240

// plain is what a part may hold to stand for itself.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/@=+-,'"

// key puts parts together so that no two lists of parts are alike.
func key(parts ...string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = part(p)
	}
	return strings.Join(out, between)
}

// part is the text itself, or a digest of what is long, empty or odd.
func part(s string) string {
	s = valid(s)
	if s != "" && len(s) <= longestPart && strings.Trim(s, plain) == "" {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "~" + hex.EncodeToString(sum[:16])
}

// of is the partition of one kind of a scope's records.
func of(kind string, s record.Scope, parts ...string) string {
	return key(append([]string{kind, s.Account, s.Name}, parts...)...)
}

// valid replaces each byte that is not UTF-8 as encoding/json does, so that
// what was read is still what was saved.
func valid(s string) string { return string([]rune(s)) }

// layout has a fixed width and is written in UTC only, so that the order of
// the texts is that of the times.
const layout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string { return t.UTC().Format(layout) }

// moment reads what stamp wrote; what is no time is the zero one.
func moment(s string) time.Time {
	t, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// forget is the TTL of what may be forgotten at a time.
func forget(t time.Time) int64 { return t.Unix() }
