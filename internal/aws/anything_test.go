package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	queueARN = "arn:aws:sqs:eu-west-1:111122223333:jobs"
	bareARN  = "arn:aws:sqs:eu-west-1:111122223333:bare"
	roleARN  = "arn:aws:iam::111122223333:role/deploy"
	vpceARN  = "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-1"
)

var (
	machine = resource.EC2Ref(place, resource.EC2Instance, "i-0123")
	logs    = resource.S3Ref(place, "logs")
)

// virtually runs a subtest in which waits take no time.
func virtually(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// estate answers as the services that know everything do: two pages of tags,
// and what a test makes of AWS Config and Resource Explorer. It throttles the
// first call of each.
type estate struct {
	t         *testing.T
	recorder  map[string]any // nil: none
	recording bool
	view      map[string]any // nil: none
	explored  []map[string]any
	mu        sync.Mutex
	calls     map[string]int
}

func (e *estate) answer(_ int, r request) reply {
	op := asks(r)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls == nil {
		e.calls = map[string]int{}
	}
	e.calls[op]++
	if e.calls[op] == 1 {
		return jsonError(400, "ThrottlingException", "no")
	}
	switch op {
	case "GetResources":
		return e.tagged(r)
	case "DescribeConfigurationRecorders":
		if e.recorder == nil {
			return jsonReply(map[string]any{"ConfigurationRecorders": []any{}})
		}
		return jsonReply(map[string]any{"ConfigurationRecorders": []any{map[string]any{"name": "default", "recordingGroup": e.recorder}}})
	case "DescribeConfigurationRecorderStatus":
		return jsonReply(map[string]any{"ConfigurationRecordersStatus": []any{map[string]any{"name": "default", "recording": e.recording}}})
	case "SelectResourceConfig":
		return e.recorded(r)
	case "POST /GetDefaultView":
		if e.view == nil {
			return jsonReply(map[string]any{})
		}
		return jsonReply(map[string]any{"ViewArn": "arn:view"})
	case "POST /GetView":
		return jsonReply(map[string]any{"View": e.view})
	case "POST /ListResources":
		return e.listed(r)
	}
	e.t.Errorf("asked %s", op)
	return reply{status: 500}
}

// tagged are two pages: what has tags.
func (e *estate) tagged(r request) reply {
	page := func(next string, arns ...string) reply {
		var list []any
		for _, arn := range arns {
			list = append(list, map[string]any{"ResourceARN": arn, "Tags": []any{map[string]string{"Key": "Owner", "Value": "ana"}}})
		}
		return jsonReply(map[string]any{"ResourceTagMappingList": list, "PaginationToken": next})
	}
	if in[int](e.t, r, "ResourcesPerPage") != 100 {
		e.t.Errorf("asked %s", r.body)
	}
	if in[string](e.t, r, "PaginationToken") == "" {
		return page("more", queueARN, machine.ARN)
	}
	return page("", logs.ARN, roleARN)
}

// recorded are two pages of AWS Config's, the tags of the first of them old.
func (e *estate) recorded(r request) reply {
	result := func(arn, region, tags string) string {
		return fmt.Sprintf(`{"arn":%q,"accountId":"111122223333","awsRegion":%q,"resourceCreationTime":"2026-01-01T10:00:00.000Z","tags":%s}`, arn, region, tags)
	}
	if in[string](e.t, r, "NextToken") == "" {
		return jsonReply(map[string]any{"NextToken": "more", "Results": []string{
			result(queueARN, "eu-west-1", `[{"key":"Owner","value":"ben","tag":"Owner=ben"}]`),
			result(roleARN, "global", "[]"), `{"accountId":"111122223333"}`, "no JSON"}})
	}
	return jsonReply(map[string]any{"Results": []string{
		result(bareARN, "eu-west-1", "[]"), result(logs.ARN, "eu-west-1", "[]"), result(vpceARN, "eu-west-1", `[{"key":"Team","value":"net"}]`),
		`{"arn":"arn:aws:sqs:eu-west-1:999988887777:others","accountId":"999988887777","awsRegion":"eu-west-1"}`}})
}

func (e *estate) listed(r request) reply {
	filter := in[map[string]string](e.t, r, "Filters")["FilterString"]
	if in[string](e.t, r, "ViewArn") != "arn:view" || in[int](e.t, r, "MaxResults") != 500 || filter != "region:eu-west-1" {
		e.t.Errorf("asked %s", r.body)
	}
	half := len(e.explored) / 2
	if in[string](e.t, r, "NextToken") == "" {
		return jsonReply(map[string]any{"Resources": e.explored[:half], "NextToken": "more"})
	}
	return jsonReply(map[string]any{"Resources": e.explored[half:]})
}

// everything lists all of the region, by ARN.
func everything(t *testing.T, s *Session) (map[string]*resource.Anything, error) {
	t.Helper()
	all := map[string]*resource.Anything{}
	err := s.Source().List(t.Context(), place, resource.Any, func(rs []resource.Resource) error {
		for _, r := range rs {
			if all[r.Ref().ARN] != nil {
				t.Errorf("%s came twice", r.Ref().ARN)
			}
			all[r.Ref().ARN] = r.(*resource.Anything)
		}
		return nil
	})
	return all, err
}

func TestAWSConfigTellsWhatWasNeverTagged(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		e := &estate{t: t, recorder: map[string]any{"allSupported": true}, recording: true}
		s, _ := open(t, e.answer)
		all, err := everything(t, s)
		if err != nil {
			t.Fatal(err)
		}
		thing := func(ref resource.Ref, tags tag.Set, made bool) *resource.Anything {
			a := &resource.Anything{Base: resource.Base{Reference: ref, TagSet: tags}}
			if made {
				a.CreatedAt = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
			}
			return a
		}
		foreign := func(arn string, typ resource.Type) resource.Ref {
			return resource.Ref{ID: arn, ARN: arn, Type: typ, Account: place.Account, Region: place.Region}
		}
		want := map[string]*resource.Anything{
			queueARN:    thing(foreign(queueARN, "sqs:queue"), tag.Set{"Owner": "ana"}, true), // fresher than ben
			bareARN:     thing(foreign(bareARN, "sqs:queue"), tag.Set{}, true),
			vpceARN:     thing(foreign(vpceARN, "ec2:vpc-endpoint"), tag.Set{"Team": "net"}, true),
			logs.ARN:    thing(logs, tag.Set{"Owner": "ana"}, true),
			machine.ARN: thing(machine, tag.Set{"Owner": "ana"}, false), // the tagging API alone knows it
		}
		if d := cmp.Diff(want, all, madeUnread); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

func TestResourceExplorerTellsWhereAWSConfigDoesNot(t *testing.T) {
	isolate(t)
	of := func(arn, region string, tags any) map[string]any {
		r := map[string]any{"Arn": arn, "Region": region, "OwningAccountId": place.Account}
		if tags != nil {
			r["Properties"] = []any{map[string]any{"Name": "tags", "Data": tags}}
		}
		return r
	}
	another := of("arn:aws:sqs:eu-west-1:999988887777:theirs", "eu-west-1", nil)
	another["OwningAccountId"] = "999988887777"
	for name, e := range map[string]*estate{
		"no recorder":                   {},
		"a recorder that is off":        {recorder: map[string]any{"allSupported": true}},
		"a recorder of some types only": {recorder: map[string]any{"allSupported": false}, recording: true},
	} {
		virtually(t, name, func(t *testing.T) {
			e.t = t
			e.view = map[string]any{"IncludedProperties": []any{map[string]any{"Name": "tags"}}, "Filters": map[string]any{"FilterString": ""}}
			e.explored = []map[string]any{
				of(bareARN, "eu-west-1", nil), of(vpceARN, "eu-west-1", []any{map[string]string{"Key": "Team", "Value": "net"}}),
				of(roleARN, "global", nil), of("arn:aws:sqs:us-east-1:111122223333:far", "us-east-1", nil), another,
				of("arn:aws:sqs:eu-west-1:111122223333:odd", "eu-west-1", "what?"),
			}
			s, _ := open(t, e.answer)
			all, err := everything(t, s)
			got := map[string]tag.Set{}
			for arn, a := range all {
				got[arn] = a.TagSet
			}
			want := map[string]tag.Set{bareARN: {}, vpceARN: {"Team": "net"}, queueARN: {"Owner": "ana"}, machine.ARN: {"Owner": "ana"}, logs.ARN: {"Owner": "ana"},
				"arn:aws:sqs:eu-west-1:111122223333:odd": {}}
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, d)
			}
			for arn, a := range all {
				if odd := strings.HasSuffix(arn, ":odd"); odd != (a.TagsErr != nil) {
					t.Errorf("%s: its tags were not read: %v", arn, a.TagsErr)
				}
			}
		})
	}
}

func TestWhatWasNeverTaggedAndNobodyTellsIsSaidToBeUnseen(t *testing.T) {
	isolate(t)
	whole := map[string]any{"IncludedProperties": []any{map[string]any{"Name": "tags"}}}
	partial := map[string]any{"IncludedProperties": whole["IncludedProperties"], "Filters": map[string]any{"FilterString": "service:ec2"}}
	for name, tt := range map[string]struct {
		e    *estate
		says string
	}{
		"neither is on":             {&estate{}, "AWS Config does not record all types; Resource Explorer has no default view"},
		"a view of some":            {&estate{view: partial}, "the default view of Resource Explorer leaves out resources"},
		"a view without their tags": {&estate{view: map[string]any{}}, "the default view of Resource Explorer leaves out tags"},
	} {
		virtually(t, name, func(t *testing.T) {
			tt.e.t = t
			s, _ := open(t, tt.e.answer)
			all, err := everything(t, s)
			if fault.ClassOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "never tagged are not seen") || !strings.Contains(err.Error(), tt.says) || fault.HintOf(err) == "" {
				t.Errorf("%v", err)
			}
			if len(all) != 3 {
				t.Errorf("what is tagged is not handed over: %v", all)
			}
		})
	}
	virtually(t, "Resource Explorer is not set up", func(t *testing.T) {
		e := &estate{t: t}
		s, _ := open(t, func(n int, r request) reply {
			if strings.HasSuffix(asks(r), "GetDefaultView") {
				return jsonError(404, "ResourceNotFoundException", "no index")
			}
			return e.answer(n, r)
		})
		if all, err := everything(t, s); fault.ClassOf(err) != fault.Unsupported || len(all) != 3 || !strings.Contains(err.Error(), "Resource Explorer is not set up") {
			t.Errorf("%v, %v", all, err)
		}
	})
	// Then somebody may be able to tell, and is not let: no lasting answer.
	virtually(t, "neither may be asked", func(t *testing.T) {
		e := &estate{t: t}
		s, _ := open(t, func(n int, r request) reply {
			if op := asks(r); op == "GetResources" {
				return e.answer(n, r)
			}
			return jsonError(403, "AccessDeniedException", "no")
		})
		if all, err := everything(t, s); fault.ClassOf(err) != fault.Denied || len(all) != 3 || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%v, %v", all, err)
		}
	})
	t.Run("the tags may not be asked for", func(t *testing.T) {
		s, _ := open(t, func(int, request) reply { return jsonError(403, "AccessDeniedException", "no") })
		if all, err := everything(t, s); fault.ClassOf(err) != fault.Denied || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// Half of an inventory is not all there is.
func TestAnInventoryThatFailsOnTheWayIsUnread(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		e := &estate{t: t, recorder: map[string]any{"allSupported": true}, recording: true}
		s, _ := open(t, func(n int, r request) reply {
			if asks(r) == "SelectResourceConfig" && in[string](t, r, "NextToken") != "" {
				return jsonError(400, "AccessDeniedException", "no")
			}
			return e.answer(n, r)
		})
		if all, err := everything(t, s); fault.ClassOf(err) != fault.Denied || len(all) == 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestWhatIsInNoRegionIsJudgedInOne(t *testing.T) {
	for region, want := range map[string]bool{"us-east-1": true, "eu-west-1": false, "cn-north-1": true, "cn-northwest-1": false, "us-gov-west-1": true, "us-gov-east-1": false, "eusc-de-east-1": true} {
		var got []string
		at := resource.Place{Account: place.Account, Region: region}
		l := &anywhere{at: at, seen: map[string]bool{}, page: func(rs []resource.Resource) error {
			for _, r := range rs {
				if r.Ref().Region != region {
					t.Errorf("%+v is in no region", r.Ref())
				}
				got = append(got, r.Ref().ARN)
			}
			return nil
		}}
		if err := l.add([]known{{arn: roleARN}, {arn: roleARN, region: "global"}, {arn: "arn:aws:iam::aws:policy/ReadOnly"}, {arn: "nonsense"}}); err != nil {
			t.Fatal(err)
		}
		if want != slices.Contains(got, roleARN) || len(got) > 1 {
			t.Errorf("%s: %v", region, got)
		}
	}
}

func TestForeignTypesAreReadAnewAndTaggedByTheirARNs(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		e := &estate{t: t, recorder: map[string]any{"allSupported": true}, recording: true}
		var wrote []string
		s, _ := open(t, func(n int, r request) reply {
			switch op := asks(r); {
			case op == "TagResources" || op == "UntagResources":
				wrote = append(wrote, op+strings.Join(in[[]string](t, r, "ResourceARNList"), ","))
				return jsonReply(map[string]any{"FailedResourcesMap": map[string]any{bareARN: map[string]any{"ErrorCode": "InvalidParameterException", "StatusCode": 400}}})
			case strings.HasSuffix(r.Get("Action"), "Tags"):
				wrote = append(wrote, r.Get("Action")+r.Get("ResourceId.1"))
				return ec2Answer(r.Get("Action"), "<return>true</return>")
			}
			return e.answer(n, r)
		})
		rs, err := s.Source().Get(t.Context(), place, "sqs:queue", []string{bareARN, "arn:aws:sqs:eu-west-1:111122223333:gone"})
		if err != nil || len(rs) != 1 || rs[0].Ref().ID != bareARN {
			t.Errorf("Get: %v, %v", rs, err)
		}
		do := func(typ resource.Type, k action.Kind, ids ...string) (execute.Answer, error) {
			return s.Actor().Do(t.Context(), execute.Call{Action: k, Type: typ, At: place, IDs: ids, Tags: tag.Set{"k": "v"}, Keys: []string{"k"}})
		}
		answer, err := do("sqs:queue", action.Tag, queueARN, bareARN)
		if err != nil || len(answer.Failed) != 1 || fault.ClassOf(answer.Failed[bareARN]) != fault.Invalid {
			t.Errorf("%v, %v", answer, err)
		}
		if _, err := do("sqs:queue", action.Untag, queueARN); err != nil {
			t.Error(err)
		}
		if _, err := do("ec2:vpc-endpoint", action.Mark, vpceARN); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]string{"TagResources" + queueARN + "," + bareARN, "UntagResources" + queueARN, "CreateTagsvpce-1"}, wrote); d != "" {
			t.Error(d)
		}
		for _, typ := range []resource.Type{"sqs:queue", "ec2:vpc-endpoint", "unheard"} {
			if _, err := do(typ, action.Stop, queueARN); fault.ClassOf(err) != fault.Unsupported {
				t.Errorf("stopping a %s: %v", typ, err)
			}
		}
	})
}

// What a service answers is hostile: no bytes may panic, nor pass for an ARN of
// another account.
func FuzzRecordedResultsAreOfTheAccount(f *testing.F) {
	f.Add(`{"arn":"` + queueARN + `","accountId":"111122223333","tags":[{"key":"a","value":"b"}]}`)
	f.Add(`{"arn":5}`)
	f.Add(`{"arn":"arn:aws:s3:::x","tags":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		k, ok := recordedFrom(text, place.Account)
		if ok && k.arn == "" {
			t.Errorf("%q has no ARN", text)
		}
		l := &anywhere{at: place, seen: map[string]bool{}}
		if r := l.make(k); ok && r != nil {
			if ref := r.Ref(); ref.Place() != place || ref.ARN != k.arn || ref.ID == "" {
				t.Errorf("%q is %+v", text, ref)
			}
		}
		if !json.Valid([]byte(text)) && ok {
			t.Errorf("%q is no JSON", text)
		}
	})
}

// Neither are the tags of IAM's, which Resource Explorer does not index.
func TestTagsInAnUnknownFormAreNotTakenForNone(t *testing.T) {
	if err := addListed(tag.Set{}, []map[string]string{{"key": "Owner", "value": "ana"}}); err == nil {
		t.Error("keys in small letters are taken for no tags")
	}
	if set, err := exploredTags(&types.Resource{Arn: awssdk.String(roleARN)}); err == nil {
		t.Errorf("a role has the tags %v", set)
	}
	if set, err := exploredTags(&types.Resource{Arn: awssdk.String(queueARN)}); err != nil || len(set) != 0 {
		t.Errorf("a queue has the tags %v, %v", set, err)
	}
}
