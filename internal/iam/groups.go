package iam

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

const (
	// MaxGroups is how many resource groups a region holds unless AWS was asked
	// for more ("AWS Resource Groups endpoints and quotas" in the AWS General
	// Reference).
	MaxGroups = 100
	// MaxStack is how many resources a CloudFormation template may have
	// ("CloudFormation quotas" in its user guide).
	MaxStack = 500
	// maxGroupName leaves room in the 128 characters of a group's name.
	maxGroupName = 80
)

// Template is a CloudFormation template of resource groups.
type Template struct {
	AWSTemplateFormatVersion string
	Description              string
	Resources                map[string]groupResource
}

type groupResource struct {
	Type       string
	Properties groupProperties
}

type groupProperties struct {
	Name, Description string
	ResourceQuery     groupQuery
}

type groupQuery struct {
	Type  string
	Query tagQuery
}

type tagQuery struct {
	ResourceTypeFilters []string
	TagFilters          []tagFilter
}

type tagFilter struct {
	Key    string
	Values []string
}

// OwnedTypes are the types among which owners are found: those that policies
// write the owner's tag on, and what people make on EC2.
func OwnedTypes(set *policy.Set) []resource.Type {
	types := []resource.Type{resource.EC2Image, resource.EC2Instance, resource.EC2Snapshot, resource.EC2Volume}
	for _, p := range set.Policies {
		if set.Access != nil && slices.ContainsFunc(p.Tags, func(t policy.TagRule) bool { return t.Key == set.Access.OwnerKey }) {
			types = append(types, slices.Concat(p.Types, p.Children)...)
		}
	}
	slices.Sort(types)
	return slices.DeleteFunc(slices.Compact(types), func(t resource.Type) bool { return t == resource.Any })
}

// Groups are templates with a resource group for each owner, by the values of
// the owner's tag: one template, or several where one cannot hold them. The same
// owners in any order give the same templates; an empty one is nobody. The error
// is ErrNoAccess.
func Groups(set *policy.Set, owners []string) ([]Template, error) {
	if set.Access == nil {
		return nil, ErrNoAccess
	}
	owners = slices.Compact(slices.Sorted(slices.Values(owners)))
	if len(owners) > 0 && owners[0] == "" {
		owners = owners[1:]
	}
	var out []Template
	for part := range slices.Chunk(owners, MaxStack) {
		t := Template{AWSTemplateFormatVersion: "2010-09-09", Description: "A resource group for each owner, by tag.", Resources: map[string]groupResource{}}
		for _, o := range part {
			sum := sha256.Sum256([]byte(o))
			short := hex.EncodeToString(sum[:8])
			name := groupName(o)
			t.Resources["Owner"+short] = groupResource{Type: "AWS::ResourceGroups::Group", Properties: groupProperties{
				Name: "owner-" + name + "-" + short, Description: "What belongs to " + name + ".",
				ResourceQuery: groupQuery{Type: "TAG_FILTERS_1_0", Query: tagQuery{ResourceTypeFilters: []string{"AWS::AllSupported"},
					TagFilters: []tagFilter{{Key: set.Access.OwnerKey, Values: []string{o}}}}}}}
		}
		out = append(out, t)
	}
	return out, nil
}

// groupName is an owner for people: of a role the name of the session, in what
// names and descriptions of groups may have (CreateGroup in the reference of
// Resource Groups).
func groupName(owner string) string {
	if _, session, ok := strings.Cut(owner, ":"); ok && session != "" {
		owner = session
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r) {
			return r
		}
		return '_'
	}, owner)
	return name[:min(len(name), maxGroupName)]
}
