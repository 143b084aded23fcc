package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// daily is when policies without a schedule are swept: events are delivered as
// best EventBridge can, and what was lost is found so.
const daily = "rate(1 day)"

// maxInput is how many bytes a schedule can hand over: the payload of
// EventBridge Scheduler, 256 KB ("Quotas for EventBridge Scheduler").
const maxInput = 256 << 10

// schedules makes one schedule of each expression, for all policies that have
// it: sweeps exclude each other.
func (d *Deployment) schedules(set *policy.Set) error {
	var order []string
	of := map[string][]string{}
	for _, p := range set.Policies {
		when := p.Schedule
		switch {
		case when != "":
			when = strings.Join(strings.Fields(when), " ")
		case p.NoSweep:
			continue
		default:
			when = daily
		}
		if !slices.Contains(order, when) {
			order = append(order, when)
		}
		of[when] = append(of[when], p.Name)
	}
	slices.Sort(order)
	for _, when := range order {
		input, err := trigger.ScheduleInput(of[when])
		if err != nil {
			return fmt.Errorf("writing the input of a schedule: %w", err)
		}
		if len(input) > maxInput {
			return fmt.Errorf("the names of the policies with the schedule %s have %d bytes, and a schedule takes %d: give some of them another", when, len(input), maxInput)
		}
		d.Schedules = append(d.Schedules, Schedule{Expression: when, Zone: set.Settings.Zone.String(), Policies: of[when], Input: string(input)})
	}
	return nil
}

// delayMost is how long SQS holds a message back ("Amazon SQS message timers").
const delayMost = 15 * time.Minute

// waits says whether events wait, and whether some do for longer than in the
// queue.
func (d *Deployment) waits(set *policy.Set) {
	for _, p := range set.Policies {
		d.Waits = d.Waits || p.Settle > 0
		d.WaitsLong = d.WaitsLong || p.Settle > delayMost
	}
}
