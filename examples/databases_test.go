package examples_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// night is what there is of RDS and Auto Scaling in an account, in short.
func night(t *testing.T, a *mototest.Account) map[string]string {
	t.Helper()
	got := map[string]string{}
	var dbs struct {
		DBs []struct {
			Name  string `xml:"DBInstanceIdentifier"`
			State string `xml:"DBInstanceStatus"`
		} `xml:"DescribeDBInstancesResult>DBInstances>DBInstance"`
	}
	a.RDS(t, &dbs, "DescribeDBInstances")
	for _, d := range dbs.DBs {
		got[d.Name] = d.State
	}
	var clusters struct {
		Clusters []struct {
			Name  string `xml:"DBClusterIdentifier"`
			State string `xml:"Status"`
		} `xml:"DescribeDBClustersResult>DBClusters>DBCluster"`
	}
	a.RDS(t, &clusters, "DescribeDBClusters")
	for _, c := range clusters.Clusters {
		got[c.Name] = c.State
	}
	var groups struct {
		Groups []struct {
			Name    string `xml:"AutoScalingGroupName"`
			MinSize int
			Desired int      `xml:"DesiredCapacity"`
			IDs     []string `xml:"Instances>member>InstanceId"`
			Tags    []struct {
				Key, Value        string
				PropagateAtLaunch bool
			} `xml:"Tags>member"`
		} `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member"`
	}
	a.AutoScaling(t, &groups, "DescribeAutoScalingGroups")
	for _, g := range groups.Groups {
		var tags []string
		for _, kv := range g.Tags {
			tags = append(tags, fmt.Sprintf("%s=%s/%v", kv.Key, kv.Value, kv.PropagateAtLaunch))
		}
		slices.Sort(tags)
		got[g.Name] = fmt.Sprintf("%d of %d, %d there: %s", g.Desired, g.MinSize, len(g.IDs), strings.Join(tags, " "))
	}
	return got
}

func TestNightsOnMoto(t *testing.T) {
	// Not the shared server: where there is an Auto Scaling group moto does not
	// show mail.
	aws := mototest.Start(t).Account(t, "eu-central-1")
	aws.Setenv(t)
	const sender = "nights@example.com"
	aws.VerifyIdentity(t, sender)
	dev := map[string]string{"Env": "dev"}
	aws.Database(t, "orders", dev)
	aws.Database(t, "payments", map[string]string{"Env": "prod"})
	aws.RDS(t, nil, "CreateDBCluster", "DBClusterIdentifier", "ledger", "Engine", "aurora-postgresql", "MasterUsername", "root", "MasterUserPassword", "0123456789",
		"Tags.Tag.1.Key", "Env", "Tags.Tag.1.Value", "dev")
	aws.RDS(t, nil, "CreateDBInstance", "DBInstanceIdentifier", "ledger-1", "DBClusterIdentifier", "ledger", "Engine", "aurora-postgresql", "DBInstanceClass", "db.r7g.large",
		"Tags.Tag.1.Key", "Env", "Tags.Tag.1.Value", "dev")
	aws.Group(t, "workers", 1, 3, dev)
	aws.Group(t, "web", 1, 2, nil)
	u := newUser(t, "rds-and-groups.yaml", map[string]string{"SES_FROM": sender})
	apply := func(at time.Time) document {
		return u.json(0, "apply", "--yes", "--at", at.UTC().Format(time.RFC3339))
	}

	d := apply(tuesday(t, "12:00"))
	same(t, "stopped at noon", []string(nil), d.with("stop", "done"))
	same(t, "tagged at noon", []string{"ledger", "ledger-1", "orders", "payments", "web", "workers"}, d.with("tag", "done"))
	const day = "Env=dev/false Team=platform/true"
	same(t, "at noon", map[string]string{"orders": "available", "payments": "available", "ledger": "available", "ledger-1": "available",
		"workers": "3 of 1, 3 there: " + day, "web": "2 of 1, 2 there: Team=platform/true"}, night(t, aws))
	aws.RDS(t, nil, "CreateDBSnapshot", "DBInstanceIdentifier", "orders", "DBSnapshotIdentifier", "before")
	d = apply(tuesday(t, "19:10"))
	same(t, "tagged in the evening", []string{"before"}, d.with("tag", "done"))
	same(t, "stopped in the evening", []string{"ledger", "orders", "workers"}, d.with("stop", "done"))
	evening := night(t, aws)
	same(t, "workers in the evening", "0 of 0, 0 there: "+day+" tagwarden:sizes=min=1 desired=3/false", evening["workers"])
	same(t, "orders in the evening", "stopped", evening["orders"])
	same(t, "ledger in the evening", "stopped", evening["ledger"])
	same(t, "payments in the evening", "available", evening["payments"])
	same(t, "web in the evening", "2 of 1, 2 there: Team=platform/true", evening["web"])
	d = apply(tuesday(t, "21:00"))
	same(t, "stopped once more", []string(nil), d.with("stop", "done"))
	d = apply(tuesday(t, "08:10").AddDate(0, 0, 1))
	same(t, "started in the morning", []string{"ledger", "orders", "workers"}, d.with("start", "done"))
	same(t, "in the morning", map[string]string{"orders": "available", "payments": "available", "ledger": "available", "ledger-1": "available",
		"workers": "3 of 1, 3 there: " + day, "web": "2 of 1, 2 there: Team=platform/true"}, night(t, aws))
}

func TestNightsOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "rds-and-groups.yaml")
	now := r.aws.Clock().Now()
	evening := time.Date(now.Year(), now.Month(), now.Day(), 21, 0, 0, 0, time.UTC)
	for evening.Before(now) || evening.Weekday() != time.Tuesday {
		evening = evening.AddDate(0, 0, 1)
	}
	p := r.apply(evening.Sub(now))
	same(t, "stopped", []string{"ledger", "orders-dev", "workers-dev"}, in(p, action.Stop, plan.Done))
	same(t, "held", []string(nil), in(p, action.Stop, plan.Held))
	for id, state := range map[string]string{"ledger-1": "stopped", "orders": "available", "orders-reader": "available"} {
		got, _ := r.aws.Resource(id)
		same(t, id, state, got.(*resource.Database).State)
	}
	p = r.apply(13 * time.Hour)
	same(t, "started", []string{"ledger", "orders-dev", "workers-dev"}, in(p, action.Start, plan.Done))
	g, _ := r.aws.Resource("workers-dev")
	same(t, "the group's sizes", resource.Sizes{Min: 1, Desired: 2}, g.(*resource.Group).Sizes)
}
