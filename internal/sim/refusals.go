package sim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Refusal is one reason for which AWS refuses a call. Unless it says otherwise
// the call fails as a whole and changes nothing.
type Refusal struct {
	// Operation is service:Operation, or Any.
	Operation string
	// Condition is what is refused, without a full stop.
	Condition string
	Code      string
	Class     fault.Class
	// Page is the page of AWS's documentation that says so. Not every page names
	// the code; the comment beside the row then says where it is from.
	Page string
	// Zonal refusals concern the offending instance's availability zone only: in
	// the others the call does its work, though it reports failure.
	Zonal bool

	// finds returns what offends, "" where nothing does. It is nil where the
	// refusal does not depend on what the call says.
	finds func(*call) string
}

// Any is the Operation of what is refused whatever the operation.
const Any = "any"

// Pages of AWS's documentation.
const (
	pageErrors    = "https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html"
	pageThrottle  = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
	pageRegions   = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html"
	pageStart     = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html"
	pageStop      = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html"
	pageTerminate = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html"
	pageCreate    = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"
	pageDelete    = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html"
	pageTags      = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"
	pageLifecycle = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html"
	pageManaged   = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html"
	pageStopGuard = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html"
	pageTermGuard = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html"
	pageSpot      = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-request.html"
	pageInterrupt = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/interruption-behavior.html"
)

// maxIDs is how many resources one call takes. TerminateInstances, CreateTags
// and DeleteTags document it; for StopInstances and StartInstances it is the
// size of the account's bucket of resource tokens, which no call can exceed.
// No page names the code.
const maxIDs = 1000

// Refusals of every operation.
var (
	notEnabled    = Refusal{Any, "the region is not enabled for the account", "AuthFailure", fault.Credentials, pageRegions, false, nil}
	denied        = Refusal{Any, "the caller lacks the permission", "UnauthorizedOperation", fault.Denied, pageErrors, false, nil}
	throttled     = Refusal{Any, "there were too many calls", "RequestLimitExceeded", fault.Throttled, pageThrottle, false, nil}
	internalError = Refusal{describeInstances, "AWS failed", "InternalError", fault.Passing, pageErrors, false, nil}
)

// refusals is the table, in the order in which they are looked for.
var refusals = slices.Concat(
	[]Refusal{notEnabled, denied, throttled, internalError},
	[]Refusal{{describeAttribute, "there is no such instance", "InvalidInstanceID.NotFound", fault.NotFound, pageErrors, false, unknownWith("i")}},
	identified(startInstances, pageThrottle, "InvalidParameterCombination", "InvalidInstanceID.Malformed", instanceID),
	startRefusals,
	identified(stopInstances, pageThrottle, "InvalidParameterCombination", "InvalidInstanceID.Malformed", instanceID),
	stopRefusals,
	identified(terminateInstances, pageTerminate, "InvalidParameterCombination", "InvalidInstanceID.Malformed", instanceID),
	terminateRefusals,
	identified(createTags, pageCreate, "MissingParameter", "InvalidID", anyID),
	absent(createTags),
	createRefusals,
	identified(deleteTags, pageDelete, "MissingParameter", "InvalidID", anyID),
	absent(deleteTags),
	deleteRefusals,
	singleRefusals,
	namedRefusals,
	deletions,
	backups,
	requestRefusals,
	resourceRefusals,
)

// identified are the refusals that concern a call's ids, which are well formed
// where they match.
func identified(op, limit, noneCode, malformedCode string, match *regexp.Regexp) []Refusal {
	return []Refusal{
		{op, "it names no resource", noneCode, fault.Invalid, pageErrors, false, func(c *call) string {
			return unless(len(c.ids) > 0, "an empty list of ids")
		}},
		{op, "it names more than 1000 resources", "InvalidParameterValue", fault.Invalid, limit, false, func(c *call) string {
			return unless(len(c.ids) <= maxIDs, fmt.Sprintf("%d ids", len(c.ids)))
		}},
		{op, "an id is malformed", malformedCode, fault.Invalid, pageErrors, false, func(c *call) string {
			return first(c.ids, func(id string) bool { return !match.MatchString(id) })
		}},
		{op, "there is no such instance", "InvalidInstanceID.NotFound", fault.NotFound, pageErrors, false, unknownWith("i")},
	}
}

// absent are the refusals of what is no instance and not there, type by type.
func absent(op string) []Refusal {
	var rows []Refusal
	for _, t := range kindTypes(ec2) {
		k := kinds[t]
		rows = append(rows, Refusal{op, "there is no such " + strings.TrimPrefix(string(t), "ec2:"), k.gone, fault.NotFound, pageErrors, false, unknownWith(k.prefix)})
	}
	return rows
}

// Nobody but the service that runs a managed instance may change its state.
// The page names no code; EKS Auto Mode's instances are seen to answer as a
// policy on the resource that denies it does.
func managed(op string) Refusal {
	return Refusal{op, "an AWS service runs the instance", "UnauthorizedOperation", fault.Denied, pageManaged, false,
		instance(func(r *record) bool { return r.inst.Operator != "" })}
}

var startRefusals = []Refusal{
	managed(startInstances),
	{startInstances, "its root device is an instance store", "UnsupportedOperation", fault.Unsupported, pageStart, false, instance(onInstanceStore)},
	{startInstances, "EC2 interrupted the spot instance, and only EC2 restarts it", "IncorrectSpotRequestState", fault.WrongState, pageInterrupt, false,
		instance(func(r *record) bool { return r.interrupted && !r.inst.Ended() })},
	{startInstances, "the instance is still stopping", "IncorrectInstanceState", fault.WrongState, pageLifecycle, false, instance(in(stopping))},
	{startInstances, "the instance is terminated", "IncorrectInstanceState", fault.WrongState, pageLifecycle, false, instance(in(shuttingDown, terminated))},
}

var stopRefusals = []Refusal{
	managed(stopInstances),
	{stopInstances, "its root device is an instance store", "UnsupportedOperation", fault.Unsupported, pageStop, false, instance(onInstanceStore)},
	{stopInstances, "the spot instance is of a one-time request", "UnsupportedOperation", fault.Unsupported, pageSpot, false,
		instance(func(r *record) bool { return r.inst.Lifecycle == spot && !r.protection.PersistentSpot })},
	{stopInstances, "stop protection is on", "OperationNotPermitted", fault.Protected, pageStopGuard, false,
		instance(func(r *record) bool { return r.protection.Stop })},
	// The page shows no way from pending to stopping; an instance that ran before
	// may be stopped all the same.
	{stopInstances, "the instance has never been running", "IncorrectInstanceState", fault.WrongState, pageLifecycle, false,
		instance(func(r *record) bool { return r.inst.State == pending && !r.ran })},
	{stopInstances, "the instance is terminated", "IncorrectInstanceState", fault.WrongState, pageLifecycle, false, instance(in(shuttingDown, terminated))},
}

var terminateRefusals = []Refusal{
	managed(terminateInstances),
	{terminateInstances, "termination protection is on", "OperationNotPermitted", fault.Protected, pageTermGuard, true,
		instance(func(r *record) bool { return r.protection.Terminate })},
	{terminateInstances, "stop protection is on, which protects against termination too", "OperationNotPermitted", fault.Protected, pageStopGuard, true,
		instance(func(r *record) bool { return r.protection.Stop })},
}

// The codes of a key or value that is too long, and of a reserved key, are as
// CreateTags is seen to answer; the page of errors has InvalidTagKey.Malformed
// for reserved keys, which other operations give.
var createRefusals = []Refusal{
	{createTags, "it has no tags", "MissingParameter", fault.Invalid, pageCreate, false, func(c *call) string {
		return unless(len(c.tags) > 0, "an empty list of tags")
	}},
	{createTags, "a key is empty", "InvalidTagKey.Malformed", fault.Invalid, pageErrors, false, keys(func(k string) bool { return k == "" })},
	{createTags, "a key begins with aws:", "InvalidParameterValue", fault.Invalid, pageTags, false, keys(tag.IsReserved)},
	{createTags, "a key is longer than 128 characters", "InvalidParameterValue", fault.Invalid, pageTags, false, keys(tooLong(tag.CheckKey))},
	{createTags, "a value is longer than 256 characters", "InvalidParameterValue", fault.Invalid, pageTags, false, func(c *call) string {
		return first(c.tags.Keys(), func(k string) bool { return tooLong(tag.CheckValue)(c.tags[k]) })
	}},
	{createTags, "a resource would have more than 50 tags", "TagLimitExceeded", fault.TagLimit, pageCreate, false, func(c *call) string {
		for _, i := range c.items() {
			if len(tag.Diff{Set: c.tags}.Apply(i.tags()).User()) > tag.MaxPerResource {
				return i.reference().ID
			}
		}
		return ""
	}},
}

var deleteRefusals = []Refusal{
	{deleteTags, "it names more than 1000 tags", "InvalidParameterValue", fault.Invalid, pageDelete, false, func(c *call) string {
		return unless(len(c.keys) <= 1000, fmt.Sprintf("%d tags", len(c.keys)))
	}},
	{deleteTags, "a key is empty", "InvalidTagKey.Malformed", fault.Invalid, pageErrors, false, keys(func(k string) bool { return k == "" })},
	{deleteTags, "a key begins with aws:", "InvalidParameterValue", fault.Invalid, pageTags, false, keys(tag.IsReserved)},
}

// Refusals returns the table of what AWS refuses, in the order in which it is
// looked for. Every row is in force in an Account.
func Refusals() []Refusal { return slices.Clone(refusals) }

// refused is a call that was refused.
type refused struct {
	err *fault.Error
	// zones are the availability zones that a zonal refusal concerns; nil where
	// it concerns the whole call.
	zones map[string]bool
}

// check looks for the first refusal that a call meets, or returns nil.
func (a *Account) check(c *call) *refused { return a.checkAgainst(c, refusals) }

// checkAgainst is check for some rows of the table.
func (a *Account) checkAgainst(c *call, rows []Refusal) *refused {
	a.look(c)
	a.lookAround(c)
	for _, r := range rows {
		if r.Operation != c.op || r.finds == nil {
			continue
		}
		if what := r.finds(c); what != "" {
			refusal := &refused{err: c.refused(r, what)}
			if r.Zonal {
				refusal.zones = c.protectedZones()
			}
			return refusal
		}
	}
	return nil
}

// protectedZones are the availability zones in which a termination comes upon
// an instance that is protected from it in either way.
func (c *call) protectedZones() map[string]bool {
	zones := map[string]bool{}
	for _, r := range c.found {
		if r.protection.Terminate || r.protection.Stop {
			zones[r.zone] = true
		}
	}
	return zones
}

// instance finds the first instance for which bad holds.
func instance(bad func(*record) bool) func(*call) string {
	return func(c *call) string {
		for _, r := range c.found {
			if bad(r) {
				return r.inst.Reference.ID
			}
		}
		return ""
	}
}

// keys finds the first key, of those to set and those to delete, for which bad
// holds.
func keys(bad func(string) bool) func(*call) string {
	return func(c *call) string {
		return first(slices.Concat(c.tags.Keys(), c.keys), bad)
	}
}

// first returns the first string for which bad holds, quoted, or "".
func first(list []string, bad func(string) bool) string {
	if i := slices.IndexFunc(list, bad); i >= 0 {
		return fmt.Sprintf("%q", list[i])
	}
	return ""
}

// unknownWith finds the first id with a prefix that is not there.
func unknownWith(prefix string) func(*call) string {
	return func(c *call) string {
		return first(c.missing, func(id string) bool { return strings.HasPrefix(id, prefix+"-") })
	}
}

func unless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

func in(states ...string) func(*record) bool {
	return func(r *record) bool { return slices.Contains(states, r.inst.State) }
}

func onInstanceStore(r *record) bool { return r.inst.RootDevice == instanceStore }

func tooLong(check func(string) error) func(string) bool {
	return func(s string) bool { return errors.Is(check(s), tag.ErrTooLong) }
}

// codeOf returns the service's code that an error carries, or "".
func codeOf(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code
	}
	return ""
}
