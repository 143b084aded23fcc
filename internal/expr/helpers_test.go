package expr

import (
	"errors"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// now is when every test happens: a Wednesday.
var now = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

var instanceOnly = []resource.Type{resource.EC2Instance}

// instance is a running instance that was started ten days ago.
func instance() *resource.Instance {
	return &resource.Instance{
		Base: resource.Base{
			Reference: resource.Ref{
				ID: "i-0abc", ARN: "arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc",
				Type: resource.EC2Instance, Account: "111122223333", Region: "eu-central-1",
			},
			TagSet: tag.Set{"Name": "web-1", "Env": "prod", "Owner": "ada@example.com"},
		},
		State:        "running",
		LaunchedAt:   now.Add(-10 * 24 * time.Hour),
		InstanceType: "m7g.large",
		VPC:          "vpc-abc123c1",
		Lifecycle:    "on-demand",
		RootDevice:   "ebs",
		Volumes:      []string{"vol-1", "vol-2"},
	}
}

// with returns an instance that was changed.
func with(change func(*resource.Instance)) *resource.Instance {
	i := instance()
	change(i)
	return i
}

// compile compiles what must be right.
func compile(t testing.TB, c *Compiler, source string, want Want, types []resource.Type) *Program {
	t.Helper()
	p, problems := c.Compile(source, want, types)
	if len(problems) > 0 {
		t.Fatalf("compiling %s: %+v", source, problems)
	}
	return p
}

// condition compiles a condition over instances in UTC without definitions.
func condition(t testing.TB, source string) *Program {
	t.Helper()
	return compile(t, NewCompiler(time.UTC, nil), source, Bool, instanceOnly)
}

// on is the input of an instance.
func on(i *resource.Instance) Input { return Input{Resource: i, Now: now} }

// unknown returns the *Unknown that an error must be.
func unknown(t testing.TB, err error) *Unknown {
	t.Helper()
	var u *Unknown
	if !errors.As(err, &u) {
		t.Fatalf("got error %v (%T), want an *Unknown", err, err)
	}
	return u
}
