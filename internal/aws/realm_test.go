package aws

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
)

func TestTheContractOfRealmsHoldsOverMoto(t *testing.T) {
	contract.RunRealm(t, func(t *testing.T) contract.Realm {
		s, home, _ := openOn(t, mototest.Shared(t))
		org := home.Organization(t)
		unit := org.Unit(t, org.Root, "workloads")
		inner := org.Unit(t, unit, "production")
		member, closed := org.Member(t, inner, "payments"), org.Member(t, unit, "old")
		org.Close(t, closed)
		return contract.Realm{Realm: s.Realm(), Place: resource.Place{Account: member.ID, Region: member.Region},
			Role:   accounts.Role{Account: member.ID, ARN: "arn:aws:iam::" + member.ID + ":role/ops/tagwarden", ExternalID: "secret", Session: "tagwarden-central"},
			Launch: func(t *testing.T) string { return member.Launch(t, 1, nil)[0] },
			Root:   org.Root, Unit: unit, Inner: inner, Name: "payments", Suspended: closed.ID}
	})
}

var payments = accounts.Role{Account: "222233334444", ARN: "arn:aws:iam::222233334444:role/tagwarden", ExternalID: "7f3a", Session: "tagwarden-central"}

// assumed is an answer to AssumeRole, as STS writes it.
func assumed(account, key string, until time.Time) reply {
	return reply{body: fmt.Sprintf(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
		`<AssumedRoleUser><Arn>arn:aws:sts::%s:assumed-role/tagwarden/tagwarden-central</Arn><AssumedRoleId>AROA:tagwarden-central</AssumedRoleId></AssumedRoleUser>`+
		`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>`+
		`</AssumeRoleResult></AssumeRoleResponse>`, account, key, until.UTC().Format(time.RFC3339))}
}

func stsError(code, message string) reply {
	return reply{status: http.StatusForbidden, body: fmt.Sprintf(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)}
}

// inAnHour is a time at which credentials that were got in a test still last.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

func TestARoleIsTakenOnOnceForAllItsCalls(t *testing.T) {
	isolate(t)
	s, in := open(t, func(_ int, r request) reply {
		if r.Get("Action") == "AssumeRole" {
			return assumed(payments.Account, "AKIAMEMBER", inAnHour())
		}
		return instancesPage(0, 1, "")
	})
	realm := s.Realm()
	for range 3 {
		door, _, err := realm.Assume(t.Context(), payments)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := door.Source.Get(t.Context(), resource.Place{Account: payments.Account, Region: "eu-west-1"}, resource.EC2Instance, []string{"i-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if own := realm.taken[payments].session; own.limits == s.limits || own.cfg.HTTPClient != s.cfg.HTTPClient {
		t.Error("the account shares request rates with the caller's, or has connections of its own")
	}
	if diff := cmp.Diff([]string{"AssumeRole", "DescribeInstances", "DescribeInstances", "DescribeInstances"}, in.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	asked := in.requests[0]
	want := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {payments.ARN}, "RoleSessionName": {"tagwarden-central"}, "ExternalId": {"7f3a"}, "DurationSeconds": {"3600"}}
	if diff := cmp.Diff(want, asked.Values); diff != "" {
		t.Errorf("AssumeRole (-want +got):\n%s", diff)
	}
	for i, key := range []string{"AKIDEXAMPLE", "AKIAMEMBER", "AKIAMEMBER"} {
		if got := in.requests[i].Header.Get("Authorization"); !strings.Contains(got, "Credential="+key+"/") {
			t.Errorf("request %d is signed as %s", i, got)
		}
	}
}

func TestCredentialsThatRunOutAreRenewed(t *testing.T) {
	isolate(t)
	s, in := open(t, func(n int, r request) reply {
		if r.Get("Action") == "AssumeRole" {
			return assumed(payments.Account, fmt.Sprint("KEY", n), time.Now().Add(renewBefore/2))
		}
		return instancesPage(0, 1, "")
	})
	realm := s.Realm()
	for range 2 {
		if _, _, err := realm.Assume(t.Context(), payments); err != nil {
			t.Fatal(err)
		}
	}
	if got := in.calls(); !slices.Equal(got, []string{"AssumeRole", "AssumeRole"}) {
		t.Errorf("calls %v", got)
	}
}

func TestCredentialsOfAnotherAccountAreRefused(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply { return assumed("999900001111", "AKIAOTHER", inAnHour()) })
	_, _, err := s.Realm().Assume(t.Context(), payments)
	if f := asFault(t, err); f.Class != fault.Other || !strings.Contains(f.Message, "999900001111") {
		t.Errorf("%v", f)
	}
}

func TestADenialSaysWhatTheRoleMustTrust(t *testing.T) {
	isolate(t)
	s, in := open(t, func(n int, r request) reply {
		if n == 1 {
			return assumed(payments.Account, "AKIAMEMBER", time.Now().Add(renewBefore/2))
		}
		return stsError("AccessDenied", "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sts:AssumeRole on resource: "+payments.ARN)
	})
	realm := s.Realm()
	door, _, err := realm.Assume(t.Context(), payments)
	if err != nil {
		t.Fatal(err)
	}
	_, _, denied := realm.Assume(t.Context(), payments)
	// A call that finds its credentials at an end says the same.
	_, late := door.Source.Get(t.Context(), resource.Place{Account: payments.Account, Region: "eu-west-1"}, resource.EC2Instance, []string{"i-1"})
	for _, err := range []error{denied, late} {
		f := asFault(t, err)
		if f.Class != fault.Denied || !strings.Contains(f.Hint, payments.ARN) || !strings.Contains(f.Hint, "trust policy") || strings.Contains(f.Hint, payments.ExternalID) {
			t.Errorf("%v with the hint %q", f, f.Hint)
		}
		if strings.Contains(f.Error(), payments.ExternalID) {
			t.Errorf("the external ID is told: %v", f)
		}
	}
	if got := in.calls(); len(got) != 3 {
		t.Errorf("a denial is asked for again: %v", got)
	}
}

func TestAnOrganizationIsReadToItsLastPage(t *testing.T) {
	isolate(t)
	pages := []string{
		`{"Accounts":[{"Id":"111122223333","Name":"central","State":"ACTIVE","Status":"SUSPENDED"}],"NextToken":"1"}`,
		`{"Accounts":[],"NextToken":"2"}`,
		`{"Accounts":[{"Id":"222233334444","Name":"payments","Status":"ACTIVE"},{"Id":"333344445555","Name":"old","Status":"SUSPENDED"},{"Id":"444455556666","Name":"new","State":"PENDING_ACTIVATION"}]}`,
	}
	s, in := open(t, func(n int, _ request) reply { return reply{body: pages[n-1]} })
	got, err := s.Realm().Accounts(t.Context(), "r-ab12")
	want := []accounts.Listed{{ID: "111122223333", Name: "central", Active: true}, {ID: "222233334444", Name: "payments", Active: true}, {ID: "333344445555", Name: "old"}, {ID: "444455556666", Name: "new"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if n := len(in.requests); n != len(pages) {
		t.Errorf("%d requests", n)
	}
}

func TestWhoMayNotListTheOrganizationIsToldWhoMay(t *testing.T) {
	isolate(t)
	for code, hint := range map[string]string{"AccessDeniedException": "delegated administrator", "AWSOrganizationsNotInUseException": "list the accounts in the settings"} {
		s, _ := open(t, func(int, request) reply {
			return reply{status: http.StatusBadRequest, body: `{"__type":"` + code + `","Message":"no"}`}
		})
		_, err := s.Realm().Roots(t.Context())
		if f := asFault(t, err); !strings.Contains(f.Hint, hint) {
			t.Errorf("%s: %v with the hint %q", code, f, f.Hint)
		}
	}
}
