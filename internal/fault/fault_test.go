package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/tagwarden/tagwarden/internal/fault"
)

var errCause = errors.New("connection reset by peer")

func TestErrorNamesCallPlaceCodeAndText(t *testing.T) {
	tests := []struct {
		name string
		err  fault.Error
		want string
	}{
		{"everything", fault.Error{Class: fault.Protected, Call: "ec2:StopInstances", Region: "eu-central-1", Code: "OperationNotPermitted",
			Message: "The instance may not be stopped.", RequestID: "r-1", Hint: "turn it off", Err: errCause},
			"ec2:StopInstances in eu-central-1: OperationNotPermitted: The instance may not be stopped."},
		{"no region", fault.Error{Call: "sts:GetCallerIdentity", Code: "ExpiredToken", Message: "expired"}, "sts:GetCallerIdentity: ExpiredToken: expired"},
		{"a code alone", fault.Error{Call: "ec2:StopInstances", Region: "us-east-1", Code: "InternalError", Err: errCause}, "ec2:StopInstances in us-east-1: InternalError"},
		{"a text alone", fault.Error{Call: "slack:post", Message: "no_service", Err: errCause}, "slack:post: no_service"},
		{"a cause alone", fault.Error{Class: fault.Passing, Call: "sns:Publish", Region: "us-east-1", Err: errCause}, "sns:Publish in us-east-1: connection reset by peer"},
		{"a class alone", fault.Error{Class: fault.TimedOut, Call: "sns:Publish"}, "sns:Publish: timed out"},
		{"not even a class", fault.Error{Call: "sns:Publish"}, "sns:Publish: other"},
		{"a cause of several lines", fault.Error{Call: "ec2:RunInstances", Err: errors.Join(errCause, errors.New("twice\r\nover\rdone"))},
			"ec2:RunInstances: connection reset by peer twice over done"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestClassHintAndRequestAreFoundInsideOtherErrors(t *testing.T) {
	denied := &fault.Error{Class: fault.Denied, Call: "ec2:StopInstances", Code: "UnauthorizedOperation", Hint: "grant it", RequestID: "r-7", Err: errCause}
	tests := []struct {
		name                 string
		err                  error
		class                fault.Class
		hint, id             string
		isDenied, wrapsCause bool
	}{
		{"nil", nil, "", "", "", false, false},
		{"of another kind", errCause, fault.Other, "", "", false, true},
		{"bare", denied, fault.Denied, "grant it", "r-7", true, true},
		{"wrapped twice", fmt.Errorf("stopping: %w", fmt.Errorf("batch: %w", denied)), fault.Denied, "grant it", "r-7", true, true},
		{"joined behind another", errors.Join(errors.New("first"), denied), fault.Denied, "grant it", "r-7", true, true},
		{"its text alone", errors.New(denied.Error()), fault.Other, "", "", false, false},
		{"the outer of two", &fault.Error{Class: fault.Throttled, Hint: "wait", Err: denied}, fault.Throttled, "wait", "", true, true},
		{"without a class", fmt.Errorf("tagging: %w", &fault.Error{Call: "ec2:CreateTags"}), fault.Other, "", "", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.ClassOf(tt.err); got != tt.class {
				t.Errorf("class %q, want %q", got, tt.class)
			}
			if got := fault.HintOf(tt.err); got != tt.hint {
				t.Errorf("hint %q, want %q", got, tt.hint)
			}
			if got := fault.RequestIDOf(tt.err); got != tt.id {
				t.Errorf("request id %q, want %q", got, tt.id)
			}
			if got := errors.Is(tt.err, denied); got != tt.isDenied {
				t.Errorf("is the denial: %v", got)
			}
			if got := errors.Is(tt.err, errCause); got != tt.wrapsCause {
				t.Errorf("is the cause: %v", got)
			}
		})
	}
}

func TestAnErrorWithoutCauseUnwrapsToNothing(t *testing.T) {
	if err := (&fault.Error{Class: fault.Quota}).Unwrap(); err != nil {
		t.Errorf("unwrapped: %v", err)
	}
}

// whole says of every class whether it concerns all resources of a call.
var whole = map[fault.Class]bool{
	fault.Denied: true, fault.Credentials: true, fault.Throttled: true, fault.Passing: true,
	fault.Unreachable: true, fault.TimedOut: true, fault.Quota: true, fault.Cancelled: true,
	fault.Other: false, fault.NotFound: false, fault.Protected: false, fault.Unsupported: false,
	fault.WrongState: false, fault.TagLimit: false, fault.TagPolicy: false, fault.Invalid: false, fault.Unverified: false,
}

func TestWholeClassesConcernEveryResourceOfACall(t *testing.T) {
	for c, want := range whole {
		if got := c.Whole(); got != want {
			t.Errorf("%s: %v, want %v", c, got, want)
		}
	}
	for _, c := range []fault.Class{"", "unheard of"} {
		if c.Whole() {
			t.Errorf("%q is whole", c)
		}
	}
}

// A class that is added must be decided on above; the source tells which
// there are.
func TestEveryClassIsDecidedOn(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Class" {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := whole[fault.Class(word)]; !ok {
				t.Errorf("class %s is not in the table", word)
			}
			n++
		}
		return true
	})
	if n != len(whole) {
		t.Errorf("%d classes in the source, %d words in the table", n, len(whole))
	}
}

func TestOnlyThrottlingAndPassingFailuresPass(t *testing.T) {
	for c := range whole {
		if got, want := c.Passes(), c == fault.Throttled || c == fault.Passing; got != want {
			t.Errorf("%s: %v", c, got)
		}
	}
}
