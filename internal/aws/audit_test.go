package aws

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// complies is what AWS Config is told of a resource, by its own names and by
// ours.
func complies(t resource.Type, id string) notify.Compliance {
	return notify.Compliance{Ref: resource.EC2Ref(place, t, id), Verdict: notify.Compliant, At: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)}
}

func TestARuleIsAnsweredWhereItIsWithConfigsOwnNames(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{body: `{}`} })
	named := notify.Compliance{Type: "AWS::RDS::DBInstance", ID: "db-ABC", Verdict: notify.NonCompliant, Note: "p: no owner", At: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)}
	failed, err := s.PutEvaluations(t.Context(), notify.Question{Region: "us-west-2", Token: "t-1", Test: true},
		[]notify.Compliance{named, complies(resource.EC2Image, "ami-1"), complies(resource.EC2ElasticIP, "eipalloc-1")})
	if err != nil || len(failed) != 3 || failed[0] != nil || fault.ClassOf(failed[1]) != fault.Unsupported || failed[2] != nil {
		t.Fatal(failed, err)
	}
	r := fake.requests[0]
	if r.URL.Host != "config.us-west-2.amazonaws.com" || r.Header.Get("X-Amz-Target") != "StarlingDoveService.PutEvaluations" {
		t.Errorf("%s of %s", r.Header.Get("X-Amz-Target"), r.URL.Host)
	}
	var got, want any
	if err := json.Unmarshal(r.body, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"ResultToken":"t-1","TestMode":true,"Evaluations":[
		{"ComplianceResourceType":"AWS::RDS::DBInstance","ComplianceResourceId":"db-ABC","ComplianceType":"NON_COMPLIANT","Annotation":"p: no owner","OrderingTimestamp":1793613600},
		{"ComplianceResourceType":"AWS::EC2::EIP","ComplianceResourceId":"eipalloc-1","ComplianceType":"COMPLIANT","OrderingTimestamp":1793613600}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatConfigDidNotTakeIsToldApart(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply {
		return reply{body: `{"FailedEvaluations":[{"ComplianceResourceType":"AWS::EC2::Instance","ComplianceResourceId":"i-2","ComplianceType":"COMPLIANT","OrderingTimestamp":1793613600}]}`}
	})
	failed, err := s.PutEvaluations(t.Context(), notify.Question{Token: "t-1"},
		[]notify.Compliance{complies(resource.EC2Snapshot, "i-2"), complies(resource.EC2Instance, "i-1"), complies(resource.EC2Instance, "i-2"), complies(resource.EC2Volume, "i-2")})
	var classes []fault.Class
	for _, f := range failed {
		classes = append(classes, fault.ClassOf(f))
	}
	if diff := cmp.Diff([]fault.Class{fault.Unsupported, "", fault.Passing, ""}, classes); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestNothingIsAskedOfConfigForWhatItHasNoNameFor(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{} })
	if failed, err := s.PutEvaluations(t.Context(), notify.Question{Token: "t-1"}, []notify.Compliance{complies(resource.EC2Image, "ami-1")}); err != nil || failed[0] == nil || len(fake.requests) > 0 {
		t.Errorf("%v, %v after %d requests", failed, err, len(fake.requests))
	}
}

func TestNoErrorHasTheToken(t *testing.T) {
	isolate(t)
	const token = "ZXlKbGJtTnllWEIwWldSRVlYUmg="
	for code, class := range map[string]fault.Class{"InvalidResultTokenException": fault.Invalid, "NoSuchConfigRuleException": fault.NotFound, "AccessDeniedException": fault.Denied} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := open(t, func(int, request) reply {
				return reply{status: 400, body: fmt.Sprintf(`{"__type":%q,"message":"Value '%s' at 'resultToken' is wrong"}`, code, token)}
			})
			_, err := s.PutEvaluations(t.Context(), notify.Question{Token: token}, []notify.Compliance{complies(resource.EC2Instance, "i-1")})
			f := asFault(t, err)
			if f.Class != class || strings.Contains(fmt.Sprintf("%v %+v %v", err, f, f.Unwrap()), token) || !strings.Contains(f.Message, "resultToken") {
				t.Errorf("%#v", f)
			}
			if class == fault.Denied && !strings.Contains(f.Hint, "config:PutEvaluations") {
				t.Errorf("the hint is %q", f.Hint)
			}
		})
	}
}
