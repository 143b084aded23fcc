package sim

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// One in so many instances of each region of Large violates.
const largeViolating = 100

// Large returns an account of n running instances, dealt out to the regions in
// turn (us-east-1 and ap-south-1 by default), for benchmarks and for listings
// of several pages. Every hundredth of a region, its first included, has run
// for 20 days with a Name alone; the others have the tags Name, Project, Owner,
// CostCenter, Env and Team. Its account and clock are those of the demo.
func Large(n int, regions ...string) *Account {
	if len(regions) == 0 {
		regions = []string{"us-east-1", "ap-south-1"}
	}
	start := DemoStart()
	a := New(DemoAccount, start)
	vpcs := make([]string, len(regions))
	for i, region := range regions {
		vpcs[i] = fmt.Sprintf("vpc-0%016x", i+1)
		a.AddVPC(region, vpcs[i], tag.Set{"Name": "large-" + region})
	}
	for i := range n {
		at := i % len(regions)
		one := large(i, regions[at], vpcs[at], start)
		if i/len(regions)%largeViolating == 0 {
			one.Tags = tag.Set{"Name": one.Tags["Name"]}
			one.LaunchedAt = start.Add(-20 * span.Day)
		}
		a.Launch(one)
	}
	return a
}

// The values that the instances of Large take in turn; their numbers have no
// common divisor, so that they mix.
var (
	largeTypes    = []string{"t3.micro", "m7g.large", "c7g.xlarge", "r6i.2xlarge", "m5.large", "g5.xlarge", "t4g.small"}
	largeProjects = []string{"storefront", "catalogue", "delivery", "ranking", "billing"}
	largeOwners   = []string{"ana@example.com", "ben@example.com", "rahul"}
	largeEnvs     = []string{"prod", "dev"}
)

func large(n int, region, vpc string, start time.Time) Instance {
	return Instance{
		Region: region, Zone: region + []string{"a", "b", "c"}[n%3], InstanceType: largeTypes[n%7],
		LaunchedAt: start.Add(-span.Day*time.Duration(1+n%90) - time.Duration(n)*time.Second),
		VPC:        vpc, Subnet: fmt.Sprintf("subnet-0%016x", n%3+1),
		PrivateIP:      fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255),
		SecurityGroups: []string{"sg-0c5d9e17f3a2b8460"},
		Tags: tag.Set{"Name": fmt.Sprintf("host-%05d", n), "Project": largeProjects[n%5], "Owner": largeOwners[n%3],
			"CostCenter": fmt.Sprintf("CC-%04d", 1000+n%40), "Env": largeEnvs[n/3%2], "Team": "team-" + largeProjects[n%5]},
	}
}
