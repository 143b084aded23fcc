// Package plan turns verdicts into a plan: what would be done to which
// resource, in what order, and why not where nothing would be. A plan is data:
// it is sorted, can be saved, read back and shown, and has a digest over all
// it says.
package plan

import (
	"encoding/json"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Version is that of the JSON a plan is saved as.
const Version = 1

// Lifetime is how long a saved plan can be applied.
const Lifetime = 24 * time.Hour

// State is how far an action has come.
type State string

// The states. A plan holds the first five; applying it turns planned into one
// of the last three.
const (
	Planned    State = "planned"    // would be done now
	Waiting    State = "waiting"    // is due at a later time
	Would      State = "would"      // the policy only observes
	Held       State = "held"       // is due and must not be done
	Superseded State = "superseded" // a stronger action is due
	Done       State = "done"
	Failed     State = "failed"
	Skipped    State = "skipped" // no longer held when looked at again, or needed nothing
)

// Plan is what one run found and would do.
type Plan struct {
	Version int       `json:"version"`
	Run     string    `json:"run"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Name    string    `json:"name"` // of the settings: whose cases these are
	Account string    `json:"account"`
	// Accounts are those that are governed, where it is not Account alone, sorted.
	Accounts []string `json:"accounts,omitempty"`
	Policies string   `json:"policies"` // the digest of the policy set
	Regions  []string `json:"regions"`
	// Only are the policies that were judged, empty for all.
	Only []string `json:"only,omitempty"`
	// Undoes is the run whose effects it takes back, "" for a plan of policies.
	Undoes string `json:"undoes,omitempty"`
	// Examined is how many resources of a type were read, and Complete whether
	// these were all of them.
	Examined map[resource.Type]int `json:"examined"`
	Complete bool                  `json:"complete"`
	Summary  Summary               `json:"summary"`
	Findings []Finding             `json:"findings"` // sorted by policy, region, id
	Unread   []Unread              `json:"unread"`
	// Closing are cases that have ended, sorted.
	Closing []Closing `json:"closing,omitempty"`
	// Digest is over everything above: "sha256:" and hexadecimal.
	Digest string `json:"digest"`
}

// Summary counts pairs of policy and resource; Unread counts the calls, each
// for one account and region, that failed.
type Summary struct {
	Examined   int `json:"examined"`
	OutOfScope int `json:"out_of_scope"`
	Compliant  int `json:"compliant"`
	Exempt     int `json:"exempt"`
	Fixable    int `json:"fixable"`
	Fixed      int `json:"fixed"`
	Violating  int `json:"violating"`
	Unknown    int `json:"unknown"`
	Unread     int `json:"unread"`
}

// Finding is a pair of policy and resource about which there is something to
// say or do.
type Finding struct {
	Policy   string        `json:"policy"`
	Mode     policy.Mode   `json:"mode"`
	Resource Resource      `json:"resource"`
	Status   eval.Status   `json:"status"`
	Reasons  []eval.Reason `json:"reasons"`
	Actions  []Action      `json:"actions"`
	// Owner is the value of the first owner tag, "" where there is none.
	Owner string `json:"owner,omitempty"`
	// Known says that the case was open before this run.
	Known bool `json:"known,omitempty"`
	// Since is when the case was opened; zero for one that is new.
	Since time.Time `json:"since,omitzero"`
	// Of is what the resource belongs to where it gets that one's tags.
	Of *resource.Ref `json:"of,omitempty"`
	// Evidence are the facts the policy's expressions and rules looked at, as
	// text, by name; those of tags are "tags.KEY", absent ones left out, and those
	// of metrics "metric NAME STATISTIC TIME", left out where none was needed.
	Evidence map[string]string `json:"evidence,omitempty"`
}

// Resource is a resource as a plan shows it.
type Resource struct {
	resource.Ref
	Name string  `json:"name"`
	Tags tag.Set `json:"tags"`
	// Details are what a message shows of it, in order.
	Details []Detail `json:"details,omitempty"`
}

// Detail is one labelled piece of a resource.
type Detail struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Action is one thing done, or not, to a finding's resource.
type Action struct {
	Action action.Kind `json:"action"`
	State  State       `json:"state"`
	// Reason is a sentence, Code its name; both "" where the state says it all.
	Reason string `json:"reason"`
	Code   string `json:"code,omitempty"`
	// At is when it is due, or was done. Zero where that is not known.
	At time.Time `json:"at,omitzero"`
	// Step is the id of the policy's step, "" for the repair of tags; with Mark,
	// the step whose deadline it shows.
	Step string `json:"step,omitempty"`
	// Tags are what Tag and Mark write, Keys what Untag and Unmark delete.
	Tags tag.Set  `json:"tags,omitempty"`
	Keys []string `json:"keys,omitempty"`
	// Groups are, for Isolate, the security group that each network interface gets.
	Groups map[string]string `json:"groups,omitempty"`
	// Former are, for Restore, the security groups that each network interface
	// gets back.
	Former map[string][]string `json:"former,omitempty"`
	// Volumes are what Backup takes snapshots of, and Backups the snapshots
	// without which Terminate and Delete are not done.
	Volumes []string `json:"volumes,omitempty"`
	Backups []string `json:"backups,omitempty"`
	// Rules are what Revoke takes away and Restore puts back.
	Rules []resource.Rule `json:"rules,omitempty"`
	// Document is what RunCommand runs, and Parameters names what it is given. The
	// values are not in a plan, because they may be secrets; the policy has them.
	Document   string   `json:"document,omitempty"`
	Parameters []string `json:"parameters,omitempty"`
	// Function is what Invoke calls.
	Function string `json:"function,omitempty"`
	// To, Address and News belong to Notify: the channel, the owner's address
	// that replaces its recipients, and what there is to tell.
	To      string `json:"to,omitempty"`
	Address string `json:"address,omitempty"`
	News    []News `json:"news,omitempty"`
	// After is the grace period of a waiting step in nanoseconds, and Clock says
	// that it runs; a waiting step without a clock shows a forecast in At.
	After time.Duration `json:"after,omitempty"`
	Clock bool          `json:"clock,omitempty"`
	// Needs belongs to Mark: the step that must be done first, or "notice" for
	// a notice that must be accepted first.
	Needs string `json:"needs,omitempty"`
	// RequestID is what AWS answered to the call that did it.
	RequestID string `json:"request_id,omitempty"`
	// Before is what was there before it was done, as whoever did it wrote it
	// down, for taking it back.
	Before json.RawMessage `json:"before,omitempty"`
	// Hint says what a person can do about a failure.
	Hint string `json:"hint,omitempty"`
}

// WillBeHeld says that a step waits for nothing: it is known already that it
// must not be done when its time comes. Reason says why.
func (a *Action) WillBeHeld() bool {
	switch a.Code {
	case "", reason.AwaitingNotice, reason.NoticeUndelivered, reason.AwaitingStep, reason.AwaitingHours, reason.EarlierStepFailed:
		return false
	}
	return a.State == Waiting
}

// NewsKind is what kind of thing there is to tell.
type NewsKind string

// The kinds of news. The first four are in a plan; results come of applying
// it.
const (
	NewViolation NewsKind = "violation" // seen for the first time
	Reminder     NewsKind = "reminder"  // the next step is near
	Standing     NewsKind = "standing"  // still violating, told every so often
	HeldNews     NewsKind = "held"      // something due is not done
	ResultNews   NewsKind = "result"    // done, failed or fixed
)

// News is one thing to tell about a finding. It is told once: Key is
// remembered in the case when the channel accepted it.
type News struct {
	Kind NewsKind `json:"kind"`
	Key  string   `json:"key"`
	// Also are keys that count as told with it.
	Also []string `json:"also,omitempty"`
}

// Unread is something that could not be read.
type Unread struct {
	Account string        `json:"account"`
	Region  string        `json:"region"`
	Type    resource.Type `json:"type,omitempty"`
	Call    string        `json:"call"`
	Reason  string        `json:"reason"`
	Hint    string        `json:"hint,omitempty"`
	// Lasting says that no call failed: as the account is set up nothing tells of
	// it, at the next run either. Such a run is as complete as it can be.
	Lasting bool `json:"lasting,omitempty"`
}

// Closing is a case that ended.
type Closing struct {
	Policy string `json:"policy"`
	ARN    string `json:"arn"`
	Why    string `json:"why"` // compliant, exempt, out-of-scope, gone, policy-removed
}
