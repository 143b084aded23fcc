package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// defaultBus is the one that every account has in every region.
const defaultBus = "default"

// errNoSystems is for whoever assembles an App.
var errNoSystems = errors.New("there is nothing to publish outcomes with")

// publish puts what became of the run's steps on the bus of the policy file:
// everything where the settings name one, else what policies follow. Nothing is
// published twice for being found again, and nothing later for not having been
// taken: who must not miss anything looks at the account, as the daily sweep of
// a policy does.
func (r *run) publish(ctx context.Context) {
	es := r.outcomes()
	if len(es) == 0 {
		return
	}
	bus := cmp.Or(r.app.o.Set.Settings.Outcomes, defaultBus)
	if r.app.o.Systems == nil {
		r.trouble("bus "+bus, errNoSystems)
		return
	}
	failed := slices.DeleteFunc(r.app.o.Systems.Announce(ctx, bus, es), func(err error) bool { return err == nil })
	r.app.o.Log.Info("published", "bus", bus, "outcomes", len(es)-len(failed), "failed", len(failed))
	if len(failed) > 0 {
		r.trouble("bus "+bus, fmt.Errorf("publishing %d of %d outcomes: %w", len(failed), len(es), failed[0]))
	}
}

// outcomes are the events of what became of the run's steps.
func (r *run) outcomes() []notify.Event {
	var es []notify.Event
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if !r.published(f, a) {
				continue
			}
			detail, err := r.outcomeOf(f, a).JSON()
			if err != nil {
				r.trouble(f.Resource.ARN, err)
				continue
			}
			es = append(es, notify.Event{Source: trigger.OutcomeSource, Kind: trigger.OutcomeKind, Time: r.now,
				Resources: []string{f.Resource.ARN}, Detail: string(detail)})
		}
	}
	return es
}

// published says whether what became of an action is told to other systems.
func (r *run) published(f *plan.Finding, a *plan.Action) bool {
	if a.Action == action.Mark || a.Action == action.Unmark {
		return false
	}
	switch a.State {
	case plan.Done:
		return r.app.o.Set.Settings.Outcomes != "" || r.app.o.Set.Followed(policy.OutcomeOf{Policy: f.Policy, Action: a.Action})
	case plan.Failed, plan.Held:
		return r.app.o.Set.Settings.Outcomes != ""
	default:
		return false
	}
}

func (r *run) outcomeOf(f *plan.Finding, a *plan.Action) trigger.OutcomeDetail {
	return trigger.OutcomeDetail{
		Name: r.plan.Name, Run: r.plan.Run, Policy: f.Policy, Action: a.Action.String(), Step: a.Step, State: string(a.State),
		Code: a.Code, Reason: a.Reason, Hint: a.Hint, Channel: a.To,
		Resource: f.Resource.ARN, ResourceID: f.Resource.ID, ResourceType: f.Resource.Type, Account: f.Resource.Account, Region: f.Resource.Region,
		At: r.now, RequestID: a.RequestID, Tags: a.Tags, Keys: a.Keys,
	}
}
