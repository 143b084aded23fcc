package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/view"
)

// target is who a digest goes to.
type target struct{ channel, address string }

// tell sends one digest to every channel and owner that something is to be
// told, and records what was accepted. Results that were not accepted are kept
// for the next run; violations are found again by it.
func (r *run) tell(ctx, steady context.Context) {
	routed := view.Route(r.plan)
	routed = append(routed, r.parcels(steady)...)
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
	r.parcel(steady, routed, sent)
	r.noticeStates(sent)
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
		p, ok := r.app.policy(f.Policy)
		switch {
		case r.accepted(f):
			r.announced(f)
		case ok && !p.Notifies():
			if c := r.touch(keyOf(f)); c != nil && c.Open() {
				r.deadlines(c, f)
			}
		}
	}
}

// parcels are the results of earlier runs that no channel has accepted yet.
func (r *run) parcels(ctx context.Context) []view.Routed {
	ps, err := r.app.o.Ledger.Parcels(ctx, r.session.scope)
	r.trouble("the ledger", err)
	var out []view.Routed
	for _, p := range ps {
		one, err := view.Unpack(p.Item)
		if err != nil {
			r.trouble("a result of run "+p.Run, err)
			continue
		}
		one.Parcel = p.ID
		out = append(out, one)
	}
	return out
}

// parcel keeps what was done and could not be told, and forgets what now was.
func (r *run) parcel(ctx context.Context, routed []view.Routed, sent map[target]notify.Delivery) {
	var post []record.Parcel
	var delivered []int64
	for _, one := range routed {
		ok := sent[target{one.Channel, one.Address}].Accepted
		switch {
		case ok && one.Parcel != 0:
			delivered = append(delivered, one.Parcel)
		case !ok && one.Parcel == 0 && hasResults(&one.Item):
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
	}
	if len(post) > 0 {
		r.trouble("the ledger", r.app.o.Ledger.Post(ctx, r.session.scope, post))
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
func (r *run) noticeStates(sent map[target]notify.Delivery) {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.Action != action.Notify || a.State != plan.Planned {
				continue
			}
			d, ok := sent[target{a.To, a.Address}]
			switch {
			case !ok:
				a.State, a.Code, a.Reason = plan.Skipped, reason.NothingToTell, "there was nothing to tell"
			case d.Accepted:
				a.State, a.At, a.RequestID = plan.Done, r.now, d.ID
			default:
				a.State, a.Code, a.Reason = plan.Failed, reason.NoticeUndelivered, fmt.Sprint(d.Err)
			}
		}
	}
}
