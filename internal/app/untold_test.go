package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/view"
)

// unreachable is a Notifier that cannot reach its channels for a while.
type unreachable struct {
	*post
	left int
}

func (u *unreachable) Send(ctx context.Context, ds []view.Digest) []notify.Delivery {
	if u.left == 0 || len(ds) == 0 {
		return u.post.Send(ctx, ds)
	}
	u.left--
	var out []notify.Delivery
	for _, d := range ds {
		out = append(out, notify.Delivery{Channel: d.Channel, Address: d.Address, Err: &fault.Error{Class: fault.Throttled, Err: errors.New("slow down")}})
	}
	return out
}

func TestANoticeThatFailsForAPassingReasonIsSentWhenTheEventComesAgain(t *testing.T) {
	for name, file := range map[string]string{"a violation": strings.Replace(unexcepted, "      - stop\n", "", 1), "a result": unexcepted} {
		w := newWorld(t, file)
		id := w.launch("i-00000000000000001", time.Hour, nil)
		u := &unreachable{w.post, 1}
		handle := func() *app.Handling {
			a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: u, Region: region})
			h, _, err := a.Handle(t.Context(), w.event(running(id)))
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		if h := handle(); h.Done() {
			t.Errorf("%s: it counts as done", name)
		}
		if handle(); len(w.post.sent) != 1 {
			t.Errorf("%s: told %d times", name, len(w.post.sent))
		}
		if handle(); len(w.post.sent) != 1 {
			t.Errorf("%s: told %d times", name, len(w.post.sent))
		}
	}
}
