package creation

import (
	"github.com/tagwarden/tagwarden/internal/resource"
)

// parents returns what the tags of the first resource say it belongs to.
func (r *Record) parents(made []Made) []resource.Parent {
	var parents []resource.Parent
	for _, p := range parentTags {
		if v := made[0].Tags[p.key]; v != "" {
			parents = append(parents, resource.Parent{Type: p.parent, ID: v})
		}
	}
	return parents
}

// parentTags are the tags by which services mark what they make for a resource
// of theirs, the nearest first.
var parentTags = []struct{ key, parent string }{
	{"aws:autoscaling:groupName", "autoscaling:group"},
	{"eks:nodegroup-name", "eks:nodegroup"},
	{"aws:elasticmapreduce:job-flow-id", "elasticmapreduce:cluster"},
	{"aws:ec2spot:fleet-request-id", "ec2:spot-fleet"},
	{"aws:ec2:fleet-id", "ec2:fleet"},
	{"aws:ec2launchtemplate:id", "ec2:launch-template"},
	{"aws:cloudformation:stack-id", "cloudformation:stack"},
}
