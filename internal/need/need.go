// Package need says what knowing and doing things costs: which API calls a
// fact takes and which IAM permissions those calls need. Expressions name
// fields, fields name facts, and from the facts everything else follows.
package need

// Fact is something about a resource that takes API calls to know.
type Fact string

// The facts.
const (
	// Instances is what listing EC2 instances gives; it is always read.
	Instances Fact = "instances"
	// VPCTags is the tags of the VPC that a resource is in.
	VPCTags Fact = "vpc_tags"
	// Protection is what forbids to stop or terminate an instance: its two
	// protection attributes, and for spot whether its request is persistent.
	// It is read only for instances that are about to be stopped or terminated.
	Protection Fact = "protection"
)

// Call is one AWS API operation.
type Call struct {
	Service   string // as in the SDK: ec2, sesv2, sns
	Operation string // as in the API: DescribeInstances
}

// String is service:Operation, the way IAM writes most permissions.
func (c Call) String() string { return c.Service + ":" + c.Operation }

// Cost is what one fact takes.
type Cost struct {
	// Calls are the operations that read it.
	Calls []Call
	// Per says how often, for people: "1000 instances a call".
	Per string
	// Lazy facts are read only for resources where the rest of the expressions
	// leaves the answer open.
	Lazy bool
}

var costs = map[Fact]Cost{
	Instances: {Calls: []Call{{"ec2", "DescribeInstances"}}, Per: "one call for 1000 instances"},
	VPCTags:   {Calls: []Call{{"ec2", "DescribeVpcs"}}, Per: "one call for 1000 VPCs of a region", Lazy: true},
	Protection: {Calls: []Call{{"ec2", "DescribeInstanceAttribute"}, {"ec2", "DescribeSpotInstanceRequests"}},
		Per: "two calls for an instance about to be stopped or terminated", Lazy: true},
}

// Of returns what a fact costs. Every fact of this package has a cost; the
// second value is false for any other.
func Of(f Fact) (Cost, bool) {
	c, ok := costs[f]
	return c, ok
}
