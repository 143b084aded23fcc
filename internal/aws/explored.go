package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2/types"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The calls of Resource Explorer.
var (
	callDefaultView = need.Call{Service: "resource-explorer-2", Operation: "GetDefaultView"}
	callView        = need.Call{Service: "resource-explorer-2", Operation: "GetView"}
	callExplored    = need.Call{Service: "resource-explorer-2", Operation: "ListResources"}
)

// exploredPage is how many resources are asked for at a time. ListResources
// takes 1000, but gives no token then; Search ends after 1000 results in all.
const exploredPage = 500

// tagProperty is what Resource Explorer calls the tags of a resource.
const tagProperty = "tags"

// explorerAPI is Resource Explorer in one region.
type explorerAPI struct {
	defaultView func(context.Context, *resourceexplorer2.GetDefaultViewInput) (*resourceexplorer2.GetDefaultViewOutput, error)
	view        func(context.Context, *resourceexplorer2.GetViewInput) (*resourceexplorer2.GetViewOutput, error)
	list        func(context.Context, *resourceexplorer2.ListResourcesInput) (*resourceexplorer2.ListResourcesOutput, error)
}

// explorer returns Resource Explorer in a region.
func (s *Session) explorer(call need.Call, region string) (*explorerAPI, error) {
	return s.services.explorers.get(call, region, func() *explorerAPI {
		c := resourceexplorer2.NewFromConfig(s.cfg, func(o *resourceexplorer2.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &explorerAPI{
			defaultView: calling(at, callDefaultView, c.GetDefaultView),
			view:        calling(at, callView, c.GetView),
			list:        calling(at, callExplored, c.ListResources),
		}
	})
}

// listExplored lists everything that Resource Explorer has indexed in a region,
// or says why it cannot.
func (s *Session) listExplored(ctx context.Context, at resource.Place, add func([]known) error) (*lack, error) {
	api, err := s.explorer(callExplored, at.Region)
	if err != nil {
		return nil, err
	}
	view, why, err := api.wholeView(ctx)
	if err != nil {
		return asWithout("Resource Explorer", err)
	}
	if why != "" {
		return &lack{why: why}, nil
	}
	// An aggregator index, and a view of an organisation, have those of other
	// regions and accounts too.
	regions := []string{at.Region}
	if mainRegion(at.Region) {
		regions = append(regions, "global")
	}
	listed := false
	for _, region := range regions {
		err = api.listRegion(ctx, at, view, region, func(list []known) error {
			listed = true
			return add(list)
		})
		if err != nil && !listed {
			return asWithout("Resource Explorer", err)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// listRegion lists what a view has of one region, page by page; "global" is
// what is in none. Several in one filter are not documented.
func (a *explorerAPI) listRegion(ctx context.Context, at resource.Place, view, region string, page func([]known) error) error {
	filter := "region:" + region
	return eachPage(callExplored, at.Region, func(token *string) (*string, error) {
		out, err := a.list(ctx, &resourceexplorer2.ListResourcesInput{
			ViewArn: &view, Filters: &types.SearchFilter{FilterString: &filter}, MaxResults: awssdk.Int32(exploredPage), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		var list []known
		for i := range out.Resources {
			if r := &out.Resources[i]; r.OwningAccountId == nil || *r.OwningAccountId == at.Account {
				tags, err := exploredTags(r)
				list = append(list, known{arn: awssdk.ToString(r.Arn), region: awssdk.ToString(r.Region), tags: tags, unread: err})
			}
		}
		return out.NextToken, page(list)
	})
}

// wholeView is the ARN of the region's default view, where that leaves out no
// resource and no tags: who is not in it, or whose tags are not, would seem to
// have none.
func (a *explorerAPI) wholeView(ctx context.Context) (view, without string, err error) {
	def, err := a.defaultView(ctx, &resourceexplorer2.GetDefaultViewInput{})
	if err != nil {
		return "", "", err
	}
	view = awssdk.ToString(def.ViewArn)
	if view == "" {
		return "", "Resource Explorer has no default view", nil
	}
	out, err := a.view(ctx, &resourceexplorer2.GetViewInput{ViewArn: &view})
	if err != nil {
		return "", "", err
	}
	v := out.View
	switch {
	case v == nil || v.Filters != nil && awssdk.ToString(v.Filters.FilterString) != "":
		return "", "the default view of Resource Explorer leaves out resources", nil
	case !slices.ContainsFunc(v.IncludedProperties, func(p types.IncludedProperty) bool { return awssdk.ToString(p.Name) == tagProperty }):
		return "", "the default view of Resource Explorer leaves out tags", nil
	}
	return view, "", nil
}

// errNotIndexed is why Resource Explorer tells no tags of IAM's resources
// ("Search query syntax reference for Resource Explorer" in its user guide).
var errNotIndexed = errors.New("reading tags: those of IAM's resources are not in Resource Explorer")

// exploredTags are the tags among a resource's properties; a resource without
// any has no such property. What a property looks like is not documented: one
// of another form is an error, never taken for no tags.
func exploredTags(r *types.Resource) (tag.Set, error) {
	if strings.Split(awssdk.ToString(r.Arn)+":::", ":")[2] == "iam" {
		return nil, errNotIndexed
	}
	set := tag.Set{}
	for _, p := range r.Properties {
		if awssdk.ToString(p.Name) != tagProperty || p.Data == nil {
			continue
		}
		var list []map[string]string
		if err := p.Data.UnmarshalSmithyDocument(&list); err != nil {
			return nil, fmt.Errorf("reading the tags that Resource Explorer tells: %w", err)
		}
		if err := addListed(set, list); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func addListed(set tag.Set, list []map[string]string) error {
	for _, t := range list {
		key, ok := t["Key"]
		if !ok {
			return errNoKey
		}
		set[key] = t["Value"]
	}
	return nil
}

var errNoKey = errors.New("reading the tags that an inventory tells: a tag has no key")
