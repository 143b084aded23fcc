// Package action names what tagwarden can do to a resource. It is vocabulary:
// an enum, its words and the few facts about each word that every other
// package must agree on (which is stronger, which destroys, which is limited).
package action

import "fmt"

// Kind is one thing that can be done. The zero value is no action.
type Kind uint8

// The kinds, weakest first: the order is the order in which a plan lists the
// actions of one resource.
const (
	// Notify tells people through a channel.
	Notify Kind = iota + 1
	// Mark writes the tag that shows a case's earliest deadline.
	Mark
	// Unmark removes that tag.
	Unmark
	// Tag writes tags.
	Tag
	// Untag deletes tags.
	Untag
	// RunCommand runs a document of Systems Manager on an instance.
	RunCommand
	// Invoke calls a Lambda function about a resource.
	Invoke
	// Start starts a stopped resource.
	Start
	// Backup takes snapshots of what is about to be ended. Only a step with
	// "backup" does it.
	Backup
	// Restore gives back what an isolation or a revocation took: the former
	// security groups of an instance, or rules. Only undo does it.
	Restore
	// Revoke takes rules out of a security group or network ACL.
	Revoke
	// Isolate replaces an instance's security groups; the old ones can be put
	// back.
	Isolate
	// Stop stops a running resource; it can be started again.
	Stop
	// Terminate ends an instance for good.
	Terminate
	// Delete ends any other resource for good.
	Delete
)

// fact is what the other packages must agree on about one kind.
type fact struct {
	word        string
	past        string // the word for having done it
	destructive bool
	limit       int // default number in 24 hours, 0: not limited
	opposes     Kind
}

// facts is indexed by Kind. The default limits are those of the policy
// language ("limits": stop 50, terminate 5, delete 50, isolate 20, start 200,
// untag 500, tag 10000, run_command 50, invoke 100). It names none for revoke,
// which gets that of stop: rules that are taken away can cut off a whole fleet.
// Restore gets the same: rules that come back let somebody in. Backup gets that
// of delete: one comes before the other.
var facts = [...]fact{
	Notify:     {word: "notify", past: "notified"},
	Mark:       {word: "mark", past: "marked"},
	Unmark:     {word: "unmark", past: "unmarked"},
	Tag:        {word: "tag", past: "tagged", limit: 10000, opposes: Untag},
	Untag:      {word: "untag", past: "untagged", limit: 500, opposes: Tag},
	RunCommand: {word: "run_command", past: "sent a command", limit: 50},
	Invoke:     {word: "invoke", past: "passed to a function", limit: 100},
	Start:      {word: "start", past: "started", limit: 200, opposes: Stop},
	Backup:     {word: "backup", past: "backed up", limit: 50},
	Restore:    {word: "restore", past: "restored", limit: 50},
	Revoke:     {word: "revoke", past: "revoked", limit: 50},
	Isolate:    {word: "isolate", past: "isolated", destructive: true, limit: 20},
	Stop:       {word: "stop", past: "stopped", destructive: true, limit: 50, opposes: Start},
	Terminate:  {word: "terminate", past: "terminated", destructive: true, limit: 5, opposes: Start},
	Delete:     {word: "delete", past: "deleted", destructive: true, limit: 50, opposes: Start},
}

// All lists every kind, weakest first.
func All() []Kind {
	all := make([]Kind, 0, len(facts)-1)
	for k := Notify; int(k) < len(facts); k++ {
		all = append(all, k)
	}
	return all
}

func (k Kind) fact() fact {
	if int(k) >= len(facts) {
		return fact{}
	}
	return facts[k]
}

// String is the word of the policy language, or "action(N)" for a value that
// is no kind.
func (k Kind) String() string {
	if w := k.fact().word; w != "" {
		return w
	}
	return fmt.Sprintf("action(%d)", uint8(k))
}

// Past is the word for having done it: "stopped". It is "" for a value that is
// no kind.
func (k Kind) Past() string { return k.fact().past }

// Destructive says whether the action takes a resource out of service. Only
// destructive actions are held to a share of what was examined, and of several
// that are due on one resource only the strongest is done.
func (k Kind) Destructive() bool { return k.fact().destructive }

// DefaultLimit is how many of this kind one policy may do in any 24 hours
// unless its limits say otherwise; 0 where the kind has no limit.
func (k Kind) DefaultLimit() int { return k.fact().limit }

// Opposes says whether doing both kinds to one resource contradicts itself
// whatever their details. Tag and untag only do so for the same key, which
// the caller must compare.
func (k Kind) Opposes(other Kind) bool {
	return k != 0 && other != 0 && (k.fact().opposes == other || other.fact().opposes == k)
}

// Stronger says whether k supersedes other where both are due.
func (k Kind) Stronger(other Kind) bool { return k > other }

// Parse turns a word of the policy language into its kind.
func Parse(word string) (Kind, bool) {
	for k := Notify; int(k) < len(facts); k++ {
		if facts[k].word == word {
			return k, true
		}
	}
	return 0, false
}

// MarshalText writes the word.
func (k Kind) MarshalText() ([]byte, error) {
	if k.fact().word == "" {
		return nil, fmt.Errorf("writing an action: %d is none", uint8(k))
	}
	return []byte(k.fact().word), nil
}

// UnmarshalText reads the word; any other is an error that names it.
func (k *Kind) UnmarshalText(b []byte) error {
	got, ok := Parse(string(b))
	if !ok {
		return fmt.Errorf("reading an action: %q is none of tagwarden's", string(b))
	}
	*k = got
	return nil
}
