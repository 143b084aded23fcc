package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// iamThing is one type of IAM's, which has calls of its own for each. A thing is
// told by its name or by its ARN, as the type has it.
type iamThing struct {
	list, tag, untag need.Call
	// read reads a page of the tags.
	read   func(ctx context.Context, a *iamAPI, id string, marker *string) (page iamPage, err error)
	write  func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error)
	delete func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error)
	byName bool
}

// iamPage is a page of tags, with what leads to the next.
type iamPage struct {
	tags []types.Tag
	more bool
	next *string
}

// id is what the calls name a thing by: its ARN, or its name without its path.
func (t *iamThing) id(arn string) string {
	if t.byName {
		return arn[strings.LastIndex(arn, "/")+1:]
	}
	return arn
}

// iamThings are the types of IAM that have tags. The Resource Groups Tagging
// API does not take roles and users, and others in part only.
var iamThings = map[resource.Type]*iamThing{
	"iam:role": {
		list: iamCall("ListRoleTags"), tag: iamCall("TagRole"), untag: iamCall("UntagRole"), byName: true,
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listRole(ctx, &iam.ListRoleTagsInput{RoleName: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagRole(ctx, &iam.TagRoleInput{RoleName: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagRole(ctx, &iam.UntagRoleInput{RoleName: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:user": {
		list: iamCall("ListUserTags"), tag: iamCall("TagUser"), untag: iamCall("UntagUser"), byName: true,
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listUser(ctx, &iam.ListUserTagsInput{UserName: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagUser(ctx, &iam.TagUserInput{UserName: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagUser(ctx, &iam.UntagUserInput{UserName: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:policy": {
		list: iamCall("ListPolicyTags"), tag: iamCall("TagPolicy"), untag: iamCall("UntagPolicy"),
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listPolicy(ctx, &iam.ListPolicyTagsInput{PolicyArn: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:instance-profile": {
		list: iamCall("ListInstanceProfileTags"), tag: iamCall("TagInstanceProfile"), untag: iamCall("UntagInstanceProfile"), byName: true,
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listInstanceProfile(ctx, &iam.ListInstanceProfileTagsInput{InstanceProfileName: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagInstanceProfile(ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:saml-provider": {
		list: iamCall("ListSAMLProviderTags"), tag: iamCall("TagSAMLProvider"), untag: iamCall("UntagSAMLProvider"),
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listSAMLProvider(ctx, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagSAMLProvider(ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagSAMLProvider(ctx, &iam.UntagSAMLProviderInput{SAMLProviderArn: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:oidc-provider": {
		list: iamCall("ListOpenIDConnectProviderTags"), tag: iamCall("TagOpenIDConnectProvider"), untag: iamCall("UntagOpenIDConnectProvider"),
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listOpenIDConnectProvider(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:mfa": {
		list: iamCall("ListMFADeviceTags"), tag: iamCall("TagMFADevice"), untag: iamCall("UntagMFADevice"),
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listMFADevice(ctx, &iam.ListMFADeviceTagsInput{SerialNumber: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagMFADevice(ctx, &iam.TagMFADeviceInput{SerialNumber: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagMFADevice(ctx, &iam.UntagMFADeviceInput{SerialNumber: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
	"iam:server-certificate": {
		list: iamCall("ListServerCertificateTags"), tag: iamCall("TagServerCertificate"), untag: iamCall("UntagServerCertificate"), byName: true,
		read: func(ctx context.Context, a *iamAPI, id string, marker *string) (iamPage, error) {
			out, err := a.listServerCertificate(ctx, &iam.ListServerCertificateTagsInput{ServerCertificateName: &id, Marker: marker})
			if err != nil {
				return iamPage{}, err
			}
			return iamPage{out.Tags, out.IsTruncated, out.Marker}, nil
		},
		write: func(ctx context.Context, a *iamAPI, id string, tags []types.Tag) (request string, err error) {
			out, err := a.tagServerCertificate(ctx, &iam.TagServerCertificateInput{ServerCertificateName: &id, Tags: tags})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
		delete: func(ctx context.Context, a *iamAPI, id string, keys []string) (request string, err error) {
			out, err := a.untagServerCertificate(ctx, &iam.UntagServerCertificateInput{ServerCertificateName: &id, TagKeys: keys})
			if err != nil {
				return "", err
			}
			return requestID(out.ResultMetadata), nil
		},
	},
}

func iamCall(operation string) need.Call { return need.Call{Service: "iam", Operation: operation} }
