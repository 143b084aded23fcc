package creation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	okType    = regexp.MustCompile(`^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$`)
	okName    = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)
	okPath    = regexp.MustCompile(`^(resources|[RQS](\.[A-Za-z][A-Za-z0-9]*(\[([A-Za-z.]+=[A-Za-z]+)?\])?)+)$`)
	okPattern = regexp.MustCompile(`^arn:P:[a-z0-9-]+:R?:A?:[^{}]*(\{(id|[RQ]\.[A-Za-z.]+)\}[^{}]*)+$`)
	okTagging = regexp.MustCompile(`^(none|[a-z0-9-]+:[A-Z][A-Za-z]+)$`)
)

func TestEveryRowIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for row := range All() {
		where := fmt.Sprintf("%s %s %s %s", row.Key, row.Type, row.At, row.ARN)
		if seen[where] {
			t.Errorf("%s is there twice", where)
		}
		seen[where] = true
		if !okName.MatchString(row.Name) || !strings.HasSuffix(row.Source, amazonaws) {
			t.Errorf("%s: its event", where)
		}
		if row.Not != "" {
			if len(Rows(row.Key)) != 1 {
				t.Errorf("%s makes something, and does not", where)
			}
			continue
		}
		for _, p := range strings.Split(row.At, "|") {
			if !okPath.MatchString(p) {
				t.Errorf("%s: the path %s", where, p)
			}
		}
		if row.ARN != isARN && row.ARN != noARN && row.ARN != byEC2 && !okPattern.MatchString(row.ARN) {
			t.Errorf("%s: the ARN %s", where, row.ARN)
		}
		if row.ARN == byEC2 && !strings.HasPrefix(string(row.Type), "ec2:") {
			t.Errorf("%s is none of EC2's", where)
		}
		for _, b := range append([]resource.Type{row.Type}, row.Brings...) {
			if !okType.MatchString(string(b)) {
				t.Errorf("%s: the type %q", where, b)
			}
		}
		if !okTagging.MatchString(string(row.Tagging)) {
			t.Errorf("%s: tagged by %q", where, row.Tagging)
		}
		if strings.HasPrefix(string(row.Type), "ec2:") != (row.Tagging == CreateTags) {
			t.Errorf("%s is tagged by %s", where, row.Tagging)
		}
	}
}

func TestTheTableIsAsLargeAsItSays(t *testing.T) {
	events, services := map[Key]bool{}, map[string]bool{}
	for row := range All() {
		if row.Not == "" && row.Basis != Unverified {
			events[row.Key], services[row.Source] = true, true
		}
	}
	if len(events) < 900 || len(services) < 190 {
		t.Errorf("%d events of %d services", len(events), len(services))
	}
}

func TestEveryTypeHasAnEventThatCreatesIt(t *testing.T) {
	for _, s := range resource.Schemas() {
		if s.Type != resource.Any && len(ByType(s.Type)) == 0 {
			t.Errorf("nothing creates %s", s.Type)
		}
	}
}

func TestEventsAreFoundByType(t *testing.T) {
	names := func(keys []Key) (names []string) {
		for _, k := range keys {
			names = append(names, k.String())
		}
		return names
	}
	for typ, want := range map[resource.Type][]string{
		resource.EC2Instance: {"ec2:CreateFleet", "ec2:RunInstances"},
		resource.EC2Volume:   {"ec2:CopyVolumes", "ec2:CreateVolume"},
		resource.EC2Snapshot: {"ebs:StartSnapshot", "ec2:CopySnapshot", "ec2:CreateSnapshot", "ec2:CreateSnapshots"},
		"s3:bucket":          {"s3:CreateBucket"},
		"no:type":            nil,
	} {
		if diff := cmp.Diff(want, names(ByType(typ))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", typ, diff)
		}
	}
	for typ, want := range map[resource.Type][]string{
		resource.EC2Volume:     {"ec2:CreateFleet", "ec2:RunInstances"},
		resource.EC2Snapshot:   {"ec2:CopyImage", "ec2:CreateImage", "ec2:CreateRestoreImageTask"},
		resource.EC2NetworkACL: {"ec2:CreateDefaultVpc", "ec2:CreateVpc"},
		resource.EC2Instance:   nil,
	} {
		if diff := cmp.Diff(want, names(Bringing(typ))); diff != "" {
			t.Errorf("brings %s (-want +got):\n%s", typ, diff)
		}
	}
}

func TestAFaultInTheTableIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"s3 s3:PutBucketTagging\n  CreateBucket s3:bucket Q.bucketName":             `reading line 2 of the events: "CreateBucket" has 3 columns, not 5`,
		"s3 s3:PutBucketTagging\n\n  CreateBucket s3:bucket Q.bucketName - seen":    `reading line 3 of the events: "seen" is no basis`,
		"s3 s3:PutBucketTagging\n  CreateBucket s3:bucket Q.bucketName - model big": `reading line 2 of the events: "big" is no option`,
		"s3 s3:PutBucketTagging\n  # nothing":                                       "",
	} {
		got := ""
		if _, err := parseTable(text); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// shapes are the forms in which CloudTrail has a list of one.
var shapes = map[string]func(any) any{
	"an array":       func(v any) any { return []any{v} },
	"items":          func(v any) any { return map[string]any{"items": []any{v}} },
	"item":           func(v any) any { return map[string]any{"item": []any{v}} },
	"item by itself": func(v any) any { return map[string]any{"item": v} },
	"one by itself":  func(v any) any { return v },
	"after others":   func(v any) any { return []any{"", nil, map[string]any{}, v} },
}

// put puts a value at the path of a document, in lists of the shape.
func put(doc map[string]any, path string, value any, shape func(any) any) {
	step, rest := cutStep(path)
	name, filter, list := cutFilter(step)
	inside := value
	if rest != "" || filter.path != "" {
		object, ok := doc[name].(map[string]any)
		if !ok {
			object = map[string]any{}
		}
		if filter.path != "" {
			put(object, filter.path, filter.value, shape)
		}
		if rest != "" {
			put(object, rest, value, shape)
		}
		inside = object
	}
	if list {
		inside = shape(inside)
	}
	doc[name] = inside
}

// synthesised is a record in which a value stands at one path of a row.
func synthesised(t *testing.T, row *Row, path, value string, shape func(any) any, wrapped bool) *Record {
	t.Helper()
	answer, request, details := map[string]any{}, map[string]any{}, map[string]any{}
	set := func(path, value string) {
		switch root, rest, _ := strings.Cut(path, "."); root {
		case "R":
			put(answer, rest, value, shape)
		case "Q":
			put(request, rest, value, shape)
		case "S":
			put(details, rest, value, shape)
		}
	}
	for _, m := range regexp.MustCompile(`\{([RQ]\.[^}]*)\}`).FindAllStringSubmatch(row.ARN, -1) {
		set(m[1], "beside")
	}
	if row.only.path != "" {
		set(row.only.path, row.only.value)
	}
	set(path, value)
	record := map[string]any{"eventSource": row.Source, "eventName": row.Name, "awsRegion": "cn-north-1", "recipientAccountId": "011122223333",
		"requestParameters": request, "responseElements": answer, "serviceEventDetails": details}
	if wrapped {
		record["responseElements"] = map[string]any{row.Name + "Response": answer}
	}
	if path == touched {
		record["resources"] = []any{map[string]any{"ARN": value}}
	}
	data, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is put where a row says it is comes out, in each shape of a list and in
// both of EC2's answers.
func TestEveryRowFindsWhatStandsAtItsPath(t *testing.T) {
	for row := range All() {
		for _, path := range strings.Split(row.At, "|") {
			for name, shape := range shapes {
				for _, wrapped := range []bool{false, true} {
					if row.Not == "" && (!wrapped || row.Source == "ec2"+amazonaws) && (name == "an array" || strings.Contains(path, "[")) {
						finds(t, row, path, name, synthesised(t, &row, path, given(row), shape, wrapped))
					}
				}
			}
		}
	}
}

// given is what stands at the path of a row, of which the id is made-1.
func given(row Row) string {
	service, _, _ := strings.Cut(string(row.Type), ":")
	switch {
	case row.ARN == isARN:
		return "arn:aws-cn:" + service + ":cn-north-1:011122223333:thing/made-1"
	case row.tail:
		return "/somewhere/made-1"
	case row.lower:
		return "MADE-1"
	default:
		return "made-1"
	}
}

func finds(t *testing.T, row Row, path, shape string, r *Record) {
	t.Helper()
	c, ignored := r.Creation()
	if ignored != nil {
		t.Errorf("%s %s, %s in %s: %s", row.Key, row.Type, path, shape, ignored.Text)
		return
	}
	i := slices.IndexFunc(c.Made, func(m Made) bool { return m.Ref.Type == row.Type })
	if i < 0 {
		t.Errorf("%s: %s in %s leads to %+v, no %s", row.Key, path, shape, c.Made, row.Type)
		return
	}
	ref := c.Made[i].Ref
	if ref.ID != "made-1" || ref.Account != "011122223333" || ref.Region != "cn-north-1" {
		t.Errorf("%s: %s in %s leads to %+v", row.Key, path, shape, ref)
	}
	parts := strings.SplitN(ref.ARN, ":", 6)
	if row.ARN != noARN && (len(parts) != 6 || parts[1] != "aws-cn" || strings.ContainsAny(ref.ARN, "{}") || !strings.Contains(parts[5], "made-1") && !strings.Contains(parts[5], "beside")) {
		t.Errorf("%s: the ARN %s", row.Key, ref.ARN)
	}
	if row.ARN == noARN && ref.ARN != "" {
		t.Errorf("%s: the ARN %s is made up", row.Key, ref.ARN)
	}
}

// Nothing is made of a record that holds nothing at the path.
func TestAnEmptyAnswerMakesNothing(t *testing.T) {
	for row := range All() {
		for _, empty := range []string{`null`, `""`, `{}`, `[]`, `7`, `"x"`, `{"CreateX":[{}]}`} {
			r, err := Parse([]byte(`{"eventSource":"` + row.Source + `","eventName":"` + row.Name + `","awsRegion":"eu-central-1","recipientAccountId":"011122223333","requestParameters":` + empty + `,"responseElements":` + empty + `,"resources":` + empty + `,"serviceEventDetails":` + empty + `}`))
			if err != nil {
				t.Fatal(err)
			}
			if c, ignored := r.Creation(); ignored == nil {
				t.Errorf("%s out of %s: %+v", row.Key, empty, c.Made)
			}
		}
	}
}
