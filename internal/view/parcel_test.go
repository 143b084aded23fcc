package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

func TestAnItemComesOutOfTheLedgerAsItWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		line := rapid.Custom(func(t *rapid.T) view.Line {
			return view.Line{
				Action: rapid.SampledFrom(action.All()).Draw(t, "action"),
				State:  rapid.SampledFrom([]plan.State{plan.Done, plan.Failed, plan.Held, plan.Waiting}).Draw(t, "state"),
				At:     time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 0).UTC(),
				Reason: text.Draw(t, "reason"), Hint: text.Draw(t, "hint"), RequestID: text.Draw(t, "request"),
				After: time.Duration(rapid.Int64().Draw(t, "after")),
			}
		})
		want := view.Routed{
			Channel: text.Draw(t, "channel"), Address: text.Draw(t, "address"), Policy: text.Draw(t, "policy"), Step: text.Draw(t, "step"),
			Keys: rapid.SliceOfN(text, 1, 4).Draw(t, "keys"),
			Item: view.Item{
				Kind: plan.NewViolation, Mode: policy.Enforce, Status: eval.Violating, Owner: text.Draw(t, "owner"),
				Resource: instance(text.Draw(t, "id")), Results: rapid.SliceOfN(line, 1, 3).Draw(t, "results"),
			},
		}
		b, err := view.Pack(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := view.Unpack(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestAParcelThatIsNoneIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, parcel, want string }{
		{"no JSON", `{`, "unpacking news: "},
		{"a newer version", `{"version":2}`, "it has version 2, this tagwarden reads 1"},
		{"an unknown action", `{"version":1,"item":{"results":[{"action":"explode"}]}}`, `"explode" is none`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := view.Unpack([]byte(tt.parcel)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := view.Pack(view.Routed{Item: view.Item{Results: []view.Line{{}}}}); err == nil {
		t.Error("an item with a line that is no action was packed")
	}
}
