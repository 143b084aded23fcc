package creation

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/identity"
	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// tagFields are the names under which services put tags into requests and
// answers.
var tagFields = []string{"tags", "tagSet", "tagList", "tagsList"}

// maxTags is how many tags of one resource are taken from a record: AWS's limit
// of 50 for users, and those of AWS itself.
const maxTags = 200

// requestTags returns the tags that the call asked for on resources of a type.
func (r *Record) requestTags(t resource.Type) tag.Set {
	set := tag.Set{}
	request := r.request
	if wrapped := request.Field(r.Name + "Request"); wrapped.IsObject() {
		request = wrapped
	}
	_, kind, _ := strings.Cut(string(t), ":")
	for _, name := range []string{"tagSpecificationSet", "tagSpecification", "tagSpecifications"} {
		each(request.Field(name), func(v loose.Value) bool {
			if v.Field("resourceType").Is(kind) {
				collect(set, v.Field("tags"))
				collect(set, v.Field("Tag"))
			}
			return true
		})
	}
	for _, name := range tagFields {
		collect(set, request.Field(name))
	}
	return set
}

// withTags returns the tags that were asked for and those that the answer has
// beside the id.
func withTags(requested tag.Set, beside loose.Value) tag.Set {
	set := requested.Clone()
	for _, name := range tagFields {
		collect(set, beside.Field(name))
	}
	return set
}

// collect puts tags into a set: a list of keys with values, or an object with
// the keys for names.
func collect(set tag.Set, tags loose.Value) {
	if !tags.Exists() {
		return
	}
	each(tags, func(v loose.Value) bool {
		if key := first(v.Field("key"), v.Field("tagKey")); key.Exists() {
			add(set, key.Text(), first(v.Field("value"), v.Field("tagValue")))
			return true
		}
		for key, value := range v.Fields() {
			add(set, key, value)
		}
		return true
	})
}

// add puts one tag into a set. A value that is no text is left out: "007" and
// "1.0" have become numbers on their way. So is what CloudTrail hides.
func add(set tag.Set, key string, value loose.Value) {
	if text := value.Text(); plausible(key) && value.IsText() && text != identity.Hidden && len(set) < maxTags {
		set[key] = text
	}
}

func first(a, b loose.Value) loose.Value {
	if a.Exists() {
		return a
	}
	return b
}

// parents returns what the tags of what was made say it belongs to.
func parents(made []Made) []resource.Parent {
	for _, m := range made {
		if found := ParentsOf(m.Tags); found != nil {
			return found
		}
	}
	return nil
}

// ParentsOf returns what the tags of a resource say it belongs to, the nearest
// first; nil for nothing.
func ParentsOf(tags tag.Set) []resource.Parent {
	var found []resource.Parent
	for _, p := range parentTags {
		if v := tags[p.key]; v != "" {
			found = append(found, resource.Parent{Type: p.parent, ID: v})
		}
	}
	return found
}

// parentTags are the tags by which services mark what they make for a resource
// of theirs, the nearest first. They are those by which an instance knows who
// manages it, and the launch template, whose creator may be a person.
var parentTags = []struct{ key, parent string }{
	{"aws:autoscaling:groupName", "autoscaling:group"},
	{"karpenter.sh/nodepool", "karpenter:nodepool"},
	{"eks:nodegroup-name", "eks:nodegroup"},
	{"elasticbeanstalk:environment-id", "elasticbeanstalk:environment"},
	{"aws:elasticmapreduce:job-flow-id", "elasticmapreduce:cluster"},
	{"aws:ec2spot:fleet-request-id", "ec2:spot-fleet"},
	{"aws:ec2:fleet-id", "ec2:fleet"},
	{"aws:ec2launchtemplate:id", "ec2:launch-template"},
	{"aws:cloudformation:stack-id", "cloudformation:stack"},
}
