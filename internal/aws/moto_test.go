package aws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/cloudwatchtest"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// openMoto opens a session on a new account in moto.
func openMoto(t *testing.T) (*Session, *mototest.Account, resource.Place) {
	t.Helper()
	return openOn(t, mototest.Shared(t))
}

func openOn(t *testing.T, server *mototest.Server) (*Session, *mototest.Account, resource.Place) {
	t.Helper()
	account := server.Account(t, "eu-west-1")
	account.Setenv(t)
	s, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, account, resource.Place{Account: account.ID, Region: account.Region}
}

func TestTheContractHoldsOverMoto(t *testing.T) {
	contract.Run(t, func(t *testing.T) contract.Backend {
		metrics := cloudwatchtest.Start(t)
		t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH", metrics.URL())
		s, account, at := openMoto(t)
		return contract.Backend{
			Report: func(_ *testing.T, id string, m need.Metric, value float64) time.Time {
				metrics.Set(cloudwatchtest.Query{Namespace: "AWS/EC2", Dimension: "InstanceId", Value: id, Metric: m.Name, Statistic: m.Statistic}, value)
				return time.Now().Add(m.Over)
			},
			Source: s.Source(), Actor: s.Actor(), Place: at,
			Launch:  func(t *testing.T, k int) []string { return account.Launch(t, k, nil) },
			Add:     func(t *testing.T, typ resource.Type) string { return account.Make(t, string(typ)) },
			Protect: func(t *testing.T, id string, stop, terminate bool) { account.Protect(t, id, stop, terminate) },
			// moto's tagging API does not know how to untag a table.
			KeepTags: []resource.Type{resource.DynamoDBTable},
		}
	})
}

func TestMotoRegionsAndCallerOfTheDefaultRegion(t *testing.T) {
	s, account, _ := openMoto(t)
	if s.Region() != account.Region || !s.EndpointOverridden() {
		t.Errorf("region %q, overridden %v", s.Region(), s.EndpointOverridden())
	}
	caller, err := s.Source().Caller(t.Context())
	if err != nil || !strings.Contains(caller.ARN, ":assumed-role/tagwarden-test/") {
		t.Errorf("caller %+v, %v", caller, err)
	}
}

func TestMotoInstancesComeWithWhatTheyWereLaunchedWith(t *testing.T) {
	s, account, at := openMoto(t)
	vpc, subnet := account.VPC(t, map[string]string{"team": "atlas"})
	ids := account.Launch(t, 2, map[string]string{"Name": "web", "empty": ""}, "SubnetId", subnet, "InstanceType", "m5.large")
	rs, err := s.Source().Get(t.Context(), at, resource.EC2Instance, ids)
	if err != nil || len(rs) != 2 {
		t.Fatalf("Get returned %d resources, %v", len(rs), err)
	}
	s.Source().Fill(t.Context(), at, need.VPCTags, rs)
	for _, r := range rs {
		i := r.(*resource.Instance)
		if i.VPC != vpc || i.Subnet != subnet || i.InstanceType != "m5.large" || i.PrivateIP == "" || i.CreatedAt.IsZero() || len(i.Volumes) != 1 {
			t.Errorf("got %+v", i)
		}
		if d := cmp.Diff(map[string]string{"Name": "web", "empty": ""}, map[string]string(i.TagSet)); d != "" {
			t.Error(d)
		}
		tags, err := i.VPCTags.Get(need.VPCTags)
		if d := cmp.Diff(map[string]string{"team": "atlas"}, tags); d != "" || err != nil {
			t.Error(err, d)
		}
	}
}

func TestMotoTerminateOfAProtectedOneFailsAsProtected(t *testing.T) {
	s, account, at := openMoto(t)
	ids := account.Launch(t, 3, nil)
	account.Protect(t, ids[1], false, true)
	_, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Terminate, Type: resource.EC2Instance, At: at, IDs: ids})
	if fault.ClassOf(err) != fault.Protected || fault.RequestIDOf(err) == "" || fault.HintOf(err) == "" {
		t.Errorf("got %v of class %q with request id %q", err, fault.ClassOf(err), fault.RequestIDOf(err))
	}
	rs, err := s.Source().Get(t.Context(), at, resource.EC2Instance, ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.Ref().ID == ids[1] && r.Ended() {
			t.Error("the protected one ended")
		}
	}
}

func TestMotoAnswersSayTheStateBefore(t *testing.T) {
	s, account, at := openMoto(t)
	ids := account.Launch(t, 2, nil)
	got, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: at, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{ids[0]: "running", ids[1]: "running"}, got.Previous); d != "" || got.RequestID == "" {
		t.Errorf("request id %q, previous %s", got.RequestID, d)
	}
}

func TestMotoMailArrivesAndAnUnknownSenderIsUnverified(t *testing.T) {
	// Where there is a function or an Auto Scaling group moto does not show mail.
	server := mototest.Start(t)
	s, account, _ := openOn(t, server)
	from := account.ID + "@example.com"
	m := notify.Mail{From: from, To: []string{"b@example.com"}, CC: []string{"c@example.com"}, BCC: []string{"d@example.com"},
		Subject: "⚠️ 12 instances", Text: "text", HTML: "<p>ü</p>"}
	if _, err := s.SendMail(t.Context(), m); fault.ClassOf(err) != fault.Unverified || !strings.Contains(fault.HintOf(err), "create-email-identity") {
		t.Errorf("from an unknown sender: %v of class %q, hint %q", err, fault.ClassOf(err), fault.HintOf(err))
	}
	account.VerifyIdentity(t, from)
	id, err := s.SendMail(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := []mototest.Mail{{ID: id, From: from, To: m.To, CC: m.CC, BCC: m.BCC, Subject: m.Subject, Body: m.HTML}}
	if d := cmp.Diff(want, server.SentMail(t, from)); d != "" {
		t.Error(d)
	}
}

func TestMotoPublicationsArriveAndAnUnknownTopicIsNotFound(t *testing.T) {
	s, account, _ := openMoto(t)
	topic := account.In("us-west-2").Topic(t, "policy")
	id, err := s.Publish(t.Context(), notify.Publication{Topic: topic.ARN, Subject: "Policy report", Message: "two things\n"})
	if err != nil {
		t.Fatal(err)
	}
	want := []mototest.Message{{ID: id, Topic: topic.ARN, Subject: "Policy report", Message: "two things\n"}}
	if d := cmp.Diff(want, topic.Received(t)); d != "" {
		t.Error(d)
	}
	_, err = s.Publish(t.Context(), notify.Publication{Topic: topic.ARN + "-gone", Message: "x"})
	if fault.ClassOf(err) != fault.NotFound {
		t.Errorf("to an unknown topic: %v of class %q", err, fault.ClassOf(err))
	}
}

func TestMotoEventsAreDeliveredFromTheirBus(t *testing.T) {
	s, account, _ := openMoto(t)
	for _, name := range []string{"default", "audit"} {
		bus := account.Bus(t, name, `{"source":["tagwarden"]}`)
		failed, err := s.PutEvents(t.Context(), name, twoEvents)
		if err != nil || len(failed) != 2 || failed[0] != nil || failed[1] != nil {
			t.Fatalf("%s: %v, %v", name, failed, err)
		}
		var got []string
		for _, e := range bus.Delivered(t) {
			var in struct {
				Kind      string `json:"detail-type"`
				Source    string
				Resources []string
				Detail    struct{ Policy string }
			}
			if err := json.Unmarshal(e, &in); err != nil {
				t.Fatal(err)
			}
			got = append(got, in.Source+" "+in.Kind+" "+in.Detail.Policy+" "+strings.Join(in.Resources, ","))
		}
		slices.Sort(got)
		want := []string{"tagwarden tagwarden Outcome p arn:aws:s3:::b", "tagwarden tagwarden Outcome q arn:aws:s3:::c"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestMotoListsEveryReservationOnce(t *testing.T) {
	s, account, at := openMoto(t)
	var launched []string
	for range 5 {
		launched = append(launched, account.Launch(t, 3, nil)...)
	}
	var listed []string
	err := s.Source().List(t.Context(), at, resource.EC2Instance, func(rs []resource.Resource) error {
		for _, r := range rs {
			listed = append(listed, r.Ref().ID)
		}
		return nil
	})
	slices.Sort(launched)
	slices.Sort(listed)
	if d := cmp.Diff(launched, listed); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestMotoRolesAreReadAndTaggedByTheirARNs(t *testing.T) {
	s, account, at := openMoto(t)
	arn := account.Role(t, "deploy", map[string]string{"Owner": "forged"})
	ref, ok := resource.AnythingRef(at, arn)
	if !ok || ref.Type != "iam:role" {
		t.Fatalf("%s is taken for %+v", arn, ref)
	}
	read := func() tag.Set {
		r := &resource.Anything{Base: resource.Base{Reference: ref}}
		s.Source().Fill(t.Context(), at, need.Tags, []resource.Resource{r})
		if r.TagsErr != nil {
			t.Error(r.TagsErr)
		}
		return r.TagSet
	}
	if d := cmp.Diff(tag.Set{"Owner": "forged"}, read()); d != "" {
		t.Errorf("as it was made (-want +got)\n%s", d)
	}
	gone := strings.Replace(arn, "deploy", "gone", 1)
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Tag, Type: ref.Type, At: at, IDs: []string{arn, gone}, Tags: tag.Set{"Owner": "ada", "PrincipalId": "AROAEXAMPLE:ada"}})
	if err != nil || len(answer.Failed) != 1 || fault.ClassOf(answer.Failed[gone]) != fault.NotFound {
		t.Errorf("%+v, %v", answer, err)
	}
	if d := cmp.Diff(tag.Set{"Owner": "ada", "PrincipalId": "AROAEXAMPLE:ada"}, read()); d != "" {
		t.Errorf("tagged (-want +got)\n%s", d)
	}
	if _, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Untag, Type: ref.Type, At: at, IDs: []string{arn}, Keys: []string{"PrincipalId"}}); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(tag.Set{"Owner": "ada"}, read()); d != "" {
		t.Errorf("untagged (-want +got)\n%s", d)
	}
}
