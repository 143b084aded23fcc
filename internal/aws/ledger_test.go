package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// ledgerOver is a ledger's table whose calls a function answers.
func ledgerOver(t *testing.T, answer func(n int, r request) reply) (*LedgerTable, *standIn) {
	t.Helper()
	s, in := open(t, answer)
	table, err := s.LedgerTable("ledger")
	if err != nil {
		t.Fatal(err)
	}
	return table, in
}

// asked reads a request of DynamoDB's.
func asked[T any](t *testing.T, r request) (in T) {
	t.Helper()
	if err := json.Unmarshal(r.body, &in); err != nil {
		t.Errorf("reading a request: %v\n%s", err, r.body)
	}
	return in
}

// ledgerError is a failure as DynamoDB writes it, with what else it says.
func ledgerError(code, more string) reply {
	return reply{status: 400, body: fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#%s", "message": "it did not work"%s}`, code, more)}
}

func keysOf(n int) []dynamo.Key {
	keys := make([]dynamo.Key, n)
	for i := range keys {
		keys[i] = dynamo.Key{PK: "p", SK: fmt.Sprintf("%04d", i)}
	}
	return keys
}

// A busy DynamoDB takes ten items of each call and leaves the rest.
func TestWhatDynamoDBLeavesUndoneIsAskedForAgain(t *testing.T) {
	isolate(t)
	const took = 10
	type wireKey map[string]map[string]string
	synctest.Test(t, func(t *testing.T) {
		var got []string
		table, _ := ledgerOver(t, func(_ int, r request) reply {
			in := asked[struct {
				RequestItems map[string]struct {
					ConsistentRead bool
					Keys           []wireKey
				}
			}](t, r).RequestItems["ledger"]
			if len(in.Keys) > 100 || !in.ConsistentRead {
				t.Errorf("%d keys, consistent: %t", len(in.Keys), in.ConsistentRead)
			}
			n := min(took, len(in.Keys))
			done, err1 := json.Marshal(in.Keys[:n])
			left, err2 := json.Marshal(in.Keys[n:])
			if err := errors.Join(err1, err2); err != nil {
				t.Error(err)
			}
			unprocessed := ""
			if n < len(in.Keys) {
				unprocessed = fmt.Sprintf(`, "UnprocessedKeys": {"ledger": {"Keys": %s}}`, left)
			}
			return reply{body: fmt.Sprintf(`{"Responses": {"ledger": %s}%s}`, done, unprocessed)}
		})
		items, err := table.Get(t.Context(), keysOf(230))
		for _, i := range items {
			got = append(got, i.Key().SK)
		}
		slices.Sort(got)
		if len(slices.Compact(got)) != 230 || err != nil {
			t.Errorf("%d items, %v", len(got), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		written := map[string]int{}
		table, _ := ledgerOver(t, func(_ int, r request) reply {
			in := asked[struct {
				RequestItems map[string][]struct{ DeleteRequest struct{ Key wireKey } }
			}](t, r).RequestItems["ledger"]
			n := min(took, len(in))
			if len(in) > 25 {
				t.Errorf("%d writes in one call", len(in))
			}
			for _, w := range in[:n] {
				written[w.DeleteRequest.Key["sk"]["S"]]++
			}
			left, err := json.Marshal(in[n:])
			if err != nil {
				t.Error(err)
			}
			if n == len(in) {
				return reply{body: `{}`}
			}
			return reply{body: fmt.Sprintf(`{"UnprocessedItems": {"ledger": %s}}`, left)}
		})
		if err := table.Delete(t.Context(), keysOf(60)); err != nil || len(written) != 60 {
			t.Errorf("%d items, %v", len(written), err)
		}
	})
}

func TestADynamoDBThatTakesNothingIsThrottling(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		table, in := ledgerOver(t, func(_ int, r request) reply {
			return reply{body: fmt.Sprintf(`{"UnprocessedItems": %s}`, asked[struct{ RequestItems json.RawMessage }](t, r).RequestItems)}
		})
		err := table.Delete(t.Context(), keysOf(3))
		if fault.ClassOf(err) != fault.Throttled || len(in.requests) < 5 {
			t.Errorf("after %d requests: %v", len(in.requests), err)
		}
	})
}

func TestEveryPageOfAQueryIsRead(t *testing.T) {
	isolate(t)
	page := func(last string, sks ...string) reply {
		var items []string
		for _, sk := range sks {
			items = append(items, fmt.Sprintf(`{"pk": {"S": "p"}, "sk": {"S": %q}, "n": {"N": "7"}}`, sk))
		}
		more := ""
		if last != "" {
			more = fmt.Sprintf(`, "LastEvaluatedKey": {"sk": {"S": %q}}`, last)
		}
		return reply{body: fmt.Sprintf(`{"Items": [%s]%s}`, strings.Join(items, ","), more)}
	}
	var starts []string
	table, _ := ledgerOver(t, func(n int, r request) reply {
		in := asked[struct {
			ConsistentRead, ScanIndexForward bool
			ExclusiveStartKey                map[string]map[string]string
			KeyConditionExpression           string
		}](t, r)
		if !in.ConsistentRead || !in.ScanIndexForward || in.KeyConditionExpression != "#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2" {
			t.Errorf("asked for %+v", in)
		}
		starts = append(starts, in.ExclusiveStartKey["sk"]["S"])
		return []reply{page("a", "a"), page("b"), page("", "c")}[n-1] // an empty one is not the last
	})
	items, err := table.Query(t.Context(), dynamo.Query{PK: "p", From: "a", To: "z"})
	if err != nil || len(items) != 2 || items[1]["n"] != int64(7) {
		t.Errorf("read %v, %v", items, err)
	}
	if diff := cmp.Diff([]string{"", "a", "b"}, starts); diff != "" {
		t.Error(diff)
	}
}

func TestWhyATransactionWasCancelled(t *testing.T) {
	isolate(t)
	none := `{"Code": "None"}`
	reasons := func(rs ...string) string { return `, "CancellationReasons": [` + strings.Join(rs, ",") + `]` }
	reason := func(code string) string { return fmt.Sprintf(`{"Code": %q, "Message": "because"}`, code) }
	tests := map[string]struct {
		code, more string
		condition  int // which does not hold, counted from 1
		conflict   bool
		class      fault.Class
	}{
		"a condition":                  {code: "TransactionCanceledException", more: reasons(none, reason("ConditionalCheckFailed")), condition: 2},
		"a condition and another's":    {code: "TransactionCanceledException", more: reasons(reason("TransactionConflict"), reason("ConditionalCheckFailed")), condition: 2},
		"another transaction":          {code: "TransactionCanceledException", more: reasons(none, reason("TransactionConflict")), conflict: true},
		"one with the same token":      {code: "TransactionInProgressException", conflict: true},
		"a rate":                       {code: "TransactionCanceledException", more: reasons(reason("ThrottlingError")), class: fault.Throttled},
		"a rate of the table":          {code: "TransactionCanceledException", more: reasons(none, reason("ProvisionedThroughputExceeded")), class: fault.Throttled},
		"an item that is refused":      {code: "TransactionCanceledException", more: reasons(reason("ValidationError")), class: fault.Invalid},
		"a reason nobody knows":        {code: "TransactionCanceledException", more: reasons(reason("Whim")), class: fault.Other},
		"no such table":                {code: "ResourceNotFoundException", class: fault.NotFound},
		"a permission that is missing": {code: "AccessDeniedException", class: fault.Denied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := map[string]bool{}
				table, _ := ledgerOver(t, func(_ int, r request) reply {
					tokens[asked[struct{ ClientRequestToken string }](t, r).ClientRequestToken] = true
					return ledgerError(tt.code, tt.more)
				})
				err := table.Write(t.Context(), []dynamo.Write{
					{Key: dynamo.Key{PK: "p", SK: "a"}, Set: dynamo.Item{"n": int64(1)}},
					{Key: dynamo.Key{PK: "p", SK: "b"}, Kind: dynamo.Delete, If: [][]dynamo.Test{{{Attr: "n", Is: dynamo.AtMost, Value: int64(1)}}}},
				})
				failed, ok := errors.AsType[*dynamo.ConditionError](err)
				switch {
				case ok != (tt.condition > 0) || ok && failed.At != tt.condition-1:
					t.Errorf("%v: want that condition %d does not hold", err, tt.condition)
				case errors.Is(err, dynamo.ErrConflict) != tt.conflict:
					t.Errorf("%v: want a conflict: %t", err, tt.conflict)
				case tt.class != "" && fault.ClassOf(err) != tt.class:
					t.Errorf("%v: class %q, want %q", err, fault.ClassOf(err), tt.class)
				case tt.class == fault.Denied && !strings.Contains(fault.HintOf(err), "dynamodb:ConditionCheckItem"):
					t.Errorf("the hint is %q", fault.HintOf(err))
				}
				// A repeated attempt has the token of the first.
				if len(tokens) != 1 || tokens[""] {
					t.Errorf("tokens %v", tokens)
				}
			})
		})
	}
}

func TestAWriteIsOneExpression(t *testing.T) {
	w := dynamo.Write{Kind: dynamo.Update, Set: dynamo.Item{"state": "done", "body": []byte{1}}, Add: map[string]int64{"n": -2},
		If: [][]dynamo.Test{{{Attr: "pk", Is: dynamo.Absent}}, {{Attr: "n", Is: dynamo.AtLeast, Value: int64(2)}, {Attr: "state", Is: dynamo.Equal, Value: "planned"}}}}
	e := newWriting(w)
	if diff := cmp.Diff("SET #n0 = :v0, #n1 = :v1 ADD #n2 :v2", *e.update); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("(attribute_not_exists(#n3)) OR (#n2 >= :v3 AND #n1 = :v4)", *e.condition); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"#n0": "body", "#n1": "state", "#n2": "n", "#n3": "pk"}, e.names); diff != "" {
		t.Error(diff)
	}
}

// A table that was just made refuses backups for a while.
func TestATableIsMadeWithBackupsAndDeletion(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		describe := func(status string) reply {
			keys := func(hash, sort string) string {
				return fmt.Sprintf(`[{"AttributeName": %q, "KeyType": "HASH"}, {"AttributeName": %q, "KeyType": "RANGE"}]`, hash, sort)
			}
			return reply{body: fmt.Sprintf(`{"Table": {"TableStatus": %[1]q, "KeySchema": %[2]s, "GlobalSecondaryIndexes": [
				{"IndexName": "by-time", "IndexStatus": %[1]q, "KeySchema": %[3]s}, {"IndexName": "by-resource", "IndexStatus": %[1]q, "KeySchema": %[4]s}]}}`,
				status, keys("pk", "sk"), keys("history", "at"), keys("resource", "at"))}
		}
		var did []string
		looks, backups := 0, 0
		table, _ := ledgerOver(t, func(_ int, r request) reply {
			_, what, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			did = append(did, what)
			switch what {
			case "DescribeTable":
				looks++
				return []reply{ledgerError("ResourceNotFoundException", ""), ledgerError("ResourceNotFoundException", ""),
					describe("CREATING"), describe("ACTIVE")}[looks-1]
			case "DescribeTimeToLive":
				return reply{body: `{"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}`}
			case "UpdateContinuousBackups":
				if backups++; backups == 1 {
					return ledgerError("ContinuousBackupsUnavailableException", "")
				}
			}
			return reply{body: `{}`}
		})
		if made, err := table.Init(t.Context()); !made || err != nil {
			t.Errorf("made: %t, %v", made, err)
		}
		want := []string{"DescribeTable", "CreateTable", "DescribeTable", "DescribeTable", "DescribeTable", "DescribeTimeToLive",
			"UpdateTimeToLive", "UpdateContinuousBackups", "UpdateContinuousBackups"}
		if diff := cmp.Diff(want, did); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}
