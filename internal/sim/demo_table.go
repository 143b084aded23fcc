package sim

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// demoVPCs are the demo's VPCs.
var demoVPCs = []struct {
	region, id string
	tags       tag.Set
}{
	{"us-east-1", "vpc-abc123c1", tag.Set{"Name": "acme", "Env": "prod", "CostCenter": "CC-1000"}},
	{"ap-south-1", "vpc-0d41f6e2a9b87c350", tag.Set{"Name": "acme-mumbai", "Env": "dev"}},
}

// demoNetworks are the demo's subnets; old is an instance that tells no VPC.
var demoNetworks = map[string]network{
	"us-a": {"us-east-1", "us-east-1a", "vpc-abc123c1", "subnet-0b7e41c95d2f8a613", "10.20.1", "sg-0c5d9e17f3a2b8460"},
	"us-b": {"us-east-1", "us-east-1b", "vpc-abc123c1", "subnet-05a8d3f72c61e9b40", "10.20.2", "sg-0c5d9e17f3a2b8460"},
	"ap-a": {"ap-south-1", "ap-south-1a", "vpc-0d41f6e2a9b87c350", "subnet-09f2b64e8a7d1c305", "10.40.1", "sg-071e8d4b9a3c5f260"},
	"ap-b": {"ap-south-1", "ap-south-1b", "vpc-0d41f6e2a9b87c350", "subnet-0e6c19a5f48b3d720", "10.40.2", "sg-071e8d4b9a3c5f260"},
	"old":  {"us-east-1", "us-east-1b", "", "", "", ""},
}

// demoRows are the demo's instances, by what they show.
func demoRows() []row {
	return slices.Concat(demoCompliant, demoManaged, demoUntagged, demoNearly, demoStates, demoKinds, demoExempt, demoOdd)
}

// demoCompliant have every tag.
var demoCompliant = []row{
	{at: "us-a", kind: "m7g.large", ran: "92d4h", made: "410d", five: five{"web-1", "storefront", "ana@example.com", "CC-1001", "prod", "payments"}, is: Instance{PublicIP: "203.0.113.21"}},
	{at: "us-b", kind: "m7g.large", ran: "92d4h", made: "410d", five: five{"web-2", "storefront", "ana@example.com", "CC-1001", "prod", "payments"}, is: Instance{PublicIP: "203.0.113.22"}},
	{at: "us-a", kind: "c7g.xlarge", ran: "33d2h", five: five{"checkout-1", "storefront", "ben@example.com", "CC-1001", "prod", "payments"}},
	{at: "us-b", kind: "c7g.xlarge", ran: "33d2h", five: five{"checkout-2", "storefront", "ben@example.com", "CC-1001", "prod", "payments"}},
	{at: "us-a", kind: "r7g.2xlarge", ran: "201d6h", five: five{"orders-db", "storefront", "ben@example.com", "CC-1001", "prod", "payments"}, is: Instance{StopProtected: true, TerminateProtected: true}},
	{at: "us-a", kind: "r6i.xlarge", ran: "61d", five: five{"index-1", "catalogue", "chandra@example.com", "CC-1002", "prod", "search"}},
	{at: "us-b", kind: "r6i.xlarge", ran: "61d", five: five{"index-2", "catalogue", "chandra@example.com", "CC-1002", "prod", "search"}},
	{at: "us-a", kind: "t3.medium", ran: "19d3h", five: five{"jenkins", "delivery", "dora", "CC-1003", "dev", "platform"}},
	{at: "us-b", kind: "t4g.small", ran: "5h", made: "300d", five: five{"bastion", "access", "dora", "CC-1003", "prod", "platform"}, is: Instance{PublicIP: "203.0.113.40", KeyName: "ops-2025"}},
	{at: "us-b", kind: "t3.large", ran: "3d8h", five: five{"staging-web", "storefront", "ana@example.com", "CC-1001", "dev", "payments"}},
	{at: "ap-a", kind: "m6i.large", ran: "48d", five: five{"in-web-1", "storefront", "priya@example.com", "CC-2001", "prod", "payments"}},
	{at: "ap-b", kind: "m6i.large", ran: "48d", five: five{"in-web-2", "storefront", "priya@example.com", "CC-2001", "prod", "payments"}},
	{at: "ap-a", kind: "r6i.large", ran: "77d", five: five{"in-cache", "catalogue", "priya@example.com", "CC-2001", "prod", "search"}},
	{at: "ap-b", kind: "t3.medium", ran: "11d", five: five{"in-dev-1", "catalogue", "rahul", "CC-2002", "dev", "search"}},
	{at: "ap-a", kind: "g5.xlarge", ran: "2d1h", five: five{"train-1", "ranking", "rahul", "CC-2002", "dev", "search"}},
	{at: "ap-b", kind: "c6i.large", ran: "26d", five: five{"in-queue", "delivery", "meera@example.com", "CC-2001", "prod", "platform"}},
}

// demoManaged are replaced by somebody when they go, or run by AWS itself.
var demoManaged = []row{
	{at: "us-a", kind: "m7g.large", ran: "16d", five: five{"api", "storefront", "ana@example.com", "CC-1001", "prod", "payments"}, more: tag.Set{"aws:autoscaling:groupName": "api-asg"}},
	{at: "us-b", kind: "m7g.large", ran: "16d", five: five{"api", "storefront", "ana@example.com", "CC-1001", "prod", "payments"}, more: tag.Set{"aws:autoscaling:groupName": "api-asg"}},
	{at: "ap-a", kind: "c6i.xlarge", ran: "18d", five: five{Name: "batch"}, more: tag.Set{"aws:autoscaling:groupName": "batch-asg", "aws:cloudformation:stack-id": "arn:aws:cloudformation:ap-south-1:111122223333:stack/batch/5f0c8a10-3b7e-11f0-9d2a-0a58a9feac02"}},
	{at: "ap-b", kind: "c6i.xlarge", ran: "18d", five: five{Name: "batch"}, more: tag.Set{"aws:autoscaling:groupName": "batch-asg", "aws:cloudformation:stack-id": "arn:aws:cloudformation:ap-south-1:111122223333:stack/batch/5f0c8a10-3b7e-11f0-9d2a-0a58a9feac02"}},
	{at: "us-a", kind: "m7g.xlarge", ran: "9d", five: five{Name: "default-x7k2p"}, more: tag.Set{"karpenter.sh/nodepool": "default", "eks:eks-cluster-name": "shop"}},
	{at: "us-b", kind: "m6i.xlarge", ran: "23d", five: five{Name: "shop-workers"}, more: tag.Set{"eks:cluster-name": "shop", "eks:nodegroup-name": "workers", "aws:autoscaling:groupName": "eks-workers-8ac1f0e2"}},
	{at: "us-b", kind: "c7g.large", ran: "12d", five: five{Name: "auto-node"}, more: tag.Set{"eks:eks-cluster-name": "shop-auto", "aws:ec2:managed-launch": "eks-auto-mode"}, is: Instance{Operator: "eks.amazonaws.com"}},
}

// demoUntagged have no Project tag, some no tag at all, by age.
var demoUntagged = []row{
	{at: "us-a", kind: "t3.micro", ran: "3h20m", five: five{Name: "try-it", Owner: "ana@example.com"}},
	{at: "ap-a", kind: "t3.small", ran: "2d6h"},
	{at: "us-b", kind: "t3.medium", ran: "5d20h", five: five{Name: "load-test", Owner: "ben@example.com", Team: "payments"}},
	{at: "us-a", kind: "m5.large", ran: "7d21h36m", five: five{Name: "report-gen", Owner: "chandra@example.com", Env: "dev"}},
	{at: "us-b", kind: "t3.large", ran: "8d3h", five: five{Name: "poc-search", Owner: "chandra@example.com", Team: "search"}},
	{at: "ap-b", kind: "t3.medium", ran: "9d12h", five: five{Owner: "rahul"}},
	{at: "ap-a", kind: "m5.xlarge", ran: "11d1h", five: five{Name: "etl-scratch", Env: "dev"}},
	{at: "us-a", kind: "c5.large", ran: "13d22h", five: five{Name: "bench-2", Owner: "ben@example.com", Env: "dev", Team: "payments"}},
	{at: "us-b", kind: "t3.micro", ran: "14d", five: five{Name: "demo-box", Owner: "dora"}},
	{at: "us-a", kind: "m5.2xlarge", ran: "16d9h", made: "70d", five: five{Name: "old-api", Owner: "ana@example.com", CostCenter: "CC-1001", Env: "prod", Team: "payments"}},
	{at: "ap-b", kind: "p3.2xlarge", ran: "21d5h", five: five{Name: "notebook", Owner: "rahul"}},
	{at: "us-b", kind: "m4.large", ran: "63d", five: five{Name: "wiki"}},
	{at: "ap-a", kind: "t2.medium", ran: "187d"},
}

// demoNearly mean well: the value is empty, the key another or otherwise
// written.
var demoNearly = []row{
	{at: "us-a", kind: "t3.medium", ran: "20d", five: five{Name: "forms", Owner: "dora", CostCenter: "CC-1003", Env: "dev", Team: "platform"}, more: tag.Set{"Project": ""}},
	{at: "ap-b", kind: "t3.medium", ran: "10d", five: five{Name: "in-forms", Owner: "meera@example.com", Env: "dev"}, more: tag.Set{"Project": ""}},
	{at: "us-b", kind: "m6i.large", ran: "30d", five: five{"billing-1", "billing", "ben@example.com", "", "prod", "payments"}, more: tag.Set{"costcenter": "CC-1001"}},
	{at: "us-a", kind: "m6i.large", ran: "30d", five: five{"billing-2", "billing", "ben@example.com", "", "prod", "payments"}, more: tag.Set{"cost-center": "CC-1001"}},
	{at: "us-b", kind: "m6i.large", ran: "30d", five: five{"billing-3", "billing", "ben@example.com", "", "prod", "payments"}, more: tag.Set{"costcenter": "CC-1001", "cost-center": "CC-1004"}},
	{at: "ap-a", kind: "c6i.large", ran: "15d3h", five: five{"in-mail", "", "meera@example.com", "cc2001", "prod", "platform"}, more: tag.Set{"project": "delivery"}},
	{at: "ap-b", kind: "c6i.large", ran: "17d", five: five{"in-relay", "delivery", "", "CC-2001", "Prod", "Platform"}, more: tag.Set{"OWNER": "meera@example.com"}},
}

// demoStates do not run.
var demoStates = []row{
	{at: "us-a", kind: "m5.large", ran: "40d", made: "220d", five: five{"year-end", "finance", "erin@example.com", "CC-1005", "prod", "finance"}, is: Instance{State: stopped}},
	{at: "us-b", kind: "t3.large", ran: "90d", five: five{Name: "forgotten"}, is: Instance{State: stopped}},
	{at: "ap-a", kind: "t3.small", ran: "25d", five: five{Name: "in-try", Owner: "rahul"}, is: Instance{State: stopped}},
	{at: "us-a", kind: "t3.micro", ran: "6h", five: five{Name: "short-lived"}, is: Instance{State: terminated}},
}

// demoKinds cannot be stopped or terminated like others, and have no Project
// tag, so that a policy comes upon them.
var demoKinds = []row{
	{at: "us-b", kind: "c5.2xlarge", ran: "15d", five: five{Name: "render-spot", Owner: "chandra@example.com", Env: "dev"}, is: Instance{Lifecycle: spot}},
	{at: "ap-b", kind: "c5.2xlarge", ran: "15d", five: five{Name: "in-crawl-spot", Owner: "rahul", Env: "dev"}, is: Instance{Lifecycle: spot, Persistent: true}},
	{at: "us-a", kind: "m1.large", ran: "700d", five: five{Name: "legacy-ftp"}, is: Instance{RootDevice: instanceStore}},
	{at: "us-b", kind: "r5.large", ran: "32d", five: five{Name: "license-server", Owner: "erin@example.com", Env: "prod"}, is: Instance{StopProtected: true}},
	{at: "ap-a", kind: "r5.large", ran: "29d", five: five{Name: "in-ledger", Owner: "meera@example.com", Env: "prod"}, is: Instance{TerminateProtected: true}},
}

// demoExempt have no Project tag either, and say why they may: rightly, in
// vain, or no longer.
var demoExempt = []row{
	{at: "us-a", kind: "m5.large", ran: "44d", five: five{Name: "vendor-appliance", Owner: "erin@example.com"}, more: tag.Set{"SPECIAL_EXCEPTION": "contract 2026-118"}},
	{at: "ap-a", kind: "m5.large", ran: "44d", more: tag.Set{"SPECIAL_EXCEPTION": ""}},
	{at: "us-a", kind: "t3.large", ran: "22d", five: five{Name: "migration", Owner: "dora"}, more: tag.Set{"KeepUntil": "2026-07-15"}},
	{at: "us-b", kind: "t3.large", ran: "22d", five: five{Name: "audit-copy", Owner: "erin@example.com"}, more: tag.Set{"KeepUntil": "end of next quarter"}},
	{at: "ap-b", kind: "t3.large", ran: "22d", five: five{Name: "in-archive", Owner: "meera@example.com"}, more: tag.Set{"KeepUntil": "2031-01-01"}},
	{at: "us-b", kind: "t3.large", ran: "35d", five: five{Name: "trade-fair", Owner: "ana@example.com"}, more: tag.Set{"KeepUntil": "2026-05-20"}},
}

// demoOdd try the software: the limit of tags, hostile text, no VPC.
var demoOdd = []row{
	{at: "us-a", kind: "m5.large", ran: "28d", five: five{Name: "all-the-tags", Owner: "dora"}, more: numbered(48)},
	{at: "ap-b", kind: "t3.medium", ran: "24d", five: five{Name: "<script>alert(1)</script>", Owner: "=cmd|' /C calc'!A0", Env: "dev"}, more: tag.Set{
		"Note": "\x1b[31mred\x1b[0m\x07 and\nanother line", "Order": "\u202egpj.exe", "Mood": "🚀👩‍💻 naïve – 東京", "@SUM(1+1)": "`*_[x](javascript:alert(1))_*`|",
	}},
	{at: "old", kind: "t2.micro", ran: "51d", five: five{Name: "classic", Owner: "unknown"}},
}

// numbered makes n tags.
func numbered(n int) tag.Set {
	s := tag.Set{}
	for i := range n {
		s[fmt.Sprintf("label-%02d", i+1)] = fmt.Sprintf("value %d", i+1)
	}
	return s
}
