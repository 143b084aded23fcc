package aws

import (
	"context"
	"errors"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
)

// wouldWork is EC2's error of a dry run that is allowed ("DryRunOperation" in
// "Error codes for the Amazon EC2 API").
const wouldWork = "DryRunOperation"

// DryRun asks EC2. Changes are of an id that AWS gives to nothing, so that even
// a server which does not know dry runs has nothing to change. AWS may look for
// the id before it looks for the permission, and then it is not told.
func (c *Checkup) DryRun(ctx context.Context, q doctor.Question) doctor.Answer {
	ask, ok := dryRuns[q.Permission]
	if !ok || len(q.Context["ec2:CreateAction"]) > 0 { // what is tagged as it is made has no dry run of its own
		return doctor.Answer{Verdict: doctor.Open}
	}
	api, err := c.s.ec2(need.Call{Service: "ec2", Operation: strings.TrimPrefix(q.Permission, "ec2:")}, q.Region)
	if err != nil {
		return doctor.Answer{Verdict: doctor.Open, Why: err.Error()}
	}
	worst := doctor.Answer{Verdict: doctor.Allowed}
	for _, id := range ids(q.Resources) {
		switch a := verdictOf(ask(ctx, api, id, q.Context["aws:TagKeys"])); a.Verdict {
		case doctor.Denied:
			return a
		case doctor.Open:
			worst = a
		}
	}
	return worst
}

func verdictOf(err error) doctor.Answer {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case err == nil, ok && f.Code == wouldWork:
		return doctor.Answer{Verdict: doctor.Allowed}
	case ok && f.Class == fault.Denied:
		return doctor.Answer{Verdict: doctor.Denied, Why: f.Error()}
	default:
		return doctor.Answer{Verdict: doctor.Open, Why: err.Error()}
	}
}

// zeros are the digits of an id that there is not.
const zeros = "00000000000000000"

// prefixes are what ids begin with, by the kind of resource in an ARN.
var prefixes = map[string]string{
	"elastic-ip": "eipalloc-", "image": "ami-", "instance": "i-", "network-acl": "acl-", "network-interface": "eni-",
	"security-group": "sg-", "snapshot": "snap-", "subnet": "subnet-", "volume": "vol-", "vpc": "vpc-",
}

// ids are those that stand for the resources of ARNs, one for each kind; ""
// alone where there are none.
func ids(arns []string) []string {
	out := []string{}
	for _, arn := range arns {
		kind, _, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
		if p, ok := prefixes[kind]; ok {
			out = append(out, p+zeros)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// dryRun makes one call that only asks. The id is of one of the resources that
// the permission is for, the keys are those of the tags that are changed.
type dryRun func(ctx context.Context, a *ec2API, id string, keys []string) error

// asking makes a dry run of a call and its request, which is never changed.
func asking[In, Out any](call func(*ec2API) func(context.Context, *In) (*Out, error), in *In) dryRun {
	return func(ctx context.Context, a *ec2API, _ string, _ []string) error {
		_, err := call(a)(ctx, in)
		return err
	}
}

func tagsOf(keys []string) []types.Tag {
	if len(keys) == 0 {
		keys = []string{"tagwarden-doctor"}
	}
	var tags []types.Tag
	for _, k := range keys {
		tags = append(tags, types.Tag{Key: &k})
	}
	return tags
}

func tryTag(ctx context.Context, a *ec2API, id string, keys []string) error {
	if id == "" {
		id = "i-" + zeros
	}
	_, err := a.createTags(ctx, &ec2.CreateTagsInput{DryRun: awssdk.Bool(true), Resources: []string{id}, Tags: tagsOf(keys)})
	return err
}

func tryUntag(ctx context.Context, a *ec2API, id string, keys []string) error {
	if id == "" {
		id = "i-" + zeros
	}
	_, err := a.deleteTags(ctx, &ec2.DeleteTagsInput{DryRun: awssdk.Bool(true), Resources: []string{id}, Tags: tagsOf(keys)})
	return err
}
