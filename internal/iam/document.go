package iam

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// MaxDocument is how many characters a managed policy may have, white space not
// counted ("IAM and AWS STS quotas" in the IAM user guide).
const MaxDocument = 6144

// Document is a policy document of IAM.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows some actions on some resources.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition Conditions `json:",omitempty"`
}

// JSON is the document, indented and with a line end.
func (d *Document) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Size is how many characters IAM counts.
func (d *Document) Size() int {
	b, err := d.JSON()
	if err != nil {
		return 0 // strings alone: it cannot fail
	}
	n := 0
	for _, r := range string(b) {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// Documents are what gives the role its permissions: one document, or several
// where one would be longer than most characters. A role without any permission
// has none.
func (r *Role) Documents(most int) []Document {
	var out []Document
	fits := func(list []Statement) bool {
		d := Document{Version: version, Statement: slices.Clone(list)}
		number(d.Statement)
		return d.Size() <= most
	}
	var now []Statement
	for _, s := range r.statements() {
		for _, part := range split(s, fits) {
			if len(now) > 0 && !fits(append(slices.Clone(now), part)) {
				out = append(out, Document{Version: version, Statement: now})
				now = nil
			}
			now = append(now, part)
		}
	}
	if len(now) > 0 {
		out = append(out, Document{Version: version, Statement: now})
	}
	for i := range out {
		number(out[i].Statement)
	}
	return out
}

// version is that of IAM's policy language; in an older one ${*} is no variable.
const version = "2012-10-17"

// split halves a statement until each part fits in a document of its own, or
// is one action on one resource.
func split(s Statement, fits func([]Statement) bool) []Statement {
	a, b := s, s
	switch {
	case fits([]Statement{s}):
		return []Statement{s}
	case len(s.Resource) > 1:
		n := len(s.Resource) / 2
		a.Resource, b.Resource = s.Resource[:n], s.Resource[n:]
	case len(s.Action) > 1:
		n := len(s.Action) / 2
		a.Action, b.Action = s.Action[:n], s.Action[n:]
	default:
		return []Statement{s}
	}
	return slices.Concat(split(a, fits), split(b, fits))
}

// statements are the grants, those of one class, resources and conditions
// together.
func (r *Role) statements() []Statement {
	var out []Statement
	var ids []string
	for _, g := range r.Grants {
		id := strings.Join([]string{string(g.class), strings.Join(g.Resources, "\x02"), g.Conditions.text()}, "\x00")
		i := slices.Index(ids, id)
		if i < 0 {
			i = len(ids)
			ids = append(ids, id)
			out = append(out, Statement{Sid: string(g.class), Effect: "Allow", Resource: g.Resources, Condition: g.Conditions})
		}
		if !slices.Contains(out[i].Action, g.Permission) {
			out[i].Action = append(out[i].Action, g.Permission)
		}
	}
	return out
}

// serviceNames are the services in Sids, which have letters and digits alone.
var serviceNames = map[string]string{
	"autoscaling": "AutoScaling", "cloudtrail": "CloudTrail", "cloudwatch": "CloudWatch", "config": "Config", "dynamodb": "DynamoDB", "ec2": "EC2", "events": "EventBridge",
	"iam": "IAM", "lambda": "Lambda", "organizations": "Organizations", "rds": "RDS", "resource-explorer-2": "ResourceExplorer", "s3": "S3", "ses": "SES", "sns": "SNS", "ssm": "SSM", "sts": "STS", "tag": "TaggingAPI",
}

// number names the statements of a document: their class, their service where
// they have but one, and a number where that is not enough.
func number(list []Statement) {
	names := map[string]int{}
	for i := range list {
		s := &list[i]
		service, _, _ := strings.Cut(s.Action[0], ":")
		same := !slices.ContainsFunc(s.Action, func(a string) bool { return !strings.HasPrefix(a, service+":") })
		if same {
			s.Sid += serviceNames[service]
		}
		names[s.Sid]++
		if n := names[s.Sid]; n > 1 {
			s.Sid += "No" + strconv.Itoa(n)
		}
	}
}
