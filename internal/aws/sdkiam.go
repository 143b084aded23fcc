package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tagwarden/tagwarden/internal/need"
)

// iamAPI is IAM in one partition.
type iamAPI struct {
	listRole                   func(context.Context, *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error)
	tagRole                    func(context.Context, *iam.TagRoleInput) (*iam.TagRoleOutput, error)
	untagRole                  func(context.Context, *iam.UntagRoleInput) (*iam.UntagRoleOutput, error)
	listUser                   func(context.Context, *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error)
	tagUser                    func(context.Context, *iam.TagUserInput) (*iam.TagUserOutput, error)
	untagUser                  func(context.Context, *iam.UntagUserInput) (*iam.UntagUserOutput, error)
	listPolicy                 func(context.Context, *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error)
	tagPolicy                  func(context.Context, *iam.TagPolicyInput) (*iam.TagPolicyOutput, error)
	untagPolicy                func(context.Context, *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error)
	listInstanceProfile        func(context.Context, *iam.ListInstanceProfileTagsInput) (*iam.ListInstanceProfileTagsOutput, error)
	tagInstanceProfile         func(context.Context, *iam.TagInstanceProfileInput) (*iam.TagInstanceProfileOutput, error)
	untagInstanceProfile       func(context.Context, *iam.UntagInstanceProfileInput) (*iam.UntagInstanceProfileOutput, error)
	listSAMLProvider           func(context.Context, *iam.ListSAMLProviderTagsInput) (*iam.ListSAMLProviderTagsOutput, error)
	tagSAMLProvider            func(context.Context, *iam.TagSAMLProviderInput) (*iam.TagSAMLProviderOutput, error)
	untagSAMLProvider          func(context.Context, *iam.UntagSAMLProviderInput) (*iam.UntagSAMLProviderOutput, error)
	listOpenIDConnectProvider  func(context.Context, *iam.ListOpenIDConnectProviderTagsInput) (*iam.ListOpenIDConnectProviderTagsOutput, error)
	tagOpenIDConnectProvider   func(context.Context, *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error)
	untagOpenIDConnectProvider func(context.Context, *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error)
	listMFADevice              func(context.Context, *iam.ListMFADeviceTagsInput) (*iam.ListMFADeviceTagsOutput, error)
	tagMFADevice               func(context.Context, *iam.TagMFADeviceInput) (*iam.TagMFADeviceOutput, error)
	untagMFADevice             func(context.Context, *iam.UntagMFADeviceInput) (*iam.UntagMFADeviceOutput, error)
	listServerCertificate      func(context.Context, *iam.ListServerCertificateTagsInput) (*iam.ListServerCertificateTagsOutput, error)
	tagServerCertificate       func(context.Context, *iam.TagServerCertificateInput) (*iam.TagServerCertificateOutput, error)
	untagServerCertificate     func(context.Context, *iam.UntagServerCertificateInput) (*iam.UntagServerCertificateOutput, error)
}

// iam returns IAM for a region: that of its partition.
func (s *Session) iam(call need.Call, region string) (*iamAPI, error) {
	return s.services.iams.get(call, region, func() *iamAPI {
		c := iam.NewFromConfig(s.cfg, func(o *iam.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &iamAPI{
			listRole:                   calling(at, iamCall("ListRoleTags"), c.ListRoleTags),
			tagRole:                    calling(at, iamCall("TagRole"), c.TagRole),
			untagRole:                  calling(at, iamCall("UntagRole"), c.UntagRole),
			listUser:                   calling(at, iamCall("ListUserTags"), c.ListUserTags),
			tagUser:                    calling(at, iamCall("TagUser"), c.TagUser),
			untagUser:                  calling(at, iamCall("UntagUser"), c.UntagUser),
			listPolicy:                 calling(at, iamCall("ListPolicyTags"), c.ListPolicyTags),
			tagPolicy:                  calling(at, iamCall("TagPolicy"), c.TagPolicy),
			untagPolicy:                calling(at, iamCall("UntagPolicy"), c.UntagPolicy),
			listInstanceProfile:        calling(at, iamCall("ListInstanceProfileTags"), c.ListInstanceProfileTags),
			tagInstanceProfile:         calling(at, iamCall("TagInstanceProfile"), c.TagInstanceProfile),
			untagInstanceProfile:       calling(at, iamCall("UntagInstanceProfile"), c.UntagInstanceProfile),
			listSAMLProvider:           calling(at, iamCall("ListSAMLProviderTags"), c.ListSAMLProviderTags),
			tagSAMLProvider:            calling(at, iamCall("TagSAMLProvider"), c.TagSAMLProvider),
			untagSAMLProvider:          calling(at, iamCall("UntagSAMLProvider"), c.UntagSAMLProvider),
			listOpenIDConnectProvider:  calling(at, iamCall("ListOpenIDConnectProviderTags"), c.ListOpenIDConnectProviderTags),
			tagOpenIDConnectProvider:   calling(at, iamCall("TagOpenIDConnectProvider"), c.TagOpenIDConnectProvider),
			untagOpenIDConnectProvider: calling(at, iamCall("UntagOpenIDConnectProvider"), c.UntagOpenIDConnectProvider),
			listMFADevice:              calling(at, iamCall("ListMFADeviceTags"), c.ListMFADeviceTags),
			tagMFADevice:               calling(at, iamCall("TagMFADevice"), c.TagMFADevice),
			untagMFADevice:             calling(at, iamCall("UntagMFADevice"), c.UntagMFADevice),
			listServerCertificate:      calling(at, iamCall("ListServerCertificateTags"), c.ListServerCertificateTags),
			tagServerCertificate:       calling(at, iamCall("TagServerCertificate"), c.TagServerCertificate),
			untagServerCertificate:     calling(at, iamCall("UntagServerCertificate"), c.UntagServerCertificate),
		}
	})
}
