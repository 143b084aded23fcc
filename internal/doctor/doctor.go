// Package doctor asks whether what a policy file needs is there, and changes
// nothing: the credentials and what they may do, the regions, the trail, the
// senders of mail, the topics, tables, buses and queues, and the clock.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/span"
)

// Outcome is how a check ended.
type Outcome string

// The outcomes, the worst last.
const (
	OK Outcome = "ok"
	// Unknown is for what could not be asked.
	Unknown Outcome = "unknown"
	Missing Outcome = "missing"
)

var outcomes = []Outcome{OK, Unknown, Missing}

func worse(a, b Outcome) Outcome {
	return outcomes[max(slices.Index(outcomes, a), slices.Index(outcomes, b))]
}

// What a check is about.
const (
	About           = "credentials"
	AboutClock      = "clock"
	AboutRegion     = "region"
	AboutAccount    = "account"
	AboutTrail      = "trail"
	AboutArchive    = "trail's logs"
	AboutPermission = "permission"
	AboutLedger     = "ledger"
	AboutRules      = "table of rules"
	AboutLookup     = "lookup"
	AboutMail       = "mail"
	AboutTopic      = "topic"
	AboutBus        = "bus"
	AboutQueue      = "queue"
)

// Check is one thing that was looked at.
type Check struct {
	Outcome Outcome `json:"outcome"`
	// What is one of the words above, and Name which of that kind.
	What string `json:"check"`
	Name string `json:"name"`
	// Regions are where it holds, sorted; none where it has no region.
	Regions []string `json:"regions,omitempty"`
	// Found is a sentence about what is there.
	Found string `json:"found"`
	// Do says what a person can do about it; "" where nothing is to be done.
	Do string `json:"do,omitempty"`
}

// Options say what to look at.
type Options struct {
	Set     *policy.Set
	Account Account
	// Accounts are those that the settings name, nil where they name none.
	Accounts *accounts.Accounts
	// Regions are those that are read, instead of the settings'; "all" is every
	// one.
	Regions []string
	// Region is that of the AWS configuration, "" where it names none, and
	// LedgerRegion the one in which a ledger is that is no ARN.
	Region, LedgerRegion string
	// Queues are the URLs of queues that are taken from.
	Queues []string
	// Now is this machine's clock.
	Now func() time.Time
}

// Report is what was found.
type Report struct {
	// Account and Caller are whose credentials were used, "" where AWS knows none.
	Account string `json:"account"`
	Caller  string `json:"caller"`
	// Checks are in the order in which they matter.
	Checks []Check `json:"checks"`
	// Notes are sentences about what no question can tell.
	Notes []string `json:"notes"`
}

// Worst is the worst outcome of a report.
func (r *Report) Worst() Outcome {
	out := OK
	for i := range r.Checks {
		out = worse(out, r.Checks[i].Outcome)
	}
	return out
}

// doctor is one examination.
type doctor struct {
	Options
	who Identity
	// role is what the policy file needs, in whatever region.
	role   *iam.Role
	report Report
}

// Examine asks everything that the policy file's use depends on, and nothing
// else. What depends on credentials is left out where there are none. The error
// says that the policies need several partitions of AWS, that no region is
// known, or that the context has ended.
func Examine(ctx context.Context, o Options) (*Report, error) {
	role, err := iam.For(o.Set, iam.Options{Regions: o.Regions})
	if err != nil {
		return nil, err
	}
	d := &doctor{Options: o, role: role, report: Report{Checks: []Check{}, Notes: []string{}}}
	if d.identify(ctx) {
		regions := d.regions(ctx)
		d.accounts(ctx)
		d.trails(ctx, regions)
		d.permissions(ctx, regions)
		d.stores(ctx)
		d.channels(ctx)
		d.systems(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("examining the account: %w", err)
	}
	return &d.report, nil
}

func (d *doctor) add(cs ...Check) { d.report.Checks = append(d.report.Checks, cs...) }

func (d *doctor) note(format string, args ...any) {
	d.report.Notes = append(d.report.Notes, fmt.Sprintf(format, args...))
}

// uses says whether the policy file needs a permission at all.
func (d *doctor) uses(permission string) bool {
	return slices.ContainsFunc(d.role.Grants, func(g iam.Grant) bool { return g.Permission == permission })
}

// failed is a check that ended with an error. What AWS would not tell this
// caller, or not now, or could not be asked at all, is unknown.
func failed(what, name string, err error, do string) Check {
	c := Check{Outcome: Unknown, What: what, Name: name, Found: err.Error(), Do: fault.HintOf(err)}
	switch fault.ClassOf(err) {
	case fault.NotFound, fault.Invalid, fault.Credentials, fault.Unverified, fault.WrongState:
		c.Outcome, c.Do = Missing, cmp.Or(do, c.Do)
	}
	return c
}

// abreast is how many regions or accounts are asked at a time.
const abreast = 4

// together does something n times, some at a time, and waits for all of it.
func together(n int, do func(i int)) {
	room := make(chan struct{}, abreast)
	var wg sync.WaitGroup
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			do(i)
			<-room
		})
	}
	wg.Wait()
}

// each asks every region, some at a time, and brings together what they say
// alike.
func each(regions []string, ask func(region string) []Check) []Check {
	found := make([][]Check, len(regions))
	together(len(regions), func(i int) { found[i] = ask(regions[i]) })
	var out []Check
	for i, cs := range found {
		for _, c := range cs {
			c.Regions = nil
			at := slices.IndexFunc(out, func(o Check) bool {
				return o.What == c.What && o.Name == c.Name && o.Outcome == c.Outcome && o.Found == c.Found && o.Do == c.Do
			})
			if at < 0 {
				at, out = len(out), append(out, c)
			}
			out[at].Regions = append(out[at].Regions, regions[i])
		}
	}
	return out
}

// maxSkew is how far the clock may be off. AWS refuses requests that are five
// minutes off ("Troubleshooting Signature Version 4 signing" in the IAM user
// guide), and everything here is judged by the minute.
const maxSkew = time.Minute

// clock compares this machine's clock with AWS's.
func (d *doctor) clock(now time.Time) {
	if d.who.Time.IsZero() {
		d.add(Check{Outcome: Unknown, What: AboutClock, Found: "AWS's answer had no time", Do: "check proxies on the way to AWS"})
		return
	}
	off := now.Sub(d.who.Time).Truncate(time.Second)
	if off.Abs() <= maxSkew {
		d.add(Check{Outcome: OK, What: AboutClock, Found: "this machine's clock agrees with AWS's to the minute"})
		return
	}
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	d.add(Check{Outcome: Missing, What: AboutClock, Found: fmt.Sprintf("this machine's clock is %s %s AWS's", span.Format(off.Abs().Round(time.Minute)), way),
		Do: "set it: AWS takes no request that is five minutes off, and what is due is judged by it"})
}
