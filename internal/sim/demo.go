package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// What the demo's account is called and when its clock begins.
const (
	DemoAccount = "111122223333"
	demoStart   = "2026-06-01T09:00:00Z"
)

// DemoStart is the time at which the demo's clock begins: 2026-06-01, 09:00
// UTC, a Monday.
func DemoStart() time.Time {
	t, err := time.Parse(time.RFC3339, demoStart)
	if err != nil {
		panic("sim: " + err.Error())
	}
	return t
}

// network is where an instance of the demo is.
type network struct {
	region, zone, vpc, subnet, prefix, group string
}

// five are the tags that everything in the demo should have, and a name. An
// empty one is not there.
type five struct {
	Name, Project, Owner, CostCenter, Env, Team string
}

func (f five) tags() tag.Set {
	all := tag.Set{"Name": f.Name, "Project": f.Project, "Owner": f.Owner, "CostCenter": f.CostCenter, "Env": f.Env, "Team": f.Team}
	for k, v := range all {
		if v == "" {
			delete(all, k)
		}
	}
	return all
}

// row is one instance of the demo.
type row struct {
	at   string // a key of demoNetworks
	kind string // the instance type
	ran  string // since its last start, as package span reads it
	made string // since its first launch; "" where that is the same
	five five
	more tag.Set  // further tags
	is   Instance // what is out of the ordinary about it
}

// Demo returns the inventory of the demo: a small company's account with some
// sixty instances in us-east-1 and ap-south-1, good and bad, and what belongs
// to them or is left over. It is the same every time.
func Demo() *Account {
	start := DemoStart()
	a := New(DemoAccount, start)
	for _, v := range demoVPCs {
		a.AddVPC(v.region, v.id, v.tags)
	}
	hosts := map[string]int{}
	for _, r := range demoRows() {
		n := demoNetworks[r.at]
		i := r.is
		i.Region, i.Zone, i.VPC, i.Subnet, i.InstanceType = n.region, n.zone, n.vpc, n.subnet, r.kind
		if n.vpc != "" {
			// Ten and up: a subnet's first four addresses are AWS's.
			i.PrivateIP = fmt.Sprintf("%s.%d", n.prefix, 10+hosts[r.at]*3)
			i.SecurityGroups = []string{n.group}
			hosts[r.at]++
		}
		i.LaunchedAt = start.Add(-length(r.ran))
		if r.made != "" {
			i.CreatedAt = start.Add(-length(r.made))
		}
		i.Tags = r.five.tags()
		for k, v := range r.more {
			i.Tags[k] = v
		}
		i.By = launcher(r)
		a.reportDemo(a.Launch(i), r.five.Name)
	}
	for _, r := range demoThings(start) {
		a.Add(r)
	}
	for _, m := range demoMakers {
		a.MadeBy(m.id, start.AddDate(0, 0, -m.days), m.by)
	}
	addDemoRules(a)
	return a
}

// launcher is who launched an instance of the demo: who owns it, where its tag
// says so, else a program or a service.
func launcher(r row) Who {
	switch owner := r.five.Owner; {
	case r.is.Operator != "":
		return Service(r.is.Operator)
	case r.more["aws:autoscaling:groupName"] != "":
		return Service("autoscaling.amazonaws.com")
	case strings.HasSuffix(owner, "@example.com"):
		return Person(owner)
	case owner == "dora" || owner == "rahul":
		return User(owner)
	case r.five.Name == "":
		return Person("ana@example.com")
	default:
		return Role("ci-deploy")
	}
}

// length reads a span of the table.
func length(s string) time.Duration {
	d, err := span.Parse(s)
	if err != nil {
		panic("sim: the demo's table: " + err.Error())
	}
	return d
}
