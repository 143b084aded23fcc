package contract

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

func finishTwice(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	one := intents(stops, 1)[0]
	must(t, l.Intend(ctx, scope, "r", []record.Intent{one}, noon))
	same(t, "history of an intent", []record.Entry{outcome("r", one, plan.Planned, noon)}, get(l.History(ctx, scope, "", "", 10))(t))
	failed := outcome("r", one, plan.Failed, noon.Add(time.Second))
	failed.Reason, failed.RequestID = "it refused", "req-1"
	failed.Before = json.RawMessage(`{"half": "done"}`)
	done := outcome("r", one, plan.Done, noon.Add(2*time.Second))
	for _, es := range [][]record.Entry{{failed}, {failed}, {failed, done}, {done}} {
		must(t, l.Finish(ctx, scope, es))
		same(t, "history", es[len(es)-1:], get(l.History(ctx, scope, "", "", 10))(t))
	}
	uses(t, l, map[record.LimitKey]int{stops: 1})
}

func finishAlone(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	skipped := outcome("r", intents(stops, 1)[0], plan.Skipped, noon)
	skipped.Reason = "it is compliant now"
	must(t, l.Finish(ctx, scope, []record.Entry{skipped}))
	must(t, l.Finish(ctx, scope, nil))
	same(t, "history", []record.Entry{skipped}, get(l.History(ctx, scope, "", "", 10))(t))
	uses(t, l, nil)
}

func historyRoundTrip(t *testing.T, l record.Ledger) {
	want := []record.Entry{full[record.Entry]()}
	for i, s := range hostile() {
		e := want[0]
		e.Run, e.Policy, e.ARN, e.Step, e.Reason, e.RequestID = "r"+s, "p"+s, "arn:"+s, s, s, s
		e.At = want[0].At.Add(-time.Duration(i + 1)) // newest first
		before, err := json.Marshal(map[string]string{s: s})
		must(t, err)
		e.Before = before
		want = append(want, e)
	}
	must(t, l.Finish(t.Context(), scope, want))
	same(t, "history", want, get(l.History(t.Context(), scope, "", "", 1000))(t))
	for _, e := range want {
		same(t, "history of a run", []record.Entry{e}, get(l.History(t.Context(), scope, "", e.Run, 10))(t))
		same(t, "history of a resource", []record.Entry{e}, get(l.History(t.Context(), scope, e.ARN, "", 10))(t))
	}
}

func historyOrder(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	var newest []record.Entry // six, of two runs on three resources
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		e := record.Entry{
			Run: fmt.Sprint("run", i%2), ARN: fmt.Sprint("arn:", i%3), At: noon.Add(time.Duration(i) * time.Minute),
			Policy: "p", Action: stops.Action, State: plan.Done,
		}
		must(t, l.Finish(ctx, scope, []record.Entry{e}))
	}
	for i := 5; i >= 0; i-- {
		newest = append(newest, record.Entry{
			Run: fmt.Sprint("run", i%2), ARN: fmt.Sprint("arn:", i%3), At: noon.Add(time.Duration(i) * time.Minute),
			Policy: "p", Action: stops.Action, State: plan.Done,
		})
	}
	for _, test := range []struct {
		name, arn, run string
		limit          int
		want           []int // indices of newest
	}{
		{"all", "", "", 100, []int{0, 1, 2, 3, 4, 5}},
		{"the newest two", "", "", 2, []int{0, 1}},
		{"none", "", "", 0, nil},
		{"less than none", "", "", -1, nil},
		{"of a run", "", "run1", 100, []int{0, 2, 4}},
		{"the newest of a run", "", "run0", 1, []int{1}},
		{"of a resource", "arn:0", "", 100, []int{2, 5}},
		{"of both", "arn:0", "run1", 100, []int{2}},
		{"of no resource", "arn:9", "", 100, nil},
		{"of part of a name", "arn:", "", 100, nil},
		{"of a pattern", "%", "", 100, nil},
	} {
		var want []record.Entry
		for _, i := range test.want {
			want = append(want, newest[i])
		}
		same(t, test.name, want, get(l.History(ctx, scope, test.arn, test.run, test.limit))(t))
	}
}
