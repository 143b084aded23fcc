// Package eval compares one resource with the policies: is it in scope, is it
// exempt, are its tags what they must be, and which steps would apply. It is
// pure: the same policies, resource and time always give the same verdicts.
package eval

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Status is what a policy makes of a resource.
type Status string

// The statuses. Every resource that was examined has exactly one for each
// policy that concerns its type.
const (
	OutOfScope Status = "out of scope"
	Compliant  Status = "compliant"
	Exempt     Status = "exempt"
	Fixable    Status = "fixable" // every fault has a known repair
	Fixed      Status = "fixed"   // and the repairs were made
	Violating  Status = "violating"
	Unknown    Status = "unknown" // an expression could not be decided
)

// Reason is why something was decided: a code for programs (docs/reasons.md
// lists them) and a sentence for people.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
	// Tag is the tag key it concerns, "" for none.
	Tag string `json:"tag,omitempty"`
}

// Verdict is what one policy makes of one resource.
type Verdict struct {
	Policy   *policy.Policy
	Resource resource.Resource
	Status   Status
	// Reasons say why; empty for OutOfScope and Compliant.
	Reasons []Reason
	// Fix repairs what can be repaired. With Violating it is not everything;
	// with Exempt it is ownership stamping alone.
	Fix tag.Diff
	// Keeps are the tags that an overwriting rule would write and that are there
	// already: who wants them otherwise contradicts the policy. Nil for none.
	Keeps tag.Set
	// Rests are the keys because of which Fix deletes others, which are spellings
	// of them: whoever deletes one of these would lose the value. Nil for none.
	Rests []string
	// Steps are the policy's steps with their expressions decided, in order;
	// only with Violating, and the notify steps alone with Fixable.
	Steps []StepVerdict
	// Needs are facts that were not fetched and leave the verdict open. It must
	// not be used before they are filled in and it is judged again.
	Needs []need.Fact
}

// StepVerdict is a step with its expressions decided for one resource.
type StepVerdict struct {
	Step *policy.Step
	// Applies is what the step's when says.
	Applies bool
	// Unknown is set where when or after could not be decided; such a step is
	// not judged.
	Unknown *Reason
	// After is the length of its grace period; HasAfter tells none from zero.
	After    time.Duration
	HasAfter bool
	// Rules are those of the resource that a revoke step takes away.
	Rules []resource.Rule
	// Edge is where the resource's hours stand, for a step with at; nil for
	// others.
	Edge *Edge
	// Channel is who a notify step tells: the name of a channel that is no
	// router. "" where a router leads nowhere.
	Channel string
	// Address replaces the channel's recipients: the owner's. "" otherwise.
	Address string
	// ToOwner says that the step tells the owner (through Channel either way).
	ToOwner bool
}
