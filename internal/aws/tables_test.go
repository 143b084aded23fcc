package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
)

func TestTheContractOfTablesHoldsOverMoto(t *testing.T) {
	contract.RunTables(t, func(t *testing.T) contract.Shelf {
		s, account, _ := openMoto(t)
		return contract.Shelf{Tables: s, Wait: noWait,
			Make: func(t *testing.T, name string, hash outside.Key, items ...document.Item) {
				var written []map[string]map[string]any
				for _, item := range items {
					w := map[string]map[string]any{}
					for k, v := range item {
						w[k] = map[string]any{v.Type: v.Text}
					}
					written = append(written, w)
				}
				account.Table(t, name, hash.Name, hash.Type, written...)
			},
			Object: func(t *testing.T, key, text string) string { return account.Object(t, key, text) },
		}
	})
}

// scanned is a page of a scan with these items, as DynamoDB writes it.
func scanned(last string, items ...string) reply {
	key := ""
	if last != "" {
		key = fmt.Sprintf(`, "LastEvaluatedKey": {"RuleId": {"N": %q}}`, last)
	}
	return reply{body: fmt.Sprintf(`{"Items": [%s]%s}`, strings.Join(items, ","), key)}
}

func TestEveryPageOfATableIsRead(t *testing.T) {
	isolate(t)
	table := document.Ref{Table: "acme-rules", Region: "ap-south-1"}
	var starts []string
	s, in := open(t, func(n int, r request) reply {
		var asked struct {
			TableName         string
			ConsistentRead    bool
			ExclusiveStartKey map[string]map[string]string
		}
		if err := json.Unmarshal(r.body, &asked); err != nil || asked.TableName != table.Table || !asked.ConsistentRead {
			t.Errorf("asked %s: %v", r.body, err)
		}
		starts = append(starts, asked.ExclusiveStartKey["RuleId"]["N"])
		switch n {
		case 1:
			return scanned("1", `{"RuleId": {"N": "1"}, "TagKey": {"S": "a"}, "B": {"BOOL": true}, "X": {"NULL": true}}`)
		case 2:
			return scanned("2") // a page may be empty without being the last
		default:
			return scanned("", `{"RuleId": {"N": "3"}, "M": {"M": {"x": {"S": "y"}}}, "L": {"L": []}, "S": {"SS": ["a"]}, "N": {"NS": ["1"]}, "D": {"B": "eA=="}, "E": {"BS": ["eA=="]}}`)
		}
	})
	items, err := s.Items(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	want := []document.Item{
		{"RuleId": document.Number("1"), "TagKey": document.String("a"), "B": {Type: "BOOL"}, "X": {Type: "NULL"}},
		{"RuleId": document.Number("3"), "M": {Type: "M"}, "L": {Type: "L"}, "S": {Type: "SS"}, "N": {Type: "NS"}, "D": {Type: "B"}, "E": {Type: "BS"}},
	}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "1", "2"}, starts); diff != "" {
		t.Errorf("pages begin at (-want +got):\n%s", diff)
	}
	if host := in.requests[0].Request.URL.Host; host != "dynamodb.ap-south-1.amazonaws.com" {
		t.Errorf("asked %s", host)
	}
}

// dynamoError is a failure as DynamoDB writes it.
func dynamoError(code, message string) reply {
	return reply{status: http.StatusBadRequest, body: fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#%s", "message": %q}`, code, message)}
}

func TestAPageThatFailsFailsTheTable(t *testing.T) {
	isolate(t)
	for code, want := range map[string]fault.Class{"AccessDeniedException": fault.Denied, "ResourceNotFoundException": fault.NotFound, "ValidationException": fault.Invalid} {
		s, _ := open(t, func(n int, _ request) reply {
			if n == 1 {
				return scanned("1", `{"RuleId": {"N": "1"}}`)
			}
			return dynamoError(code, "no")
		})
		items, err := s.Items(t.Context(), document.Ref{Table: "acme-rules"})
		if items != nil || fault.ClassOf(err) != want {
			t.Errorf("%s: %v %v", code, items, err)
		}
		if want == fault.Denied && !strings.Contains(fault.HintOf(err), "dynamodb:Scan") {
			t.Errorf("the hint does not name the permission: %s", fault.HintOf(err))
		}
	}
}

func TestAThrottledScanIsRepeated(t *testing.T) {
	isolate(t)
	s, in := open(t, func(n int, _ request) reply {
		if n == 1 {
			return dynamoError("ProvisionedThroughputExceededException", "slow down")
		}
		return scanned("")
	})
	if _, err := s.Items(t.Context(), document.Ref{Table: "acme-rules"}); err != nil || len(in.requests) != 2 {
		t.Errorf("%d requests, %v", len(in.requests), err)
	}
}

func TestAChangeNamesWhatItMayReplace(t *testing.T) {
	isolate(t)
	var body string
	s, _ := open(t, func(_ int, r request) reply {
		body = string(r.body)
		return reply{body: `{}`}
	})
	old := document.Item{rules.RuleID: document.Number("1"), rules.TagKey: document.String("a"), rules.Required: {Type: "BOOL"}}
	if err := s.Put(t.Context(), document.Ref{Table: "acme-rules"}, old, rules.Encode(rules.Rule{ID: 1, TagKey: "b", Action: rules.UserLookup})); err != nil {
		t.Fatal(err)
	}
	var sent struct{ ConditionExpression, UpdateExpression string }
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	want := "attribute_exists(#RuleId) AND #TagKey = :v0 AND attribute_not_exists(#Action) AND attribute_type(#Required, :v1) AND attribute_not_exists(#Default)"
	if diff := cmp.Diff(want, sent.ConditionExpression); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("SET #TagKey = :v2, #Action = :v3, #Required = :v4 REMOVE #Default", sent.UpdateExpression); diff != "" {
		t.Error(diff)
	}
}

func TestAnObjectIsReadToItsBoundary(t *testing.T) {
	isolate(t)
	size := 0
	s, in := open(t, func(int, request) reply { return reply{body: strings.Repeat("x", size)} })
	r := document.Ref{Bucket: "bucket", Key: "folder/people.csv", Region: "ap-south-1"}
	for n, want := range map[int]fault.Class{0: "", 5: "", document.MaxObject: "", document.MaxObject + 1: fault.Invalid} {
		size = n
		got, err := s.Object(t.Context(), r)
		if fault.ClassOf(err) != want || want == "" && len(got) != n {
			t.Errorf("%d bytes: %d read, %v", n, len(got), err)
		}
	}
	if u := in.requests[0].Request.URL; u.Host != "bucket.s3.ap-south-1.amazonaws.com" || u.Path != "/folder/people.csv" {
		t.Errorf("asked %s", u)
	}
}

func TestWhyAnObjectCannotBeReadIsClassed(t *testing.T) {
	isolate(t)
	for code, c := range map[string]struct {
		status int
		class  fault.Class
		hint   string
	}{
		"AccessDenied":      {http.StatusForbidden, fault.Denied, "s3:GetObject"},
		"NoSuchBucket":      {http.StatusNotFound, fault.NotFound, "another region"},
		"NoSuchKey":         {http.StatusNotFound, fault.NotFound, "deleted"},
		"PermanentRedirect": {http.StatusMovedPermanently, fault.NotFound, "write region:"},
	} {
		s, _ := open(t, func(int, request) reply {
			return reply{status: c.status, body: fmt.Sprintf(`<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)}
		})
		_, err := s.Object(t.Context(), document.Ref{Bucket: "bucket", Key: "k"})
		if fault.ClassOf(err) != c.class || !strings.Contains(fault.HintOf(err), c.hint) {
			t.Errorf("%s: %v (%s)", code, err, fault.HintOf(err))
		}
	}
}

// noWait lets no time pass: moto makes a table at once.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }
