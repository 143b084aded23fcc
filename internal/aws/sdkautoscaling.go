package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls of Auto Scaling.
var (
	callGroups          = need.Call{Service: "autoscaling", Operation: "DescribeAutoScalingGroups"}
	callUpdateGroup     = need.Call{Service: "autoscaling", Operation: "UpdateAutoScalingGroup"}
	callSetGroupTags    = need.Call{Service: "autoscaling", Operation: "CreateOrUpdateTags"}
	callDeleteGroupTags = need.Call{Service: "autoscaling", Operation: "DeleteTags"}
	callConfigurations  = need.Call{Service: "autoscaling", Operation: "DescribeLaunchConfigurations"}
)

// autoscalingAPI is Auto Scaling in one region.
type autoscalingAPI struct {
	describe       func(context.Context, *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	configurations func(context.Context, *autoscaling.DescribeLaunchConfigurationsInput) (*autoscaling.DescribeLaunchConfigurationsOutput, error)
	update         func(context.Context, *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	setTags        func(context.Context, *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error)
	deleteTags     func(context.Context, *autoscaling.DeleteTagsInput) (*autoscaling.DeleteTagsOutput, error)
}

func newAutoScaling(c *autoscaling.Client, at site) *autoscalingAPI {
	return &autoscalingAPI{
		describe:       calling(at, callGroups, c.DescribeAutoScalingGroups),
		configurations: calling(at, callConfigurations, c.DescribeLaunchConfigurations),
		update:         calling(at, callUpdateGroup, c.UpdateAutoScalingGroup),
		setTags:        calling(at, callSetGroupTags, c.CreateOrUpdateTags),
		deleteTags:     calling(at, callDeleteGroupTags, c.DeleteTags),
	}
}

// autoscaling returns Auto Scaling in a region. AWS publishes no rates for it,
// so nothing waits for one.
func (s *Session) autoscaling(call need.Call, region string) (*autoscalingAPI, error) {
	return s.asgs.get(call, region, func() *autoscalingAPI {
		c := autoscaling.NewFromConfig(s.cfg, func(o *autoscaling.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newAutoScaling(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}
