// Package reason names why something was found, held or left: the codes that
// programs can rely on. docs/reasons.md is generated from it.
package reason

// The codes. A failure has none of these: its code is the class of the error
// (package fault).
const (
	// Of a finding.

	TagMissing         = "tag-missing"          // a required tag is not there
	TagEmpty           = "tag-empty"            // a tag is there with an empty value
	TagCase            = "tag-case"             // a required tag is not there, but a key that differs in case is
	TagNotAllowed      = "tag-not-allowed"      // a value is none of those allowed
	TagPattern         = "tag-pattern"          // a value does not match the pattern
	TagAlias           = "tag-alias"            // a tag is written under another key, which is repaired
	TagAliasesDisagree = "tag-aliases-disagree" // keys that mean the same have different values, which only a person can settle
	ChildTag           = "child-tag"            // what belongs to a resource lacks a tag of it, and gets it
	TagWrong           = "tag-wrong"            // a value is not the one the rule gives, which is repaired
	CreatorUnfound     = "creator-unfound"      // nobody can be found who made the resource, so a tag gets its fallback, or none
	TagLimit           = "tag-limit"            // the resource has no room for another tag, or AWS would refuse the tag
	Untaggable         = "untaggable"           // tagwarden has no call that tags it, so a tag that it lacks is not written
	Matched            = "matched"              // the policy has no tag rules: being in scope is the violation

	Measured = "measured" // a metric that the policy's condition asks for, and its value

	// Of something that cannot be told.

	MatchUnknown  = "match-unknown"  // whether the resource is in scope
	ExemptUnknown = "exempt-unknown" // whether it is exempt; it counts as exempt
	ValueUnknown  = "value-unknown"  // the value of a tag
	WhenUnknown   = "when-unknown"   // whether a step applies
	HoursUnknown  = "hours-unknown"  // what a resource's hours are: its tag is none
	AfterUnknown  = "after-unknown"  // how long a step's grace period is
	RuleUnknown   = "rule-unknown"   // whether a rule is to be revoked; it is left
	TagsUnread    = "tags-unread"    // its tags could not be read
	FactUnread    = "fact-unread"    // a fact that the policy needs could not be read

	// Of an exemption.

	ExemptTag          = "exempt-tag"          // a tag exempts the resource
	ExemptWhen         = "exempt-when"         // a condition exempts it
	ExemptUntil        = "exempt-until"        // a date in a tag exempts it
	ExemptionEnded     = "exemption-ended"     // the date has passed
	ExemptionMalformed = "exemption-malformed" // the tag holds no date, so it exempts nothing
	ExemptionTooLong   = "exemption-too-long"  // the date is further ahead than the policy allows, so it exempts nothing

	// Of what waits.

	AwaitingNotice    = "awaiting-notice"     // the grace period begins when a channel accepts a notice
	AwaitingStep      = "awaiting-step"       // it counts from a step that is not done yet
	AwaitingHours     = "awaiting-hours"      // it is done at the next edge of the hours
	EarlierStepFailed = "earlier-step-failed" // an earlier destructive step of the case failed

	// Of what is held.

	NoticeUndelivered     = "notice-undelivered"     // no channel has accepted a notice, so nothing may follow from it
	Managed               = "managed"                // something would replace the resource: an Auto Scaling group, a node pool, …; include_managed lifts this
	ManagedByAWS          = "managed-by-aws"         // AWS runs the resource, and lets nobody else do this
	OneTimeSpot           = "one-time-spot"          // a spot instance of a one-time request cannot be stopped
	InstanceStore         = "instance-store"         // an instance whose root device is an instance store cannot be stopped
	StopProtection        = "stop-protection"        // stop protection is on; it forbids terminating too
	TerminationProtection = "termination-protection" // termination protection is on
	ProtectionUnread      = "protection-unread"      // whether protection is on could not be read
	NoQuarantine          = "no-quarantine"          // no security group is given for the VPC of an instance that is to be isolated
	NotReady              = "not-ready"              // AWS does this only in other states than the resource's; the next run tries again
	NotStoppable          = "not-stoppable"          // AWS does not stop databases of this make: read replicas and their sources, members of clusters, …
	ScaleInProtection     = "scale-in-protection"    // instances of the Auto Scaling group are protected from scaling in
	ProcessSuspended      = "process-suspended"      // the process of the Auto Scaling group that it takes is suspended
	SizesUnknown          = "sizes-unknown"          // what to scale the Auto Scaling group back to is not known
	UseUnread             = "use-unread"             // what uses the resource, or who was given it, could not be read
	InUse                 = "in-use"                 // something uses the resource, or somebody else was given it
	BackupPending         = "backup-pending"         // its backup is taken, or is to be completed, before it is ended by a later run
	BackupUnread          = "backup-unread"          // whether there is a backup could not be read
	NoBackup              = "no-backup"              // no backup can be taken, and the policy wants one first
	DeletionProtection    = "deletion-protection"    // the resource's own protection against being deleted is on
	Conflict              = "conflict"               // two policies want what contradicts each other: neither happens
	OverLimit             = "over-limit"             // the policy wants more of this kind than its limits allow; holds release lets it through

	// Of what was skipped or superseded.

	Already          = "already"           // the effect is there already
	NoLongerHolds    = "no-longer-holds"   // looked at again just before, it was no longer called for
	Superseded       = "superseded"        // a stronger action is due on the same resource
	RenameIncomplete = "rename-incomplete" // the old key stays until the new one is seen to be there
	Interrupted      = "interrupted"       // the run was ended before its turn
	NotRecorded      = "not-recorded"      // the ledger could not be written, and nothing is done that is not recorded
	NoDeadline       = "no-deadline"       // there is no deadline to show on the resource
	NothingToTell    = "nothing-to-tell"   // a notice had nothing to say in the end
	NoChannel        = "no-channel"        // no channel is given for this resource's notice
	NotReversible    = "not-reversible"    // what a run did that cannot be taken back
	ChangedSince     = "changed-since"     // it is no longer as the run that is taken back left it
	Settling         = "settling"          // it is on its way to another state; try again
	Undone           = "undone"            // what the run that is taken back did
	Observing        = "observing"         // owners hear nothing while a policy only observes

)

// Entry is one code as the documentation lists it.
type Entry struct {
	Code string
	// Doc is a clause without a full stop, in Markdown.
	Doc string
}

// Group is entries under a heading.
type Group struct {
	Title   string
	Entries []Entry
}

// groups lists every code; TestEveryCodeIsListedOnce keeps it whole.
var groups = []Group{
	{"Of a finding", []Entry{
		{TagMissing, "a required tag is not there"},
		{TagEmpty, "a tag is there with an empty value"},
		{TagCase, "a required tag is not there, but a key that differs in case is"},
		{TagNotAllowed, "a value is none of those allowed"},
		{TagPattern, "a value does not match the pattern"},
		{ChildTag, "what belongs to a resource lacks a tag of it, and gets it"},
		{TagAlias, "a tag is written under another key, which is repaired"},
		{TagAliasesDisagree, "keys that mean the same have different values, which only a person can settle"},
		{TagWrong, "a value is not the one the rule gives, which is repaired"},
		{CreatorUnfound, "nobody can be found who made the resource, so a tag gets its `fallback`, or none"},
		{TagLimit, "the resource has no room for another tag, or AWS would refuse the tag"},
		{Untaggable, "tagwarden has no call that tags it, so a tag that it lacks is not written"},
		{Matched, "the policy has no tag rules: being in scope is the violation"},
		{Measured, "a metric that the policy's condition asks for, and its value"},
	}},
	{"Of something that cannot be told", []Entry{
		{MatchUnknown, "whether the resource is in scope"},
		{ExemptUnknown, "whether it is exempt; it counts as exempt"},
		{ValueUnknown, "the value of a tag"},
		{WhenUnknown, "whether a step applies"},
		{HoursUnknown, "what a resource's hours are: its tag is none"},
		{AfterUnknown, "how long a step's grace period is"},
		{RuleUnknown, "whether a rule is to be revoked; it is left"},
		{TagsUnread, "its tags could not be read, so nothing is said of them"},
		{FactUnread, "a fact that the policy needs could not be read"},
	}},
	{"Of an exemption", []Entry{
		{ExemptTag, "a tag exempts the resource"},
		{ExemptWhen, "a condition exempts it"},
		{ExemptUntil, "a date in a tag exempts it"},
		{ExemptionEnded, "the date has passed"},
		{ExemptionMalformed, "the tag holds no date, so it exempts nothing"},
		{ExemptionTooLong, "the date is further ahead than the policy allows, so it exempts nothing"},
	}},
	{"Of what waits", []Entry{
		{AwaitingNotice, "the grace period begins when a channel accepts a notice"},
		{AwaitingStep, "it counts from a step that is not done yet"},
		{AwaitingHours, "it is done at the next edge of the hours"},
		{EarlierStepFailed, "an earlier destructive step of the case failed"},
	}},
	{"Of what is held", []Entry{
		{NoticeUndelivered, "no channel has accepted a notice, so nothing may follow from it"},
		{Managed, "something would replace the resource: an Auto Scaling group, a node pool, …; `include_managed` lifts this"},
		{ManagedByAWS, "AWS runs the resource, and lets nobody else do this"},
		{OneTimeSpot, "a spot instance of a one-time request cannot be stopped"},
		{InstanceStore, "an instance whose root device is an instance store cannot be stopped"},
		{StopProtection, "stop protection is on; it forbids terminating too"},
		{TerminationProtection, "termination protection is on"},
		{ProtectionUnread, "whether protection is on could not be read"},
		{NoQuarantine, "no security group is given for the VPC of an instance that is to be isolated"},
		{NotReady, "AWS does this only in other states than the resource's; the next run tries again"},
		{NotStoppable, "AWS does not stop databases of this make: read replicas and their sources, members of clusters, …"},
		{ScaleInProtection, "instances of the Auto Scaling group are protected from scaling in"},
		{ProcessSuspended, "the process of the Auto Scaling group that it takes is suspended"},
		{SizesUnknown, "what to scale the Auto Scaling group back to is not known"},
		{UseUnread, "what uses the resource, or who was given it, could not be read"},
		{InUse, "something uses the resource, or another account was given it"},
		{BackupPending, "its backup is taken, or is to be completed, before it is ended by a later run"},
		{BackupUnread, "whether there is a backup could not be read"},
		{NoBackup, "no backup can be taken, and the policy wants one first"},
		{DeletionProtection, "the resource's own protection against being deleted is on"},
		{Conflict, "two policies want what contradicts each other: neither happens"},
		{OverLimit, "the policy wants more of this kind than its limits allow; `holds release` lets it through"},
	}},
	{"Of what was skipped or superseded", []Entry{
		{Already, "the effect is there already"},
		{NoLongerHolds, "looked at again just before, it was no longer called for"},
		{Superseded, "a stronger action is due on the same resource"},
		{RenameIncomplete, "the old key stays until the new one is seen to be there"},
		{Interrupted, "the run was ended before its turn"},
		{NotRecorded, "the ledger could not be written, and nothing is done that is not recorded"},
		{NoDeadline, "there is no deadline to show on the resource"},
		{NothingToTell, "a notice had nothing to say in the end"},
		{NoChannel, "no channel is given for this resource's notice"},
		{NotReversible, "what a run did that cannot be taken back"},
		{ChangedSince, "it is no longer as the run that is taken back left it"},
		{Settling, "it is on its way to another state; try again"},
		{Undone, "what the run that is taken back did"},
		{Observing, "owners hear nothing while a policy only observes"},
	}},
}

// Unread says whether a code is of what is held because a fact that decides it
// is not known.
func Unread(code string) bool {
	return code == ProtectionUnread || code == UseUnread || code == BackupUnread
}

// All lists every code, grouped. The list must not be changed.
func All() []Group { return groups }
