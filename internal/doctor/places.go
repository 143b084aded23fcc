package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
)

// anyRegion is asked where nothing names a region and all are to be read.
const anyRegion = "us-east-1"

// wanted are the regions that are to be read, as they are named.
func (d *doctor) wanted() []string {
	return inventory.Named(d.Regions, d.Set.Settings.Regions, d.Region)
}

// identify asks whose credentials these are, and what time it is. It is false
// where nobody can be asked anything.
func (d *doctor) identify(ctx context.Context) bool {
	want := d.wanted()
	at := d.Region
	switch {
	case at != "":
	case slices.Contains(want, inventory.All):
		at = anyRegion
	case len(want) > 0:
		at = want[0]
	default:
		d.add(Check{Outcome: Missing, What: AboutRegion, Found: "no region is named", Do: "give one: settings.regions, --region, AWS_REGION, or region in the profile"})
		return false
	}
	who, err := d.Account.Identify(ctx, at)
	now := d.Now()
	if err != nil {
		d.add(failed(About, "", err, ""))
		return false
	}
	d.who, d.report.Account, d.report.Caller = who, who.Account, who.ARN
	d.add(Check{Outcome: OK, What: About, Name: who.Account, Found: "they are those of " + who.ARN})
	d.clock(now)
	return true
}

// regions asks every region that is to be read, and returns those that answer.
func (d *doctor) regions(ctx context.Context) []string {
	want := d.wanted()
	if slices.Contains(want, inventory.All) {
		all, err := d.Account.Regions(ctx)
		if err != nil {
			c := failed(AboutRegion, inventory.All, err, "")
			c.Outcome = worse(c.Outcome, Unknown)
			d.add(c)
			return nil
		}
		want = slices.Clone(all)
	}
	answered := map[string]bool{}
	checks := each(want, func(region string) []Check {
		_, err := d.Account.Identify(ctx, region)
		switch {
		case err == nil:
			return []Check{{Outcome: OK, What: AboutRegion, Found: "it answers"}}
		case fault.ClassOf(err) == fault.Credentials:
			return []Check{failed(AboutRegion, region, err, "enable "+region+" for the account, or take it out of the regions that are read")}
		default:
			c := failed(AboutRegion, region, err, "")
			if fault.ClassOf(err) == fault.Unreachable { // others did answer
				c.Outcome = Missing
			}
			return []Check{c}
		}
	})
	for i := range checks {
		if checks[i].Outcome == OK {
			for _, r := range checks[i].Regions {
				answered[r] = true
			}
		}
	}
	d.add(checks...)
	return slices.DeleteFunc(want, func(r string) bool { return !answered[r] })
}

// trails looks for a trail where events are waited for, and for the logs of one
// where they are read.
func (d *doctor) trails(ctx context.Context, regions []string) {
	if d.wakes() {
		d.add(each(regions, func(region string) []Check { return []Check{d.trail(ctx, region)} })...)
	}
	if c := d.Set.Settings.Creators; c != nil && d.uses("cloudtrail:LookupEvents") {
		name := "s3://" + c.Bucket + "/" + c.Prefix
		d.add(each(regions, func(region string) []Check {
			err := d.Account.Archived(ctx, c.Bucket, c.Prefix, cmp.Or(c.Region, d.Region), d.place(region))
			if err != nil {
				return []Check{failed(AboutArchive, name, err, "")}
			}
			return []Check{{Outcome: OK, What: AboutArchive, Name: name, Found: "there are logs of the account"}}
		})...)
	}
}

// wakes says whether a policy waits for events that CloudTrail hands on. Changes
// of state and of tags come without a trail.
func (d *doctor) wakes() bool {
	for _, p := range d.Set.Policies {
		if p.Wakes.Created || len(p.Wakes.Calls) > 0 {
			return true
		}
	}
	return false
}

// makeTrail is what there is to do without a trail.
const makeTrail = "make one that records management events of all regions: aws cloudtrail create-trail --is-multi-region-trail, then start-logging; " +
	"EventBridge hears of calls only by a trail that logs"

func (d *doctor) trail(ctx context.Context, region string) Check {
	ts, err := d.Account.Trails(ctx, region)
	if err != nil {
		return failed(AboutTrail, "", err, "")
	}
	var errs []error
	found := "there is no trail"
	for _, t := range ts {
		switch {
		case t.Err != nil:
			errs = append(errs, t.Err)
		case t.Logging && t.Changes:
			return Check{Outcome: OK, What: AboutTrail, Name: t.ARN, Found: "it logs what is changed"}
		case t.Logging:
			found = t.ARN + " logs, but not the management events that change something"
		default:
			found = t.ARN + " does not log"
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Check{Outcome: Unknown, What: AboutTrail, Found: err.Error(), Do: fault.HintOf(errs[0])}
	}
	return Check{Outcome: Missing, What: AboutTrail, Found: found, Do: makeTrail}
}
