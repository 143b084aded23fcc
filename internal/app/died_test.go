package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/record"
)

// killed is an actor of a process that ends right after a call.
type killed struct {
	execute.Actor
	after func()
}

func (d *killed) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	a, err := d.Actor.Do(ctx, c)
	d.after()
	return a, err
}

func TestAStopWhoseRunDiedIsToldByTheNextDelivery(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	func() {
		defer func() { _ = recover() }()
		a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: &killed{w.aws, func() { panic("killed") }}, Trail: w.aws, Ledger: deaf{w.ledger}, Notifier: w.post, Region: region})
		_, _, _ = a.Handle(t.Context(), w.event(running(id)))
	}()
	w.aws.Clock().Advance(20 * time.Minute)
	w.happens(running(id))
	if len(w.post.sent) != 1 || w.aws.Calls()["ec2:StopInstances"] != 1 {
		t.Errorf("%d digests, %d stops", len(w.post.sent), w.aws.Calls()["ec2:StopInstances"])
	}
}

// deaf is the ledger of a process that was killed: nothing is concluded.
type deaf struct{ record.Ledger }

func (deaf) Conclude(context.Context, record.Scope, string, string, bool, time.Time) error {
	return nil
}
func (deaf) End(context.Context, record.Scope, string, time.Time) error { return nil }
