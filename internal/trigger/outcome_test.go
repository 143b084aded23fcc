package trigger_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

func aStop() trigger.OutcomeDetail {
	return trigger.OutcomeDetail{Name: "central", Run: "r-1", Policy: "p", Action: "stop", Step: "stop", State: "done", Reason: "it is untagged",
		Resource: instance.ARN, ResourceID: instance.ID, ResourceType: instance.Type, Account: instance.Account, Region: instance.Region, At: ten, RequestID: "req-1"}
}

// published is the event that EventBridge makes of an outcome, on a bus in
// another region than the resource.
func published(t interface{ Fatal(...any) }, id string, o trigger.OutcomeDetail) *trigger.Request {
	b, err := o.JSON()
	if err != nil {
		t.Fatal(err)
	}
	payload := fmt.Sprintf(`{"id":%q,"detail-type":%q,"source":%q,"account":"111122223333","time":"2026-11-02T10:00:00Z","region":"us-east-1","resources":[],"detail":%s}`,
		id, trigger.OutcomeKind, trigger.OutcomeSource, b)
	got, err := trigger.Read([]byte(payload))
	if err != nil || len(got.Messages) != 1 || got.Messages[0].Request == nil {
		t.Fatal(got, err)
	}
	return got.Messages[0].Request
}

func TestAnOutcomeIsReadBackAndKnownHoweverOftenItIsPublished(t *testing.T) {
	one, two := published(t, "e-1", aStop()), published(t, "e-2", aStop())
	if one.ID != two.ID || one.ID == "" || one.ID == "e-1" {
		t.Errorf("published twice it is %q and %q", one.ID, two.ID)
	}
	want := &trigger.Request{Cause: trigger.Outcome, ID: one.ID, Time: ten, Account: home.Account, Region: "us-east-1", Refs: []resource.Ref{instance},
		Name: trigger.OutcomeKind, Source: trigger.OutcomeSource, Done: &trigger.Done{Name: "central", Policy: "p", Action: "stop", State: "done", Run: "r-1"}, Sender: "111122223333"}
	if diff := cmp.Diff(want, one, withoutRaw); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	other := aStop()
	other.Run = "r-2"
	if published(t, "e-1", other).ID == one.ID {
		t.Error("another run's is the same")
	}
}

// ARNs of images have no account, those of buckets no region.
func TestAnOutcomeSaysWhereItsResourceIs(t *testing.T) {
	for _, ref := range []resource.Ref{snapshot, instance,
		{ID: "logs", ARN: "arn:aws:s3:::logs", Type: "s3:bucket", Account: home.Account, Region: "ap-south-1"}} {
		o := aStop()
		o.Resource, o.ResourceID, o.ResourceType, o.Account, o.Region = ref.ARN, ref.ID, ref.Type, ref.Account, ref.Region
		if diff := cmp.Diff([]resource.Ref{ref}, published(t, "e-1", o).Refs); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestWhatDoesNotFitIsLeftOutAndSaid(t *testing.T) {
	long := strings.Repeat("é", 2000)
	many := tag.Set{}
	for i := range 3000 {
		many[fmt.Sprint("key-", i)] = strings.Repeat("v", 100)
	}
	for name, tt := range map[string]struct {
		change func(*trigger.OutcomeDetail)
		want   []string
	}{
		"nothing":  {func(*trigger.OutcomeDetail) {}, nil},
		"a reason": {func(o *trigger.OutcomeDetail) { o.Reason = long }, []string{"reason"}},
		"tags":     {func(o *trigger.OutcomeDetail) { o.Tags = many }, []string{"tags"}},
		"all":      {func(o *trigger.OutcomeDetail) { o.Reason, o.Hint, o.Tags, o.Keys = long, long, many, []string{"k"} }, []string{"reason", "hint", "tags", "keys"}},
	} {
		o := aStop()
		tt.change(&o)
		b, err := o.JSON()
		if err != nil || len(b) > trigger.MaxDetail {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		var got trigger.OutcomeDetail
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got.Truncated); diff != "" || len([]rune(got.Reason)) > 1000 {
			t.Errorf("%s: %d characters of reason (-want +got)\n%s", name, len([]rune(got.Reason)), diff)
		}
	}
	o := aStop()
	o.Resource = strings.Repeat("x", trigger.MaxDetail)
	if _, err := o.JSON(); err == nil {
		t.Error("what cannot be cut has no error")
	}
}

func TestEveryOutcomeFitsAndIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := aStop()
		o.Policy, o.Run = rapid.StringMatching(`[a-z]{1,9}`).Draw(t, "policy"), rapid.String().Draw(t, "run")
		o.Reason, o.Code = rapid.String().Draw(t, "reason"), rapid.String().Draw(t, "code")
		o.Tags = rapid.MapOf(rapid.String(), rapid.StringN(0, -1, 9000)).Draw(t, "tags")
		o.Keys = rapid.SliceOf(rapid.String()).Draw(t, "keys")
		b, err := o.JSON()
		if err != nil || len(b) > trigger.MaxDetail {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		got := published(t, "e-1", o)
		if got.Done.Policy != o.Policy || len(got.Refs) != 1 || got.Refs[0] != instance {
			t.Fatalf("%+v", got)
		}
	})
}
