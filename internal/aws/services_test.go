package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	lam "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// madeUnread ignores who made something, which no listing tells.
var madeUnread = cmpopts.IgnoreUnexported(resource.Lazy[resource.Origin]{})

// asks is what a request asks for: the operation of a JSON protocol, and of
// others the method, the path and the parameters by which S3 tells them apart.
func asks(r request) string {
	if t := r.Header.Get("X-Amz-Target"); t != "" {
		return t[strings.LastIndex(t, ".")+1:]
	}
	for _, sub := range []string{"tagging", "location"} {
		if r.URL.Query().Has(sub) {
			// The bucket is the first word of the host, or of the path.
			return r.Method + " " + sub + " " + strings.Split(r.URL.Host+strings.TrimSuffix(r.URL.Path, "/"), ".")[0]
		}
	}
	return r.Method + " " + r.URL.Path
}

// in reads a member of a request's JSON.
func in[T any](t testing.TB, r request, name string) T {
	t.Helper()
	all := map[string]json.RawMessage{}
	var v T
	if err := json.Unmarshal(r.body, &all); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
	if raw, ok := all[name]; ok {
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func jsonReply(v any) reply {
	body, _ := json.Marshal(v)
	return reply{body: string(body)}
}

func s3Error(status int, code string) reply {
	return reply{status: status, body: fmt.Sprintf(`<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)}
}

func tagging(tags ...string) reply {
	var b strings.Builder
	for i := 0; i < len(tags); i += 2 {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", tags[i], tags[i+1])
	}
	return reply{body: "<Tagging><TagSet>" + b.String() + "</TagSet></Tagging>"}
}

// listedTags is the tags of everything that a listing hands over, by id, with the
// class of the error where they could not be read.
func listedTags(t *testing.T, s *Session, typ resource.Type) (map[string]any, error) {
	t.Helper()
	got := map[string]any{}
	err := s.Source().List(t.Context(), place, typ, func(rs []resource.Resource) error {
		for _, r := range rs {
			got[r.Ref().ID] = map[string]string(r.Tags())
			if err := resource.TagsUnread(r); err != nil {
				got[r.Ref().ID] = fault.ClassOf(err)
			}
		}
		return nil
	})
	return got, err
}

func TestBucketsAreListedPageByPageInTheirOwnRegionWithTheirTags(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		switch asks(r) {
		case "GET /":
			q := r.URL.Query()
			if q.Get("bucket-region") != place.Region || q.Get("max-buckets") != "1000" {
				t.Errorf("asked %s", r.URL)
			}
			if q.Get("continuation-token") == "" {
				return reply{body: `<ListAllMyBucketsResult><Buckets><Bucket><Name>logs</Name><BucketRegion>eu-west-1</BucketRegion><CreationDate>2026-01-01T10:00:00.000Z</CreationDate></Bucket>` +
					`<Bucket><Name>bare</Name><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets><ContinuationToken>more</ContinuationToken></ListAllMyBucketsResult>`}
			}
			return reply{body: `<ListAllMyBucketsResult><Buckets><Bucket><Name>closed</Name><BucketRegion>eu-west-1</BucketRegion></Bucket><Bucket><Name>gone</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>` +
				`<Bucket><Name>elsewhere</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>`}
		case "GET tagging logs":
			if owner := r.Header.Get(bucketOwner); owner != place.Account {
				t.Errorf("the tags are asked for of a bucket of account %q", owner)
			}
			return tagging("Owner", "ana", "aws:cloudformation:stack-name", "s")
		case "GET tagging bare":
			return s3Error(404, "NoSuchTagSet")
		case "GET tagging closed":
			return s3Error(403, "AccessDenied")
		case "GET tagging gone":
			return s3Error(404, "NoSuchBucket")
		}
		t.Errorf("asked %s", asks(r))
		return reply{status: 500}
	})
	got, err := listedTags(t, s, resource.S3Bucket)
	want := map[string]any{"logs": map[string]string{"Owner": "ana", "aws:cloudformation:stack-name": "s"}, "bare": map[string]string{}, "closed": fault.Denied}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if n := len(fake.requests); n != 6 {
		t.Errorf("%d calls for two pages and four buckets", n)
	}
	rs, err := s.Source().Get(t.Context(), place, resource.S3Bucket, []string{"logs"})
	if err != nil || len(rs) != 1 || rs[0].Ref() != resource.S3Ref(place, "logs") || !rs[0].(*resource.Bucket).CreatedAt.Equal(time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("Get: %+v, %v", rs, err)
	}
	if n := len(fake.requests); n != 9 {
		t.Errorf("%d calls to read one bucket of two pages anew", n-6)
	}
}

// What answers without the regions may have listed all: each is asked for.
func TestABucketIsReadInItsOwnRegionAlone(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(_ int, r request) reply {
		where := map[string]string{"GET location one": "eu-west-1", "GET location two": "EU", "GET location three": "", "GET location four": "ap-south-1"}
		if l, ok := where[asks(r)]; ok {
			return reply{body: "<LocationConstraint>" + l + "</LocationConstraint>"}
		}
		switch asks(r) {
		case "GET location five":
			return s3Error(404, "NoSuchBucket")
		case "GET /":
			b := ""
			for _, n := range []string{"one", "two", "three", "four", "five"} {
				b += "<Bucket><Name>" + n + "</Name></Bucket>"
			}
			return reply{body: "<ListAllMyBucketsResult><Buckets>" + b + "</Buckets></ListAllMyBucketsResult>"}
		}
		return s3Error(404, "NoSuchTagSet")
	})
	got, err := listedTags(t, s, resource.S3Bucket)
	if d := cmp.Diff(map[string]any{"one": map[string]string{}, "two": map[string]string{}}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

// bucketOwner is the header with which S3 refuses what is another account's
// ("Verifying bucket ownership with bucket owner condition" in the S3 user guide).
const bucketOwner = "X-Amz-Expected-Bucket-Owner"

// onBuckets makes a call about buckets that have these tags, and returns what
// was written.
func onBuckets(t *testing.T, have map[string]reply, c execute.Call) (execute.Answer, []string, error) {
	t.Helper()
	var mu sync.Mutex
	var wrote []string
	s, _ := open(t, func(_ int, r request) reply {
		op := asks(r)
		method, bucket, _ := strings.Cut(op, " tagging ")
		if owner := r.Header.Get(bucketOwner); owner != place.Account { // the bucket may have come to be another's
			t.Errorf("%s is for a bucket of account %q", op, owner)
		}
		if method == http.MethodGet {
			return have[bucket]
		}
		mu.Lock()
		defer mu.Unlock()
		body := string(r.body)
		if i := strings.Index(body, "<TagSet>"); i >= 0 {
			body = strings.NewReplacer("<TagSet>", "", "<Tag><Key>", "", "</Key><Value>", "=", "</Value></Tag>", ";", "</TagSet>", "", "</Tagging>", "").Replace(body[i:])
		}
		wrote = append(wrote, op+" "+body)
		return reply{}
	})
	c.At, c.Type = place, resource.S3Bucket
	answer, err := s.Actor().Do(t.Context(), c)
	return answer, wrote, err
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
func TestTaggingABucketKeepsItsOtherTags(t *testing.T) {
	isolate(t)
	stack := tagging("aws:cloudformation:stack-name", "s", "Owner", "ana")
	tests := []struct {
		name string
		have reply
		c    execute.Call
		want []string
	}{
		{"a tag more", stack, execute.Call{Action: action.Tag, Tags: tag.Set{"Project": "atlas"}}, []string{"PUT tagging logs Owner=ana;Project=atlas;aws:cloudformation:stack-name=s;"}},
		{"the first tag", s3Error(404, "NoSuchTagSet"), execute.Call{Action: action.Mark, Tags: tag.Set{"m": "x"}}, []string{"PUT tagging logs m=x;"}},
		{"one that it has", stack, execute.Call{Action: action.Tag, Tags: tag.Set{"Owner": "ana"}}, nil},
		{"a tag less", stack, execute.Call{Action: action.Untag, Keys: []string{"Owner"}}, []string{"PUT tagging logs aws:cloudformation:stack-name=s;"}},
		{"the last tag", tagging("Owner", "ana"), execute.Call{Action: action.Untag, Keys: []string{"Owner"}}, []string{"DELETE tagging logs "}},
		{"one that it has not", stack, execute.Call{Action: action.Unmark, Keys: []string{"m"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.IDs = []string{"logs"}
			answer, wrote, err := onBuckets(t, map[string]reply{"logs": tt.have}, tt.c)
			if d := cmp.Diff(tt.want, wrote); d != "" || err != nil || len(answer.Failed) != 0 {
				t.Errorf("%v, %v (-want +got)\n%s", answer, err, d)
			}
		})
	}
}

// Writing without having read would delete the tags that are there.
func TestABucketWhoseTagsCannotBeReadIsNotTagged(t *testing.T) {
	isolate(t)
	have := map[string]reply{"aaa": s3Error(403, "AccessDenied"), "bbb": tagging("k", "v"), "ccc": s3Error(404, "NoSuchBucket")}
	c := execute.Call{Action: action.Tag, IDs: []string{"aaa", "bbb", "ccc"}, Tags: tag.Set{"Project": "atlas"}}
	answer, wrote, err := onBuckets(t, have, c)
	if err != nil || fault.ClassOf(answer.Failed["aaa"]) != fault.Denied || fault.ClassOf(answer.Failed["ccc"]) != fault.NotFound || answer.Failed["bbb"] != nil {
		t.Errorf("%v, %v", answer, err)
	}
	if d := cmp.Diff([]string{"PUT tagging bbb Project=atlas;k=v;"}, wrote); d != "" {
		t.Error(d)
	}
	c.IDs = []string{"aaa"}
	if _, wrote, err := onBuckets(t, have, c); fault.ClassOf(err) != fault.Denied || wrote != nil {
		t.Errorf("%v, wrote %v", err, wrote)
	}
}

func TestWhatTheTaggingAPILeavesOutIsSaid(t *testing.T) {
	isolate(t)
	ids := make([]string, 45)
	for i := range ids {
		ids[i] = fmt.Sprintf("f%02d", i)
	}
	arn := func(id string) string { return resource.LambdaRef(place, id).ARN }
	var sizes []int
	s, _ := open(t, func(n int, r request) reply {
		arns := in[[]string](t, r, "ResourceARNList")
		sizes = append(sizes, len(arns))
		if asks(r) != "TagResources" || in[map[string]string](t, r, "Tags")["Project"] != "atlas" {
			t.Errorf("asked %s %s", asks(r), r.body)
		}
		if n == 3 {
			return jsonError(400, "AccessDeniedException", "no")
		}
		failed := map[string]any{}
		if n == 1 {
			failed[arn("f03")] = map[string]any{"StatusCode": 500, "ErrorCode": "InternalServiceException", "ErrorMessage": "a moment\nplease"}
			failed[arn("f04")] = map[string]any{"StatusCode": 400, "ErrorCode": "InvalidParameterException", "ErrorMessage": "no"}
			failed[arn("f05")] = map[string]any{"StatusCode": 404, "ErrorCode": "ResourceNotFoundException"}
		}
		return jsonReply(map[string]any{"FailedResourcesMap": failed})
	})
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Tag, Type: resource.LambdaFunction, At: place, IDs: ids, Tags: tag.Set{"Project": "atlas"}})
	if err != nil || !slices.Equal(sizes, []int{20, 20, 5}) {
		t.Fatalf("%v after calls about %v", err, sizes)
	}
	got := map[string]fault.Class{}
	for id, err := range answer.Failed {
		got[id] = fault.ClassOf(err)
	}
	want := map[string]fault.Class{"f03": fault.Passing, "f04": fault.Invalid, "f05": fault.NotFound,
		"f40": fault.Denied, "f41": fault.Denied, "f42": fault.Denied, "f43": fault.Denied, "f44": fault.Denied}
	if d := cmp.Diff(want, got); d != "" || strings.Contains(answer.Failed["f03"].Error(), "\n") {
		t.Errorf("%v (-want +got)\n%s", answer.Failed["f03"], d)
	}
}

func TestACallThatTheTaggingAPIRefusesFailsAsAWhole(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply { return jsonError(400, "InvalidParameterException", "no") })
	_, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Untag, Type: resource.DynamoDBTable, At: place, IDs: []string{"orders"}, Keys: []string{"k"}})
	if fault.ClassOf(err) != fault.Invalid {
		t.Error(err)
	}
}

// lambdaAnswers answers for 60 functions, of which every third is tagged.
func lambdaAnswers(t *testing.T, resources func(arns []string) reply) func(int, request) reply {
	function := func(n int) map[string]any {
		return map[string]any{"FunctionName": fmt.Sprintf("f%02d", n), "Runtime": "python3.13"}
	}
	return func(_ int, r request) reply {
		op := asks(r)
		switch {
		case op == "GetResources":
			return resources(in[[]string](t, r, "ResourceARNList"))
		case op == "GET /2015-03-31/functions", op == "GET /2015-03-31/functions/":
			q := r.URL.Query()
			if q.Get("MaxItems") != "50" {
				t.Errorf("asked %s", r.URL)
			}
			from, to, next := 0, 50, "next"
			if q.Get("Marker") == "next" {
				from, to, next = 50, 60, ""
			}
			var list []map[string]any
			for n := from; n < to; n++ {
				list = append(list, function(n))
			}
			return jsonReply(map[string]any{"Functions": list, "NextMarker": next})
		case strings.HasPrefix(op, "GET /2017-03-31/tags/"):
			if strings.HasSuffix(op, "f07") {
				return jsonError(404, "ResourceNotFoundException", "no")
			}
			return jsonReply(map[string]any{"Tags": map[string]string{"alone": op[len(op)-3:]}})
		case strings.HasSuffix(op, "/configuration"):
			name := strings.Split(op, "/")[3]
			if name == "f99" {
				return jsonError(404, "ResourceNotFoundException", "no")
			}
			return jsonReply(map[string]any{"FunctionName": name, "Runtime": "go"})
		}
		t.Errorf("asked %s", op)
		return reply{status: 500}
	}
}

func TestFunctionsOfAPageTakeTwoCalls(t *testing.T) {
	isolate(t)
	s, fake := open(t, lambdaAnswers(t, func(arns []string) reply {
		var list []any
		for i := 0; i < len(arns); i += 3 {
			list = append(list, map[string]any{"ResourceARN": arns[i], "Tags": []any{map[string]string{"Key": "Owner", "Value": arns[i][len(arns[i])-3:]}}})
		}
		return jsonReply(map[string]any{"ResourceTagMappingList": list, "PaginationToken": ""})
	}))
	got, err := listedTags(t, s, resource.LambdaFunction)
	if err != nil || len(got) != 60 || len(fake.requests) != 4 {
		t.Fatalf("%d functions with %d calls, %v", len(got), len(fake.requests), err)
	}
	for id, want := range map[string]map[string]string{"f00": {"Owner": "f00"}, "f01": {}, "f50": {"Owner": "f50"}} {
		if d := cmp.Diff(want, got[id]); d != "" {
			t.Errorf("%s: %s", id, d)
		}
	}
	rs, err := s.Source().Get(t.Context(), place, resource.LambdaFunction, []string{"f01", "f99"})
	if err != nil || len(rs) != 1 || rs[0].Tags()["alone"] != "f01" || rs[0].(*resource.Function).Runtime != "go" {
		t.Errorf("Get: %+v, %v", rs, err)
	}
}

func TestWhereTheTagsOfAllAreDeniedEachIsAskedFor(t *testing.T) {
	isolate(t)
	s, _ := open(t, lambdaAnswers(t, func([]string) reply { return jsonError(400, "AccessDeniedException", "no") }))
	got, err := listedTags(t, s, resource.LambdaFunction)
	if d := cmp.Diff(map[string]string{"alone": "f59"}, got["f59"]); d != "" || err != nil || got["f07"] != fault.NotFound {
		t.Errorf("%v, f07 is %v: %s", err, got["f07"], d)
	}
}

func TestTagsThatTheServiceFailedToTellAreNotNone(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	s, _ := open(t, lambdaAnswers(t, func([]string) reply { return jsonError(400, "ThrottlingException", "no") }))
	if got, err := listedTags(t, s, resource.LambdaFunction); fault.ClassOf(err) != fault.Throttled || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTablesAreDescribedEachAndTheirTagsReadTogether(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		switch name := asks(r); name {
		case "ListTables":
			if in[string](t, r, "ExclusiveStartTableName") == "" {
				return jsonReply(map[string]any{"TableNames": []string{"orders", "gone"}, "LastEvaluatedTableName": "gone"})
			}
			return jsonReply(map[string]any{"TableNames": []string{"users"}})
		case "DescribeTable":
			if in[string](t, r, "TableName") == "gone" {
				return jsonError(400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "no")
			}
			return jsonReply(map[string]any{"Table": map[string]any{"TableName": in[string](t, r, "TableName"), "TableStatus": "ACTIVE"}})
		case "GetResources":
			return jsonReply(map[string]any{"ResourceTagMappingList": []any{map[string]any{"ResourceARN": resource.DynamoDBRef(place, "users").ARN,
				"Tags": []any{map[string]string{"Key": "Owner", "Value": "ben"}}}}})
		case "ListTagsOfResource":
			if in[string](t, r, "NextToken") == "" {
				return jsonReply(map[string]any{"Tags": []any{map[string]string{"Key": "a", "Value": "1"}}, "NextToken": "more"})
			}
			return jsonReply(map[string]any{"Tags": []any{map[string]string{"Key": "b", "Value": "2"}}})
		default:
			t.Errorf("asked %s", name)
			return reply{status: 500}
		}
	})
	got, err := listedTags(t, s, resource.DynamoDBTable)
	if d := cmp.Diff(map[string]any{"orders": map[string]string{}, "users": map[string]string{"Owner": "ben"}}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if n := len(fake.requests); n != 7 {
		t.Errorf("%d calls for two pages with three tables", n)
	}
	rs, err := s.Source().Get(t.Context(), place, resource.DynamoDBTable, []string{"orders"})
	if d := cmp.Diff(tag.Set{"a": "1", "b": "2"}, rs[0].Tags()); d != "" || err != nil {
		t.Errorf("Get: %v %s", err, d)
	}
}

func TestFunctionsAndTablesComeWithWhatAWSSaysOfThem(t *testing.T) {
	str, made := awssdk.String, time.Date(2026, 1, 1, 22, 4, 5, 0, time.UTC)
	f := functionFrom(place, &lam.FunctionConfiguration{FunctionName: str("resize"), Runtime: "python3.13", MemorySize: awssdk.Int32(512), Timeout: awssdk.Int32(15), CodeSize: 1024,
		LastModified: str("2026-01-01T22:04:05.000+0000"), PackageType: "Zip", Architectures: []lam.Architecture{"arm64"}, VpcConfig: &lam.VpcConfigResponse{VpcId: str("vpc-1")},
		Role: str("arn:aws:iam::111122223333:role/r"), Description: str("d")})
	wantF := &resource.Function{Base: resource.Base{Reference: resource.LambdaRef(place, "resize"), TagSet: tag.Set{}}, Runtime: "python3.13", Memory: 512, Timeout: 15 * time.Second,
		CodeSize: 1024, ModifiedAt: made, PackageType: "Zip", Architecture: "arm64", VPC: "vpc-1", Role: "arn:aws:iam::111122223333:role/r", Description: "d"}
	if d := cmp.Diff(wantF, f, madeUnread); d != "" {
		t.Error(d)
	}
	if functionFrom(place, &lam.FunctionConfiguration{}) != nil {
		t.Error("a function without a name was kept")
	}
	if f := functionFrom(place, &lam.FunctionConfiguration{FunctionName: str("x"), LastModified: str("yesterday")}); !f.ModifiedAt.IsZero() {
		t.Errorf("modified at %v", f.ModifiedAt)
	}
	got := tableFrom(place, "orders", &ddb.TableDescription{TableStatus: "ACTIVE", CreationDateTime: &made, TableSizeBytes: awssdk.Int64(4096), ItemCount: awssdk.Int64(12),
		BillingModeSummary: &ddb.BillingModeSummary{BillingMode: "PAY_PER_REQUEST"}, DeletionProtectionEnabled: awssdk.Bool(true)})
	want := &resource.Table{Base: resource.Base{Reference: resource.DynamoDBRef(place, "orders"), TagSet: tag.Set{}}, State: "ACTIVE", CreatedAt: made, Size: 4096, Items: 12,
		BillingMode: "PAY_PER_REQUEST", DeletionProtection: true}
	if d := cmp.Diff(want, got, madeUnread); d != "" {
		t.Error(d)
	}
	if got := tableFrom(place, "orders", &ddb.TableDescription{}); got.BillingMode != "PROVISIONED" {
		t.Errorf("a table that tells no billing mode has %q", got.BillingMode)
	}
}
