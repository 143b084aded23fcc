package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Set is everything that the policy files of one load say, checked: whoever
// holds a Set need not check again.
type Set struct {
	Settings Settings
	Channels map[string]*Channel
	Policies []*Policy // in the order of the files
	// Access is what access control by tag is made from; nil where the files say
	// nothing of it. No policy judges by it.
	Access *Access
	// Digest identifies what was loaded, environment variables filled in: two
	// loads with one digest judge alike. It is "sha256:" and hexadecimal.
	Digest string
	// Files are the files that were read, as given.
	Files []string
	// Outside are the documents that the files name, in the files' order.
	Outside []Outside
	// Compiler compiles further expressions as those of the files were: with
	// their zone, definitions and tables.
	Compiler *expr.Compiler
	// Unread says that rules are missing because their documents were not read:
	// nothing may be judged by this set.
	Unread bool
}

// Outside is one use of a document that a policy file names.
type Outside struct {
	Ref document.Ref
	// Shown is its name as the file has it, for people.
	Shown string
	// Policy is the policy whose rules it holds, Lookup the lookup that it is;
	// one of them is set.
	Policy, Lookup string
}

// Documents are those that the files name, each once.
func (s *Set) Documents() []document.Ref {
	var refs []document.Ref
	for _, o := range s.Outside {
		if !slices.Contains(refs, o.Ref) {
			refs = append(refs, o.Ref)
		}
	}
	return refs
}

// Policy returns the policy of that name, nil where there is none.
func (s *Set) Policy(name string) *Policy {
	for _, p := range s.Policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Settings are the set's own.
type Settings struct {
	Name    string // whose cases and marks these are; "default" unless set
	Zone    *time.Location
	Regions []string // empty: that of the AWS configuration; ["all"]: every enabled one
	Ledger  Ledger
	Exempt  []Exemption
	Limits  Limits
	Owner   *Owner // nil: nobody is asked to pay attention by tag
	// Mark is the key of the mark, "" where marks are off.
	Mark string
	// Creators is where it is found who made what CloudTrail no longer tells of,
	// nil: nowhere.
	Creators *Creators
	// Outcomes is the bus of EventBridge on which every outcome is published, by
	// its name or ARN; "": the default one, and no more than what policies follow.
	Outcomes string
	// Accounts are the accounts that are governed, nil: the caller's own alone.
	Accounts *Accounts
}

// Creators names the logs that a trail has left in a bucket.
type Creators struct {
	Bucket string
	Prefix string // the trail's, without slashes around it
	Region string // "": that of the AWS configuration
}

// Ledger says where cases and history are kept.
type Ledger struct {
	// SQLite is the file's path, absolute or relative to the working directory.
	SQLite string
	// DynamoDB is the name or the ARN of a table, instead of a file.
	DynamoDB string
	// None keeps nothing between runs.
	None bool
}

// Limits bound what may be done. A nil map or a missing key means the default.
type Limits struct {
	// Counts are for one policy and kind in any 24 hours.
	Counts map[action.Kind]int
	// Share is a percentage of the resources of a type that were examined, for
	// destructive kinds; negative means not set.
	Share float64
}

// Owner says how the owner of a resource is found and told.
type Owner struct {
	Tags []string // the first that is there and not empty names the owner
	// Address makes a mail address of a value that is none: "{value}" in it is
	// replaced.
	Address string
	// Via is the ses channel that owners are mailed through, its recipients
	// replaced.
	Via string
	// Otherwise is the channel for what has no owner.
	Otherwise string
}

// Exemption is one reason to leave a resource alone. Exactly one of Tag, When
// and UntilTag is set.
type Exemption struct {
	Tag      string
	Value    *string // with Tag: only this value
	When     *expr.Program
	UntilTag string        // a tag that holds a date
	AtMost   time.Duration // with UntilTag: how far ahead the date may be; 0: any
}

// Mode says whether a policy acts.
type Mode string

// The modes.
const (
	Observe Mode = "observe"
	Enforce Mode = "enforce"
)

// Policy is one policy.
type Policy struct {
	Name        string
	Was         []string // its earlier names
	Description string
	Types       []resource.Type
	// Schedule is when a deployment runs it, in EventBridge's grammar, "" for
	// by hand. Any policy can also be run by hand.
	Schedule string
	// Wakes is what wakes it beside.
	Wakes Wakes
	// Settle is how long after an event it judges.
	Settle time.Duration
	// NoSweep says that a deployment runs it on events alone.
	NoSweep bool
	// Children are the types that get the same tags as what they belong to.
	Children       []resource.Type
	Mode           Mode
	Match          *expr.Program // nil: everything
	Exempt         []Exemption   // its own; the settings' add to them
	Tags           []TagRule     // in the order of the file, then those from elsewhere
	Steps          []Step        // in order
	Limits         Limits
	Hours          *Hours // nil: no step waits for hours
	IncludeManaged bool
	// TagsFrom is where further rules in Tags are from, as written; "" where all
	// are in the file.
	TagsFrom string
	// Memory is how long after a case closed its clock is resumed.
	Memory time.Duration
	Pos    diag.Pos
}

// Wakes is the events that wake a policy.
type Wakes struct {
	Created     bool
	States      []string
	TagsChanged bool
	Calls       []string // service:Call, as CloudTrail names them
	Config      bool
	Outcomes    []OutcomeOf
}

// Any says whether any event does.
func (w Wakes) Any() bool {
	return w.Created || w.TagsChanged || w.Config || len(w.States)+len(w.Calls)+len(w.Outcomes) > 0
}

// Followed says whether a policy of the set is woken by what another does.
func (s *Set) Followed(o OutcomeOf) bool {
	return slices.ContainsFunc(s.Policies, func(p *Policy) bool { return slices.Contains(p.Wakes.Outcomes, o) })
}

// OutcomeOf is what another policy did.
type OutcomeOf struct {
	Policy string
	Action action.Kind
}

// Concerns says whether the policy is about resources of a type.
func (p *Policy) Concerns(t resource.Type) bool {
	return slices.Contains(p.Types, t) || slices.Contains(p.Types, resource.Any)
}

// Notifies says whether the policy tells anybody.
func (p *Policy) Notifies() bool {
	for i := range p.Steps {
		if p.Steps[i].Action == action.Notify {
			return true
		}
	}
	return false
}

// Step returns the step with that id.
func (p *Policy) Step(id string) (*Step, bool) {
	for i := range p.Steps {
		if p.Steps[i].ID == id {
			return &p.Steps[i], true
		}
	}
	return nil, false
}

// TagRule says what one tag must be.
type TagRule struct {
	Key        string
	Required   bool
	AllowEmpty bool
	Default    *string       // for what is missing or empty
	Value      *expr.Program // expr.TagValue: computes it
	// Fallback is for what is missing or empty where Value has no answer although
	// everything was read; nil for none.
	Fallback *string
	Allowed  []string // nil: any, or AllowedBy
	// AllowedBy is the table whose keys are the values that will do; nil where
	// Allowed says it. Of an empty one it is not known what it allows.
	AllowedBy *expr.Table
	Pattern   *regexp.Regexp
	// PatternSource is the pattern as written; Pattern is anchored.
	PatternSource string
	Aliases       []string // keys that are renamed to Key
	// AnyCase makes an alias of every key that differs from Key only in case.
	AnyCase   bool
	Overwrite bool // replaces a different value
	Pos       diag.Pos
}

// Lists says whether the value is among those that the rule allows; where it
// says of none, all are. The error is an *expr.Unknown, of an empty table.
func (t *TagRule) Lists(value string) (bool, error) {
	if t.AllowedBy != nil {
		return t.AllowedBy.Has(value)
	}
	return t.Allowed == nil || slices.Contains(t.Allowed, value), nil
}

// Renames says whether a key is another spelling of the rule's own.
func (t *TagRule) Renames(key string) bool {
	return slices.Contains(t.Aliases, key) || t.AnyCase && key != t.Key && strings.EqualFold(key, t.Key)
}

// Step is one thing to do about a violation.
type Step struct {
	// ID is the action's word, with "#2" and so on behind it where a policy has
	// several. It names the step in the ledger.
	ID     string
	Action action.Kind
	When   *expr.Program // nil: always
	// After is how long after the clock's start it is due; nil: at once.
	After *After
	// Since is the id of the step the clock starts with, "" for the first
	// accepted notice, or the first finding where the policy notifies nobody.
	Since string
	// At is the edge of the policy's hours it waits for, for Stop and Start;
	// NoEdge for none.
	At Edge
	// Ours says, with Start, that it starts nothing but what a stop of the
	// policy has stopped.
	Ours bool
	// Backup says, with Terminate and Delete, that snapshots are taken first.
	Backup bool
	// The rest belongs to one action each.
	To      string          // Notify: a channel or "owner"
	Before  []time.Duration // Notify: reminders ahead of the next step, longest first
	Every   time.Duration   // Notify: a standing digest; 0: none
	Subject *expr.Program   // Notify: expr.Text over run; nil: the default
	Text    *expr.Program   // Notify: expr.Text over run; nil: none
	Tags    tag.Set         // Tag
	Keys    []string        // Untag
	// Groups are the security groups to isolate with, by VPC; "" for any VPC.
	Groups map[string]string
	// Rule says which rules to revoke; its Input has a Rule.
	Rule *expr.Program
	// Document and Parameters are what RunCommand runs. The values of parameters
	// may be secrets: no log, plan or error has them.
	Document   string
	Parameters map[string][]string
	// Function is the name or ARN of what Invoke calls.
	Function string
	Pos      diag.Pos
}

// After is a length of time, fixed or computed.
type After struct {
	Fixed time.Duration
	Prog  *expr.Program // expr.Length; nil: Fixed holds
}
