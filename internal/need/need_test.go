package need_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
)

// constants reads the package's own source, so that a fact that is added
// without a cost is found. No list kept by hand would tell.
func constants(t *testing.T) []need.Fact {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "need.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var facts []need.Fact
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Fact" {
			for _, v := range spec.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				facts = append(facts, need.Fact(text))
			}
		}
		return true
	})
	return facts
}

func TestEveryFactHasACost(t *testing.T) {
	facts := constants(t)
	if diff := cmp.Diff([]need.Fact{need.Instances, need.Volumes, need.Snapshots, need.Images, need.NetworkInterfaces, need.SecurityGroups,
		need.NetworkACLs, need.ElasticIPs, need.VPCs, need.Subnets, need.Databases, need.DBClusters, need.DBSnapshots, need.Groups,
		need.ClusterTags, need.SnapshotSourceTags, need.SnapshotSharing, need.Buckets, need.Functions, need.Tables, need.Anything, need.Tags, need.InstanceTags, need.VolumeTags, need.VPCTags, need.SecurityGroupRules, need.Backups, need.Protection, need.Creator, need.Metrics, need.Table, need.Object,
		need.SnapshotUse, need.ImageUse, need.GroupUse, need.SnapshotShares, need.ImageShares}, facts); diff != "" {
		t.Errorf("the facts (-want +got):\n%s", diff)
	}
	for _, f := range facts {
		c, ok := need.Of(f)
		if !ok || len(c.Calls) == 0 || c.Per == "" {
			t.Errorf("the cost of %s: %+v, %v", f, c, ok)
		}
		for _, call := range c.Calls {
			if call.Service == "" || call.Operation == "" {
				t.Errorf("%s takes a call without a name: %+v", f, call)
			}
		}
	}
}

func TestCostsNameTheCallsAndWhenTheyAreMade(t *testing.T) {
	tests := []struct {
		fact  need.Fact
		calls []string
		lazy  bool
	}{
		{need.Instances, []string{"ec2:DescribeInstances"}, false},
		{need.Volumes, []string{"ec2:DescribeVolumes"}, false},
		{need.ElasticIPs, []string{"ec2:DescribeAddresses"}, false},
		{need.Buckets, []string{"s3:ListBuckets", "s3:GetBucketTagging"}, false},
		{need.Tags, []string{"tag:GetResources"}, true},
		{need.InstanceTags, []string{"ec2:DescribeInstances"}, true},
		{need.VolumeTags, []string{"ec2:DescribeVolumes"}, true},
		{need.VPCTags, []string{"ec2:DescribeVpcs"}, true},
		{need.Protection, []string{"ec2:DescribeInstanceAttribute", "ec2:DescribeSpotInstanceRequests"}, true},
		{need.Creator, []string{"cloudtrail:LookupEvents"}, true},
		{need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: time.Hour}.Fact(), []string{"cloudwatch:GetMetricData"}, true},
		{need.Table, []string{"dynamodb:Scan"}, false},
		{need.Object, []string{"s3:GetObject"}, false},
		{need.ImageUse, []string{"ec2:DescribeInstances", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions", "ssm:GetParameters", "autoscaling:DescribeLaunchConfigurations"}, true},
		{need.SnapshotShares, []string{"ec2:DescribeSnapshotAttribute"}, true},
	}
	for _, tt := range tests {
		c, _ := need.Of(tt.fact)
		var calls []string
		for _, call := range c.Calls {
			calls = append(calls, call.String())
		}
		if diff := cmp.Diff(tt.calls, calls); diff != "" {
			t.Errorf("calls of %s (-want +got):\n%s", tt.fact, diff)
		}
		if c.Lazy != tt.lazy {
			t.Errorf("%s is lazy: %v", tt.fact, c.Lazy)
		}
	}
}

func TestOtherFactsHaveNoCost(t *testing.T) {
	for _, f := range []need.Fact{"", "Creator", "Instances"} {
		if c, ok := need.Of(f); ok {
			t.Errorf("the cost of %q: %+v", f, c)
		}
	}
}

// A permission that is nowhere written down is found out by being denied.
func TestEveryCallIsAmongThePermissions(t *testing.T) {
	page, err := os.ReadFile("../../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	// A table further down, which is generated, names some without what needs them.
	calls, _, ok := strings.Cut(string(page), "\n## On every resource\n")
	if !ok {
		t.Fatal("docs/permissions.md has no table of what is on every resource")
	}
	for _, f := range constants(t) {
		c, _ := need.Of(f)
		for _, call := range c.Calls {
			if !strings.Contains(calls, "`"+call.Permission()+"`") {
				t.Errorf("docs/permissions.md does not have %s, which %s takes", call.Permission(), f)
			}
		}
	}
}

func TestIAMNamesSomeCallsOtherwise(t *testing.T) {
	for call, want := range map[need.Call]string{
		{Service: "ec2", Operation: "StopInstances"}:      "ec2:StopInstances",
		{Service: "sesv2", Operation: "SendEmail"}:        "ses:SendEmail",
		{Service: "s3", Operation: "ListBuckets"}:         "s3:ListAllMyBuckets",
		{Service: "s3", Operation: "DeleteBucketTagging"}: "s3:PutBucketTagging",
	} {
		if got := call.Permission(); got != want {
			t.Errorf("the permission for %s is %s, want %s", call, got, want)
		}
	}
}
