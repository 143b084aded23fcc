package iam

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

// noRegion is why no region limits a call of IAM: it has one for all.
const noRegion = "IAM is in no region"

// iamOwn are what IAM holds that has tags. Each call is about one kind of them,
// and IAM heeds no other in its statement: together they take the least room.
var iamOwn = []string{
	iamARN("instance-profile"), iamARN("mfa"), iamARN("oidc-provider"), iamARN("policy"),
	iamARN("role"), iamARN("saml-provider"), iamARN("server-certificate"), iamARN("user"),
}

func iamARN(kind string) string { return "arn:{partition}:iam::{account}:" + kind + "/*" }

// withIAM adds the scopes of the calls that are about what IAM holds.
func withIAM(all map[string]scope) map[string]scope {
	for _, c := range slices.Concat(need.ReadIAMTags, need.TagIAM, need.UntagIAM) {
		all[c.Permission()] = scope{on: iamOwn, global: noRegion}
	}
	return all
}

// addIAM adds the permissions to change the tags of what IAM holds.
func addIAM(rights map[action.Kind][]right) {
	for k, calls := range map[action.Kind][]need.Call{action.Tag: need.TagIAM, action.Untag: need.UntagIAM} {
		for _, c := range calls {
			rights[k] = append(rights[k], right{class: tagging, permission: c.Permission(), keyed: true})
		}
	}
}
