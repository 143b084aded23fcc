package resource_test

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// now is when the tests look at their instances.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	arn   = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc"
	group = "aws:autoscaling:groupName"
)

// full is an instance of which everything is known.
func full() *resource.Instance {
	return &resource.Instance{
		Base: resource.Base{
			Reference: resource.Ref{ID: "i-0abc", ARN: arn, Type: resource.EC2Instance, Account: "111122223333", Region: "eu-central-1"},
			TagSet:    tag.Set{"Name": "web-1", "Owner": "alice", group: "web"},
		},
		State: "running", LaunchedAt: now.Add(-36 * time.Hour), CreatedAt: now.Add(-240 * time.Hour), InstanceType: "m7g.large",
		VPC: "vpc-1", Subnet: "subnet-1", PrivateIP: "10.0.0.7", PublicIP: "198.51.100.7", Image: "ami-1", KeyName: "key",
		Lifecycle: "spot", SpotRequest: "sir-1", SecurityGroups: []string{"sg-1", "sg-2"}, RootDevice: "ebs", Volumes: []string{"vol-1"},
		VPCTags:   resource.Known(map[string]string{"Name": "acme"}),
		Protected: resource.Known(resource.Protection{PersistentSpot: true}),
	}
}

// stoppable is an instance that nothing forbids to stop or terminate.
func stoppable() *resource.Instance {
	return &resource.Instance{State: "running", Lifecycle: "on-demand", RootDevice: "ebs", Protected: resource.Known(resource.Protection{})}
}
