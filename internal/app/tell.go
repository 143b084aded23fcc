package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/view"
)

// hush takes the news from findings whose instance was stopped or stopping
// already, where no ledger remembers who was told: the run that stopped it has
// told people, and this one saw the same event or instance again.
func (a *App) hush(p *plan.Plan) {
	if !a.o.Set.Settings.Ledger.None {
		return
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		if !slices.ContainsFunc(f.Actions, func(x plan.Action) bool { return x.Action == action.Stop && x.Code == reason.Already }) {
			continue
		}
		for j := range f.Actions {
			if f.Actions[j].Action == action.Notify {
				f.Actions[j].News = nil
			}
		}
	}
}

// target is who a digest goes to.
type target struct{ channel, address string }

// tell sends one digest to every channel and owner that something is to be
// told, and records what was accepted. Results that were not accepted are kept
// for the next run; violations are found again by it.
func (r *run) tell(ctx, steady context.Context) {
	turns := r.turns()
	defer func() { r.trouble("the ledger", turns.end(steady, false)) }()
	own := view.Route(r.plan)
	routed := append(r.parcels(steady, turns), own...)
	r.post(steady, turns, own)
	info := view.Info{Run: r.plan.Run, At: r.now, Name: r.plan.Name, Account: r.plan.Account, Known: view.Known(r.plan)}
	digests := view.Compose(info, r.app.o.Set, routed, r.plan.Unread)
	r.report.Deliveries = r.app.o.Notifier.Send(ctx, digests)
	sent := map[target]notify.Delivery{}
	for _, d := range r.report.Deliveries {
		sent[target{d.Channel, d.Address}] = d
		if d.Err == nil {
			r.app.o.Log.Info("told", "channel", d.Channel, "address", d.Address, "id", d.ID)
		} else {
			r.app.o.Log.Error("not told", "channel", d.Channel, "error", d.Err)
		}
	}
	r.told(routed, sent)
	r.forget(steady, routed, sent)
	r.noticeStates(routed, sent)
}

// told records in the cases what was accepted.
func (r *run) told(routed []view.Routed, sent map[target]notify.Delivery) {
	r.heard = map[cases.Key]bool{}
	for _, one := range routed {
		if one.Parcel != 0 || !sent[target{one.Channel, one.Address}].Accepted {
			continue
		}
		key := cases.Key{Policy: one.Policy, ARN: one.Item.Resource.ARN}
		r.heard[key] = true
		c := r.touch(key)
		if c == nil || len(one.Keys) == 0 {
			continue
		}
		if c.Told == nil {
			c.Told = map[string]time.Time{}
		}
		for _, k := range one.Keys {
			c.Told[k] = r.now
		}
	}
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		p := r.app.o.Set.Policy(f.Policy)
		switch {
		case f.Status == eval.Unknown:
			if c := r.touch(keyOf(f)); c != nil && repaired(f) {
				c.Mended()
			}
		case r.accepted(f):
			r.announced(f)
		case p != nil && !p.Notifies():
			if c := r.touch(keyOf(f)); c != nil && c.Open() {
				r.deadlines(c, f)
			}
		}
	}
}

// parcels are the results of earlier runs that no channel has accepted yet.
// One for a channel that the policy file no longer has can be told to nobody:
// that is reported, once.
func (r *run) parcels(ctx context.Context, turns *claims) []view.Routed {
	ps, err := turns.left(ctx)
	r.trouble("the ledger", err)
	var out []view.Routed
	var lost []int64
	for _, p := range ps {
		one, err := view.Unpack(p.Item)
		if err == nil && r.app.o.Set.Channels[one.Channel] == nil {
			err = fmt.Errorf("what was done to %s cannot be told: the policy file no longer has channel %s", one.Item.Resource.ID, one.Channel)
			lost = append(lost, p.ID)
		}
		if err != nil {
			r.trouble("a result of run "+p.Run, err)
			continue
		}
		one.Parcel = p.ID
		out = append(out, one)
	}
	if len(lost) > 0 {
		r.trouble("the ledger", r.app.o.Ledger.Delivered(ctx, r.session.scope, lost))
	}
	return out
}

// post keeps this run's results before anything is sent: what was done is not
// found again, so that it must outlast a run that dies while it tells people.
func (r *run) post(ctx context.Context, turns *claims, own []view.Routed) {
	var post []record.Parcel
	for _, one := range own {
		if !hasResults(&one.Item) {
			continue
		}
		one.Keys = nil
		one.Item.Kind, one.Item.Next = plan.ResultNews, nil
		b, err := view.Pack(one)
		if err != nil {
			r.trouble(one.Item.Resource.ARN, err)
			continue
		}
		post = append(post, record.Parcel{Channel: one.Channel, Address: one.Address, Run: r.plan.Run, At: r.now,
			Policy: one.Policy, Step: one.Step, Item: b})
	}
	if len(post) > 0 {
		_, err := turns.telling(ctx, r.plan.Run)
		r.trouble("the ledger", errors.Join(err, r.app.o.Ledger.Post(ctx, r.session.scope, post)))
	}
}

// forget drops the parcels that were told: those of earlier runs that went into
// a digest, and this run's own.
func (r *run) forget(ctx context.Context, routed []view.Routed, sent map[target]notify.Delivery) {
	told := map[int64]bool{}
	for _, one := range routed {
		told[one.Parcel] = true
	}
	ps, err := r.app.o.Ledger.Parcels(ctx, r.session.scope)
	r.trouble("the ledger", err)
	var delivered []int64
	for _, p := range ps {
		if (told[p.ID] || p.Run == r.plan.Run) && sent[target{p.Channel, p.Address}].Accepted {
			delivered = append(delivered, p.ID)
		}
	}
	if len(delivered) > 0 {
		r.trouble("the ledger", r.app.o.Ledger.Delivered(ctx, r.session.scope, delivered))
	}
}

// hasResults says whether something was done that will not be found again.
func hasResults(it *view.Item) bool {
	for _, l := range it.Results {
		if l.State == plan.Done {
			return true
		}
	}
	return false
}

// noticeStates writes into the plan's notices how they ended.
func (r *run) noticeStates(routed []view.Routed, sent map[target]notify.Delivery) {
	type notice struct{ policy, arn, step string }
	had := map[notice]bool{} // something to tell
	for _, one := range routed {
		if one.Parcel == 0 {
			had[notice{one.Policy, one.Item.Resource.ARN, one.Step}] = true
		}
	}
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.Action != action.Notify || a.State != plan.Planned {
				continue
			}
			d := sent[target{a.To, a.Address}]
			switch {
			case !had[notice{f.Policy, f.Resource.ARN, a.Step}]:
				a.State, a.Code, a.Reason = plan.Skipped, reason.NothingToTell, "there was nothing to tell"
			case d.Accepted:
				a.State, a.At, a.RequestID = plan.Done, r.now, d.ID
			default:
				a.State, a.Code, a.Reason = plan.Failed, reason.NoticeUndelivered, fmt.Sprint(d.Err)
			}
		}
	}
}
