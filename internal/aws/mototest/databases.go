package mototest

import (
	"strconv"
	"testing"
)

// RDS makes any call of RDS, as EC2 does of EC2.
func (a *Account) RDS(t testing.TB, out any, action string, params ...string) {
	t.Helper()
	a.query(t, "rds", "2014-10-31", out, action, params...)
}

// AutoScaling makes any call of Auto Scaling, as EC2 does of EC2.
func (a *Account) AutoScaling(t testing.TB, out any, action string, params ...string) {
	t.Helper()
	a.query(t, "autoscaling", "2011-01-01", out, action, params...)
}

// makeDatabase makes something of RDS or Auto Scaling, of a fixed name: an
// account has one of each.
func (a *Account) makeDatabase(t testing.TB, typ string) string {
	t.Helper()
	switch typ {
	case "rds:db":
		a.Database(t, "web", nil)
		return "web"
	case "rds:cluster":
		a.RDS(t, nil, "CreateDBCluster", "DBClusterIdentifier", "cluster", "Engine", "aurora-postgresql", "MasterUsername", "root", "MasterUserPassword", "0123456789")
		return "cluster"
	case "rds:snapshot":
		a.Database(t, "source", nil)
		a.RDS(t, nil, "CreateDBSnapshot", "DBInstanceIdentifier", "source", "DBSnapshotIdentifier", "before")
		return "before"
	default:
		a.Group(t, "web", 1, 2, nil)
		return "web"
	}
}

// Database makes a database with tags.
func (a *Account) Database(t testing.TB, name string, tags map[string]string, params ...string) {
	t.Helper()
	params = append(params, memberTags("Tags.Tag.", tags)...)
	a.RDS(t, nil, "CreateDBInstance", append(params, "DBInstanceIdentifier", name, "Engine", "postgres", "DBInstanceClass", "db.t4g.micro",
		"AllocatedStorage", "20", "MasterUsername", "root", "MasterUserPassword", "0123456789")...)
}

// Group makes an Auto Scaling group of these sizes, at most 10, with tags that
// its instances do not get.
func (a *Account) Group(t testing.TB, name string, minimum, desired int, tags map[string]string) {
	t.Helper()
	template := name + "-template"
	a.EC2(t, nil, "CreateLaunchTemplate", "LaunchTemplateName", template, "LaunchTemplateData.ImageId", "ami-12c6146b", "LaunchTemplateData.InstanceType", "t3.micro")
	params := memberTags("Tags.member.", tags)
	for n := range len(tags) {
		params = append(params, "Tags.member."+strconv.Itoa(n+1)+".PropagateAtLaunch", "false")
	}
	a.AutoScaling(t, nil, "CreateAutoScalingGroup", append(params, "AutoScalingGroupName", name, "MinSize", strconv.Itoa(minimum), "MaxSize", "10", "DesiredCapacity", strconv.Itoa(desired),
		"LaunchTemplate.LaunchTemplateName", template, "LaunchTemplate.Version", "1", "AvailabilityZones.member.1", a.Region+"a")...)
}

func memberTags(prefix string, tags map[string]string) []string {
	var params []string
	n := 0
	for k, v := range tags {
		n++
		at := prefix + strconv.Itoa(n)
		params = append(params, at+".Key", k, at+".Value", v)
	}
	return params
}
