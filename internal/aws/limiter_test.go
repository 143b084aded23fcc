package aws

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/internal/need"
)

func TestABurstPassesAtOnceAndTheNextCallWaitsForItsToken(t *testing.T) {
	for call, p := range published {
		t.Run(call.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, start := newLimiter(), time.Now()
				for range p.requests.size {
					if err := l.take(t.Context(), "eu-west-1", call, 0); err != nil {
						t.Fatal(err)
					}
				}
				if waited := time.Since(start); waited != 0 {
					t.Fatalf("a burst of %d waited %s", p.requests.size, waited)
				}
				if err := l.take(t.Context(), "us-east-1", call, 0); err != nil || time.Since(start) != 0 {
					t.Errorf("another region waited %s, %v", time.Since(start), err)
				}
				if err := l.take(t.Context(), "eu-west-1", call, 0); err != nil {
					t.Fatal(err)
				}
				if waited, want := time.Since(start), every(p.requests.rate); waited != want {
					t.Errorf("one more waited %s, want %s", waited, want)
				}
			})
		})
	}
}

func every(r rate.Limit) time.Duration { return time.Duration(float64(time.Second) / float64(r)) }

func TestResourcesTakeTokensToo(t *testing.T) {
	for call, want := range map[need.Call]time.Duration{
		callStop: 25 * time.Second, callTerminate: 25 * time.Second, callStart: 250 * time.Second, callCreateTags: 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			l, start := newLimiter(), time.Now()
			for _, n := range []int{1000, 500} {
				if err := l.take(t.Context(), "eu-west-1", call, n); err != nil {
					t.Fatal(err)
				}
			}
			if waited := time.Since(start); waited != want {
				t.Errorf("%s: 1500 resources waited %s, want %s", call, waited, want)
			}
		})
	}
}

func TestAWaitBeyondTheDeadlineFailsWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		if err := l.take(t.Context(), "eu-west-1", callStart, 1000); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := l.take(ctx, "eu-west-1", callStart, 1000)
		if _, ok := errors.AsType[*rateError](err); !ok || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestACancelledWaitSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newLimiter().take(ctx, "eu-west-1", callStop, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestACallWithoutAPublishedRateIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(), time.Now()
		for range 1000 {
			if err := l.take(t.Context(), "eu-west-1", callIdentity, 0); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(start) != 0 {
			t.Error("it waited")
		}
	})
}

// Each call is limited to what the table says only if the SDK names it so.
func TestEveryEC2CallHasAPublishedRate(t *testing.T) {
	for _, call := range []need.Call{callRegions, callInstances, callAttribute, callSpot, callVpcs, callStop, callStart, callTerminate, callCreateTags, callDeleteTags} {
		if _, ok := published[call]; !ok {
			t.Errorf("%s has none", call)
		}
	}
}
