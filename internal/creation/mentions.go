package creation

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// ec2ID is an id of EC2: what it is of, and 8 or 17 hexadecimal digits.
var ec2ID = regexp.MustCompile(`^([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)

// ec2Types are the types whose ids EC2 marks so.
var ec2Types = map[string]resource.Type{
	"i": resource.EC2Instance, "vol": resource.EC2Volume, "snap": resource.EC2Snapshot, "ami": resource.EC2Image,
	"eni": resource.EC2NetworkInterface, "sg": resource.EC2SecurityGroup, "acl": resource.EC2NetworkACL,
	"eipalloc": resource.EC2ElasticIP, "vpc": resource.EC2VPC, "subnet": resource.EC2Subnet,
}

// maxMentions bounds what one record can name: a call of EC2 takes 1000 ids.
const maxMentions = 2000

// Mentions are the resources that the record names anywhere in what was asked
// for and answered, each once: by ARN, and those of EC2 by id. A call about a
// resource names it, whichever call it is.
func (r *Record) Mentions() []resource.Ref {
	return r.named(r.request, r.response, r.resources)
}

// Requested are those that were named in what was asked for, and so were there
// before the call.
func (r *Record) Requested() []resource.Ref { return r.named(r.request) }

func (r *Record) named(values ...loose.Value) []resource.Ref {
	var refs []resource.Ref
	add := func(ref resource.Ref, ok bool) {
		if ok && len(refs) < maxMentions && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	for _, v := range values {
		everyText(v, func(s string) {
			if m := ec2ID.FindStringSubmatch(s); m != nil {
				t, known := ec2Types[m[1]]
				add(resource.EC2Ref(r.Place(), t, s), known)
			} else if strings.HasPrefix(s, "arn:") {
				ref, ok := resource.FromARN(s)
				if ref.Account == "" {
					ref.Account = r.Account
				}
				if ref.Region == "" {
					ref.Region = r.Region
				}
				add(ref, ok)
			}
		})
	}
	return refs
}

// everyText calls f for each string within a value. Parse has bounded its
// depth.
func everyText(v loose.Value, f func(string)) {
	switch {
	case v.IsText():
		f(v.Text())
	case v.IsList():
		for item := range v.Items() {
			everyText(item, f)
		}
	default:
		for _, field := range v.Fields() {
			everyText(field, f)
		}
	}
}
