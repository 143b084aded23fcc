package aws

import (
	"context"
	"errors"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls that tell of an organization.
var (
	callRoots          = need.Call{Service: "organizations", Operation: "ListRoots"}
	callUnits          = need.Call{Service: "organizations", Operation: "ListOrganizationalUnitsForParent"}
	callAccountsParent = need.Call{Service: "organizations", Operation: "ListAccountsForParent"}
)

// organizationPage is the most that Organizations lists at once (MaxResults in
// its API reference).
const organizationPage = 20

// organizationsAPI is Organizations in one partition.
type organizationsAPI struct {
	roots    func(context.Context, *organizations.ListRootsInput) (*organizations.ListRootsOutput, error)
	units    func(context.Context, *organizations.ListOrganizationalUnitsForParentInput) (*organizations.ListOrganizationalUnitsForParentOutput, error)
	accounts func(context.Context, *organizations.ListAccountsForParentInput) (*organizations.ListAccountsForParentOutput, error)
}

// organizations returns Organizations for the default region: that of its
// partition.
func (s *Session) organizations(call need.Call) (*organizationsAPI, error) {
	return s.services.organizations.get(call, s.Region(), func() *organizationsAPI {
		c := organizations.NewFromConfig(s.cfg, func(o *organizations.Options) {
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(s.Region(), awssdk.ToString(c.Options().BaseEndpoint))
		return &organizationsAPI{
			roots:    calling(at, callRoots, c.ListRoots),
			units:    calling(at, callUnits, c.ListOrganizationalUnitsForParent),
			accounts: calling(at, callAccountsParent, c.ListAccountsForParent),
		}
	})
}

// Roots implements accounts.Realm.
func (r *Realm) Roots(ctx context.Context) ([]string, error) {
	var ids []string
	err := r.pages(callRoots, func(api *organizationsAPI, token *string) (*string, error) {
		out, err := api.roots(ctx, &organizations.ListRootsInput{NextToken: token, MaxResults: awssdk.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for _, root := range out.Roots {
			ids = append(ids, awssdk.ToString(root.Id))
		}
		return out.NextToken, nil
	})
	return ids, err
}

// Units implements accounts.Realm.
func (r *Realm) Units(ctx context.Context, parent string) ([]string, error) {
	var ids []string
	err := r.pages(callUnits, func(api *organizationsAPI, token *string) (*string, error) {
		out, err := api.units(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent, NextToken: token, MaxResults: awssdk.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for _, u := range out.OrganizationalUnits {
			ids = append(ids, awssdk.ToString(u.Id))
		}
		return out.NextToken, nil
	})
	return ids, err
}

// Accounts implements accounts.Realm.
func (r *Realm) Accounts(ctx context.Context, parent string) ([]accounts.Listed, error) {
	var list []accounts.Listed
	err := r.pages(callAccountsParent, func(api *organizationsAPI, token *string) (*string, error) {
		out, err := api.accounts(ctx, &organizations.ListAccountsForParentInput{ParentId: &parent, NextToken: token, MaxResults: awssdk.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for i := range out.Accounts {
			a := &out.Accounts[i]
			list = append(list, accounts.Listed{ID: awssdk.ToString(a.Id), Name: awssdk.ToString(a.Name), Active: active(a)})
		}
		return out.NextToken, nil
	})
	return list, err
}

// active says whether an account can be worked in. Status is what was there
// before State ("Account" in the API reference), and older stand-ins tell it
// alone.
func active(a *types.Account) bool {
	if a.State != "" {
		return a.State == types.AccountStateActive
	}
	return a.Status == types.AccountStatusActive
}

// pages reads all pages of a listing. A page may be empty without being the
// last.
func (r *Realm) pages(call need.Call, read func(*organizationsAPI, *string) (*string, error)) error {
	api, err := r.s.organizations(call)
	if err != nil {
		return err
	}
	err = eachPage(call, r.s.Region(), func(token *string) (*string, error) { return read(api, token) })
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Class == fault.Denied {
		f.Hint = "allow " + call.Permission() + " to the caller, whose account must be the organization's management account or a delegated administrator"
	}
	return err
}
