package aws

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// history is CloudTrail of one region, over HTTP: n launches of RunInstances, a
// minute apart, the newest made at first.
type history struct {
	first     time.Time
	n         int
	throttled int // every so many requests is throttled; 0: none
	expires   int // tokens of that page and further ones have expired; 0: none
	served    int // pages
	asked     []lookup
}

// lookup is a request as LookupEvents takes it.
type lookup struct {
	LookupAttributes []struct{ AttributeKey, AttributeValue string }
	StartTime        float64
	EndTime          float64
	MaxResults       int
	NextToken        string
}

func (h *history) answer(n int, r request) reply {
	if got := r.Header.Get("X-Amz-Target"); !strings.HasSuffix(got, "CloudTrail_20131101.LookupEvents") {
		return jsonError(400, "UnknownOperationException", got)
	}
	if h.throttled > 0 && n%h.throttled == 0 {
		return jsonError(400, "ThrottlingException", "Rate exceeded")
	}
	var in lookup
	if err := json.Unmarshal(r.body, &in); err != nil {
		return jsonError(400, "SerializationException", err.Error())
	}
	h.asked = append(h.asked, in)
	from, page, _ := strings.Cut(cmp.Or(in.NextToken, "0 0"), " ")
	at, _ := strconv.Atoi(from)
	if p, _ := strconv.Atoi(page); h.expires > 0 && p >= h.expires {
		return jsonError(400, "InvalidNextTokenException", "the token is expired")
	}
	h.served++
	if in.LookupAttributes[0].AttributeValue != "RunInstances" {
		return reply{body: `{"Events":[]}`}
	}
	var events []string
	next := ""
	for ; at < h.n; at++ {
		t := h.first.Add(-time.Duration(at) * time.Minute)
		if float64(t.Unix()) < in.StartTime || float64(t.Unix()) > in.EndTime {
			continue
		}
		if len(events) == in.MaxResults {
			p, _ := strconv.Atoi(page)
			next = fmt.Sprintf(`,"NextToken":"%d %d"`, at, p+1)
			break
		}
		record, _ := json.Marshal(fmt.Sprintf(`{"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":%q,"recipientAccountId":%q,`+
			`"userIdentity":{"type":"IAMUser","userName":"user%d"},"responseElements":{"instancesSet":{"items":[{"instanceId":"i-%d"}]}}}`,
			t.Format(time.RFC3339), place.Region, place.Account, at, at))
		events = append(events, fmt.Sprintf(`{"EventId":"e-%d","EventName":"RunInstances","EventTime":%d,"CloudTrailEvent":%s}`, at, t.Unix(), record))
	}
	return reply{body: `{"Events":[` + strings.Join(events, ",") + `]` + next + `}`}
}

// jsonError is a failure as services that speak JSON write it.
func jsonError(status int, code, message string) reply {
	return reply{status: status, body: fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message)}
}

// instancesOf are n instances as the history has launched them.
func instancesOf(h *history) []resource.Resource {
	rs := make([]resource.Resource, h.n)
	for i := range rs {
		rs[i] = &resource.Instance{Base: resource.Base{Reference: resource.EC2Ref(place, resource.EC2Instance, fmt.Sprintf("i-%d", i))},
			CreatedAt: h.first.Add(-time.Duration(i) * time.Minute)}
	}
	return rs
}

var historyScope = record.Scope{Name: "default", Account: place.Account}

// Two look-ups a second, of 50 events each, and not one for each instance; the
// waits are those of a virtual clock.
func TestTenThousandCreatorsAreTwoHundredPagesAtTwoASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isolate(t)
		now := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
		h := &history{first: now.Add(-time.Hour), n: 10_000, throttled: 40}
		s, api := open(t, h.answer)
		rs := instancesOf(h)
		began := time.Now()
		creators.New(s.Trail(), nil, record.NewMemory()).Fill(t.Context(), historyScope, place, rs, now)
		for i, r := range rs {
			if o, err := r.Origin(); err != nil || o.Name != fmt.Sprintf("user%d", i) {
				t.Fatalf("instance %d: %+v, %v", i, o, err)
			}
		}
		others := 0
		for _, q := range h.asked {
			if q.LookupAttributes[0].AttributeKey != "EventName" || len(q.LookupAttributes) != 1 || q.MaxResults != 50 {
				t.Fatalf("asked with %+v", q)
			}
			if q.LookupAttributes[0].AttributeValue != "RunInstances" {
				others++
			}
		}
		if pages := h.served - others; pages != 200 {
			t.Errorf("RunInstances took %d pages", pages)
		}
		requests := len(api.requests)
		if least := time.Duration(requests-2) * time.Second / 2; time.Since(began) < least {
			t.Errorf("%d requests took %s, at two a second", requests, time.Since(began))
		}
	})
}

func TestASweepSurvivesTokensThatExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isolate(t)
		now := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
		h := &history{first: now.Add(-time.Hour), n: 420, expires: 3}
		s, _ := open(t, h.answer)
		rs := instancesOf(h)
		creators.New(s.Trail(), nil, record.NewMemory()).Fill(t.Context(), historyScope, place, rs, now)
		for i, r := range rs {
			if o, err := r.Origin(); err != nil || o.Name != fmt.Sprintf("user%d", i) {
				t.Fatalf("instance %d: %+v, %v", i, o, err)
			}
		}
		if h.served > 20 {
			t.Errorf("%d pages", h.served)
		}
	})
}

func TestLookupAsksForWholeSecondsAndNothingElse(t *testing.T) {
	isolate(t)
	h := &history{first: time.Unix(2000, 0).UTC(), n: 3}
	s, api := open(t, h.answer)
	var got []string
	page := func(es []creators.Event) error {
		for _, e := range es {
			got = append(got, e.Time.Format(time.TimeOnly))
		}
		return nil
	}
	if err := s.Trail().Lookup(t.Context(), place, "RunInstances", time.Unix(1880, 0), time.Unix(2000, 0), page); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != "00:32:20 00:31:20" { // what is made at 2000 lies beyond
		t.Errorf("events at %v", got)
	}
	if err := s.Trail().Lookup(t.Context(), place, "RunInstances", time.Unix(2000, 0), time.Unix(2000, 0), page); err != nil || len(api.requests) != 1 {
		t.Errorf("nothing to ask: %v, %d requests", err, len(api.requests))
	}
}

func TestADeniedLookupNamesThePermission(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply { return jsonError(http.StatusBadRequest, "AccessDeniedException", "no") })
	err := s.Trail().Lookup(t.Context(), place, "RunInstances", time.Unix(0, 0), time.Unix(2000, 0), nil)
	if fault.ClassOf(err) != fault.Denied || !strings.Contains(fault.HintOf(err), "cloudtrail:LookupEvents") {
		t.Errorf("%v, %s", err, fault.HintOf(err))
	}
}
