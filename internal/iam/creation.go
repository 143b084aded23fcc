package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/policy"
)

// MaxControl is how many characters a service control policy may have, white
// space counted ("Quotas and service limits" in the AWS Organizations user
// guide).
const MaxControl = 5120

// DefaultRole is the name of the role that the documentation gives tagwarden.
const DefaultRole = "tagwarden"

// ErrNothingRequired says that there is nothing to demand.
var ErrNothingRequired = errors.New("access names no tag that is required at creation: write require_at_creation: [Project], see docs/access.md")

// demanded are the calls that make something, and what they make. A statement
// denies each of its actions on each of its resources, and a call is asked about
// everything it names, the subnet and image of a launch too, whose tags it does
// not send: two calls are together where neither names what the other makes.
// The volumes of a launch are left out: whoever launches seldom tags them, and
// policies can give them their instance's tags.
var demanded = []struct{ actions, on []string }{
	{[]string{"ec2:RunInstances"}, onInstances},
	{[]string{"ec2:CreateImage", "ec2:CreateVolume"}, slices.Concat(onImages, onVolumes)},
	{[]string{"ec2:CreateSnapshot", "ec2:CreateSnapshots"}, onSnapshots},
}

// roleShape is the name of a role with its path, or the ARN of roles, with
// wildcards ("IAM and AWS STS quotas", "Reference roles" in the IAM user guide).
var (
	roleShape    = regexp.MustCompile(`^([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]{1,64}$`)
	roleARNShape = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|\*):role/[A-Za-z0-9+=,.@_/*-]+$`)
)

// CreationPolicies are service control policies that deny making what lacks a
// required tag, spelled as the file has it, or has it empty where the policies
// do not take that. There are several where one could not hold them. exempt are
// the names or ARNs of roles that may; those that belong to services may too. Of
// the options the account counts. The errors are ErrNoAccess, ErrNothingRequired,
// one of an exempt role that is none, and one of a statement that is too long.
func CreationPolicies(set *policy.Set, o Options, exempt []string) ([]Document, error) {
	p, err := peoplesPlace(set, o)
	if err != nil {
		return nil, err
	}
	if len(set.Access.Require) == 0 {
		return nil, ErrNothingRequired
	}
	free := []string{p.arn("arn:{partition}:iam::*:role/aws-service-role/*")}
	for _, e := range exempt {
		switch {
		case roleARNShape.MatchString(e):
			free = append(free, e)
		case roleShape.MatchString(e):
			free = append(free, p.arn("arn:{partition}:iam::{account}:role/"+e))
		default:
			return nil, fmt.Errorf("%q is not the name of a role, nor the ARN of one", e)
		}
	}
	var list []Statement
	for _, d := range set.Access.Require {
		for _, missing := range lacks(d) {
			missing.set("ArnNotLike", "aws:PrincipalArn", free)
			for _, m := range demanded {
				list = append(list, Statement{Sid: "Require", Effect: deny, Action: m.actions, Resource: p.arns(m.on), Condition: missing})
			}
		}
	}
	return controls(list)
}

// lacks are the two ways to lack a tag. The key in the condition's name has no
// upper and lower case; aws:TagKeys has. Both are true of a request without tags.
func lacks(d policy.Demand) []Conditions {
	absent := Conditions{"StringNotLike": {"aws:RequestTag/" + d.Key: {"?*"}}}
	if d.Empty {
		absent = Conditions{"Null": {"aws:RequestTag/" + d.Key: {"true"}}}
	}
	return []Conditions{absent, {"ForAllValues:StringNotEquals": {keyTagKeys: {d.Key}}}}
}

// controls puts statements into as few documents as hold them.
func controls(list []Statement) ([]Document, error) {
	var out []Document
	for _, s := range list {
		if n := len(out) - 1; n >= 0 {
			more := append(slices.Clone(out[n].Statement), s)
			if controlSize(more) <= MaxControl {
				out[n].Statement = more
				continue
			}
		}
		if n := controlSize([]Statement{s}); n > MaxControl {
			return nil, fmt.Errorf("a statement would have %d characters, and a service control policy holds %d: exempt fewer roles, by an ARN with wildcards", n, MaxControl)
		}
		out = append(out, Document{Version: version, Statement: []Statement{s}})
	}
	for i := range out {
		number(out[i].Statement)
	}
	return out, nil
}

// controlSize is how long a document of the statements is at least.
func controlSize(list []Statement) int {
	d := Document{Version: version, Statement: slices.Clone(list)}
	number(d.Statement)
	b, err := d.inOneLine()
	if err != nil {
		return 0 // strings alone: it cannot fail
	}
	return utf8.RuneCount(b)
}

// Control is the document as a service control policy, whose white space counts:
// indented where it still fits, in one line where it does not.
func (d *Document) Control() ([]byte, error) {
	b, err := d.JSON()
	if err != nil || utf8.RuneCount(b) <= MaxControl {
		return b, err
	}
	return d.inOneLine()
}

// inOneLine is the document without white space, and with a line end.
func (d *Document) inOneLine() ([]byte, error) {
	b, err := d.JSON()
	if err != nil {
		return nil, err
	}
	var one bytes.Buffer
	if err := json.Compact(&one, b); err != nil {
		return nil, err
	}
	one.WriteByte('\n')
	return one.Bytes(), nil
}
