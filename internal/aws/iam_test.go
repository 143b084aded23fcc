package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// iamReply is an answer as IAM writes it.
func iamReply(action, inner string) reply {
	return reply{body: fmt.Sprintf(`<%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>req-%[1]s</RequestId></ResponseMetadata></%[1]sResponse>`, action, inner)}
}

func iamError(status int, code string) reply {
	return reply{status: status, body: fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`, code)}
}

func iamMember(key, value string) string {
	return "<member><Key>" + key + "</Key><Value>" + value + "</Value></member>"
}

// iamARN is one thing of each type that IAM tags, with the parameter that names
// it in a call and how.
var iamARNs = map[resource.Type]struct{ arn, parameter, value string }{
	"iam:role":               {"arn:aws:iam::111122223333:role/ci/deploy", "RoleName", "deploy"},
	"iam:user":               {"arn:aws:iam::111122223333:user/ada", "UserName", "ada"},
	"iam:policy":             {"arn:aws:iam::111122223333:policy/p", "PolicyArn", "arn:aws:iam::111122223333:policy/p"},
	"iam:instance-profile":   {"arn:aws:iam::111122223333:instance-profile/web", "InstanceProfileName", "web"},
	"iam:saml-provider":      {"arn:aws:iam::111122223333:saml-provider/okta", "SAMLProviderArn", "arn:aws:iam::111122223333:saml-provider/okta"},
	"iam:oidc-provider":      {"arn:aws:iam::111122223333:oidc-provider/example.com", "OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/example.com"},
	"iam:mfa":                {"arn:aws:iam::111122223333:mfa/ada", "SerialNumber", "arn:aws:iam::111122223333:mfa/ada"},
	"iam:server-certificate": {"arn:aws:iam::111122223333:server-certificate/www", "ServerCertificateName", "www"},
}

func TestEveryThingOfIAMIsReadAndTaggedByItsOwnCalls(t *testing.T) {
	isolate(t)
	if d := cmp.Diff(slices.Sorted(maps.Keys(iamThings)), slices.Sorted(maps.Keys(iamARNs))); d != "" {
		t.Fatalf("types (-table +test)\n%s", d)
	}
	var calls []string
	for typ, want := range iamARNs {
		thing := iamThings[typ]
		s, fake := open(t, func(_ int, r request) reply {
			a := r.Get("Action")
			if got := r.Get(want.parameter); got != want.value {
				t.Errorf("%s of %s names %q", a, typ, got)
			}
			switch {
			case strings.HasPrefix(a, "List") && r.Get("Marker") == "":
				return iamReply(a, "<IsTruncated>true</IsTruncated><Marker>more</Marker><Tags>"+iamMember("Owner", "ada")+"</Tags>")
			case strings.HasPrefix(a, "List"):
				return iamReply(a, "<IsTruncated>false</IsTruncated><Marker>more</Marker><Tags>"+iamMember("Team", "x")+"</Tags>")
			case strings.HasPrefix(a, "Tag"):
				if r.Get("Tags.member.1.Key") != "A" || r.Get("Tags.member.1.Value") != "1" || r.Get("Tags.member.2.Key") != "B" {
					t.Errorf("%s asks %v", a, r.Values)
				}
			case strings.HasPrefix(a, "Untag"):
				if r.Get("TagKeys.member.1") != "A" {
					t.Errorf("%s asks %v", a, r.Values)
				}
			}
			return iamReply(a, "")
		})
		ref, _ := resource.AnythingRef(place, want.arn)
		if ref.Type != typ {
			t.Errorf("%s is taken for %s", want.arn, ref.Type)
		}
		r := &resource.Anything{Base: resource.Base{Reference: ref, TagSet: tag.Set{"Old": "told"}}}
		s.Source().Fill(t.Context(), place, need.Tags, []resource.Resource{r})
		if d := cmp.Diff(tag.Set{"Owner": "ada", "Team": "x"}, r.TagSet); d != "" || r.TagsErr != nil {
			t.Errorf("tags of %s: %v (-want +got)\n%s", typ, r.TagsErr, d)
		}
		for _, c := range []execute.Call{{Action: action.Tag, Tags: tag.Set{"A": "1", "B": ""}}, {Action: action.Untag, Keys: []string{"A"}}} {
			c.Type, c.At, c.IDs = typ, place, []string{want.arn}
			if answer, err := s.Actor().Do(t.Context(), c); err != nil || !strings.HasPrefix(answer.RequestIDs[want.arn], "req-") {
				t.Errorf("%s of %s: %+v, %v", c.Action, typ, answer, err)
			}
		}
		if d := cmp.Diff([]string{thing.list.Operation, thing.list.Operation, thing.tag.Operation, thing.untag.Operation}, fake.calls()); d != "" {
			t.Errorf("calls (-want +got)\n%s", d)
		}
		calls = append(calls, thing.list.String(), thing.tag.String(), thing.untag.String())
	}
	var named []string
	for _, c := range slices.Concat(need.ReadIAMTags, need.TagIAM, need.UntagIAM) {
		named = append(named, c.String())
	}
	slices.Sort(calls)
	slices.Sort(named)
	if d := cmp.Diff(named, calls); d != "" {
		t.Errorf("what is needed and what is called (-need +called)\n%s", d)
	}
}

func TestWhatGoesWrongWithOneThingOfIAMIsItsOwnAffair(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(_ int, r request) reply {
		switch a := r.Get("Action"); r.Get("RoleName") {
		case "gone":
			return iamError(404, "NoSuchEntity")
		case "AWSServiceRoleForX":
			return iamError(400, "UnmodifiableEntity")
		default:
			return iamReply(a, "<Tags/>")
		}
	})
	role := func(name string) string { return "arn:aws:iam::111122223333:role/" + name }
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Tag, Type: "iam:role", At: place, Tags: tag.Set{"A": "1"},
		IDs: []string{role("gone"), role("AWSServiceRoleForX"), role("deploy")}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fault.Class{}
	for id, err := range answer.Failed {
		got[id] = fault.ClassOf(err)
	}
	if d := cmp.Diff(map[string]fault.Class{role("gone"): fault.NotFound, role("AWSServiceRoleForX"): fault.Unsupported}, got); d != "" || answer.RequestIDs[role("deploy")] == "" {
		t.Errorf("(-want +got)\n%s\n%+v", d, answer)
	}
	ref, _ := resource.AnythingRef(place, role("gone"))
	r := &resource.Anything{Base: resource.Base{Reference: ref}}
	s.Source().Fill(t.Context(), place, need.Tags, []resource.Resource{r})
	if fault.ClassOf(r.TagsErr) != fault.NotFound {
		t.Errorf("what is not there yet: %v", r.TagsErr)
	}
}

// The tags that an event tells stand where the tagging API knows nothing of a
// resource, which may be too new for it.
func TestTagsOfWhatAnEventNamesAreReadAHundredAtATime(t *testing.T) {
	isolate(t)
	asked, status := 0, 200
	s, _ := open(t, func(_ int, r request) reply {
		arns := in[[]string](t, r, "ResourceARNList")
		asked += len(arns)
		if len(arns) > 100 {
			t.Errorf("%d ARNs in one call", len(arns))
		}
		if status != 200 {
			return jsonError(status, "AccessDeniedException", "no")
		}
		return jsonReply(map[string]any{"ResourceTagMappingList": []any{map[string]any{"ResourceARN": arns[0], "Tags": []any{map[string]string{"Key": "Owner", "Value": "ana"}}}}})
	})
	made := func() []resource.Resource {
		var rs []resource.Resource
		for i := range 101 {
			ref, _ := resource.AnythingRef(place, fmt.Sprintf("arn:aws:sqs:eu-west-1:111122223333:q%d", i))
			rs = append(rs, &resource.Anything{Base: resource.Base{Reference: ref, TagSet: tag.Set{"Told": "yes"}}})
		}
		return rs
	}
	rs := made()
	s.Source().Fill(t.Context(), place, need.Tags, rs)
	for i, want := range map[int]tag.Set{0: {"Owner": "ana"}, 1: {"Told": "yes"}, 100: {"Owner": "ana"}} {
		if d := cmp.Diff(want, rs[i].Tags()); d != "" || resource.TagsUnread(rs[i]) != nil {
			t.Errorf("%d: %v (-want +got)\n%s", i, resource.TagsUnread(rs[i]), d)
		}
	}
	if asked != 101 {
		t.Errorf("asked for %d", asked)
	}
	status = 400
	rs = made()
	s.Source().Fill(t.Context(), place, need.Tags, rs)
	if fault.ClassOf(resource.TagsUnread(rs[7])) != fault.Denied {
		t.Errorf("not allowed to: %v", resource.TagsUnread(rs[7]))
	}
}

func TestServicesNameWhatIsNotThereAlike(t *testing.T) {
	for _, code := range []string{"NotFoundException", "ClusterNotFoundException", "InvalidRouteTableID.NotFound", "InvalidKeyPair.NotFound", "FileSystemNotFound",
		"NoSuchDistribution", "NoSuchHostedZone", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "StateMachineDoesNotExist", "DBProxyNotFoundFault"} {
		if v := judgeCode(code, 400); v.class != fault.NotFound {
			t.Errorf("%s is %s", code, v.class)
		}
	}
	for _, code := range []string{"NotFoundry", "Found", "InvalidInput"} {
		if v := judgeCode(code, 400); v.class == fault.NotFound {
			t.Errorf("%s is %s", code, v.class)
		}
	}
}
