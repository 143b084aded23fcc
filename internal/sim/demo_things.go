package sim

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// at is the base of a thing of the demo. Its ids are written out, so that those
// that are generated stay the same whatever is added here.
func at(region, id string, tags tag.Set) resource.Base {
	return resource.Base{Reference: resource.Ref{Region: region, ID: id}, TagSet: tags}
}

const (
	east   = "us-east-1"
	mumbai = "ap-south-1"
)

// demoThings are what the demo has beside its instances and their volumes: the
// networks, and what is left over from earlier days.
func demoThings(start time.Time) []resource.Resource {
	ago := func(days int) time.Time { return start.AddDate(0, 0, -days) }
	var all []resource.Resource
	for _, n := range []string{"us-a", "us-b", "ap-a", "ap-b"} {
		net := demoNetworks[n]
		all = append(all, &resource.Subnet{Base: at(net.region, net.subnet, tag.Set{"Name": n}), VPC: net.vpc, CIDR: net.prefix + ".0/24", Zone: net.zone, AvailableIPs: 200})
	}
	us, ap := demoNetworks["us-a"], demoNetworks["ap-a"]
	return append(all,
		&resource.SecurityGroup{Base: at(east, us.group, tag.Set{"Project": "storefront"}), VPC: us.vpc, GroupName: "servers", Description: "all servers"},
		&resource.SecurityGroup{Base: at(mumbai, ap.group, nil), VPC: ap.vpc, GroupName: "servers", Description: "all servers"},
		&resource.NetworkACL{Base: at(east, "acl-04d1a9c7e3b52f860", nil), VPC: us.vpc, Default: true, Subnets: []string{us.subnet}},

		// A volume that nobody took along, one with its owner's name, one that is
		// going, and the snapshot of one that is gone.
		&resource.Volume{Base: at(east, "vol-0a71c5e93d24f8b60", nil), Size: 500, VolumeType: "gp2", CreatedAt: ago(212)},
		&resource.Volume{Base: at(east, "vol-06e2b80d4f1c97a35", tag.Set{"Name": "old-db", "Owner": "ben@example.com"}), Size: 200, Encrypted: true, CreatedAt: ago(97), Snapshot: "snap-0c38f1d7a62e59b40"},
		&resource.Volume{Base: at(mumbai, "vol-0f95d3a1c8e7b2460", nil), Size: 40, State: "deleting", CreatedAt: ago(30)},
		&resource.Snapshot{Base: at(east, "snap-0c38f1d7a62e59b40", tag.Set{"Project": "storefront"}), Volume: "vol-06e2b80d4f1c97a35", Size: 200, Encrypted: true, Description: "before the move", CreatedAt: ago(98)},
		&resource.Snapshot{Base: at(east, "snap-0912e6b4d7f8a3c50", nil), Volume: "vol-0123456789abcdef0", Size: 1000, CreatedAt: ago(400)},
		&resource.Image{Base: at(east, "ami-0b5c82f7e1d39a640", tag.Set{"Owner": "dora"}), ImageName: "web-2025-11", Snapshots: []string{"snap-0c38f1d7a62e59b40"}, CreatedAt: ago(190)},

		&resource.NetworkInterface{Base: at(east, "eni-07b3e5f9a1c28d460", nil), VPC: us.vpc, Subnet: us.subnet, PrivateIP: "10.20.1.250", Description: "left by an instance"},
		&resource.NetworkInterface{Base: at(east, "eni-0d84c6a2e7f13b950", nil), VPC: us.vpc, Subnet: us.subnet, PrivateIP: "10.20.1.251", PublicIP: "203.0.113.250",
			InterfaceType: "nat_gateway", Description: "Interface for NAT Gateway nat-0e5a1b7c3d9f24860", Managed: true},
		&resource.ElasticIP{Base: at(east, "eipalloc-0e1f7a5c93b8d2460", tag.Set{"Name": "nat"}), PublicIP: "203.0.113.250", PrivateIP: "10.20.1.251", NetworkInterface: "eni-0d84c6a2e7f13b950"},
		&resource.ElasticIP{Base: at(mumbai, "eipalloc-03c7d9e2a15b8f460", nil), PublicIP: "203.0.113.251"},

		// A database by itself with its reader, a cluster of two, and what was kept of
		// a database that is gone.
		&resource.Database{Base: at(east, "orders", tag.Set{"Project": "storefront", "Owner": "ana", "Env": "prod"}), Class: "db.m7g.large", Storage: 200, Replicas: []string{"orders-reader"}, CreatedAt: ago(500)},
		&resource.Database{Base: at(east, "orders-reader", tag.Set{"Project": "storefront", "Env": "prod"}), Class: "db.m7g.large", Storage: 200, ReplicaOf: "orders", CreatedAt: ago(320)},
		&resource.Database{Base: at(east, "orders-dev", tag.Set{"Project": "storefront", "Owner": "ben@example.com", "Env": "dev"}), CreatedAt: ago(90)},
		&resource.DBCluster{Base: at(mumbai, "ledger", tag.Set{"Env": "dev"}), Members: []string{"ledger-1", "ledger-2"}, CreatedAt: ago(60)},
		&resource.Database{Base: at(mumbai, "ledger-1", nil), Engine: "aurora-postgresql", Class: "db.r7g.large", Cluster: "ledger", CreatedAt: ago(60)},
		&resource.Database{Base: at(mumbai, "ledger-2", nil), Engine: "aurora-postgresql", Class: "db.r7g.large", Cluster: "ledger", CreatedAt: ago(60)},
		&resource.DBSnapshot{Base: at(east, "crm-last", nil), Database: "crm", Storage: 80, CreatedAt: ago(380)},
		&resource.DBSnapshot{Base: at(east, "rds:orders-2026-11-19-03-00", tag.Set{"Project": "storefront"}), Kind: "automated", Database: "orders", Storage: 200, CreatedAt: ago(1)},
		&resource.DBSnapshot{Base: at(mumbai, resource.ClusterSnapshotID("ledger-start"), nil), Cluster: "ledger", Engine: "aurora-postgresql", Storage: 1, CreatedAt: ago(55)},
		&resource.Group{Base: at(east, "workers-dev", tag.Set{"Env": "dev", "Project": "storefront"}), Sizes: resource.Sizes{Min: 1, Desired: 2}, Max: 4, Propagated: []string{"Env"}, LaunchTemplate: "workers", CreatedAt: ago(140)},
		&resource.Bucket{Base: at(east, "storefront-assets", tag.Set{"Project": "storefront", "Owner": "ana"}), CreatedAt: ago(700)},
		&resource.Bucket{Base: at(mumbai, "exports-2024", nil), CreatedAt: ago(410)},
		&resource.Function{Base: at(east, "thumbnails", tag.Set{"Project": "storefront"}), Runtime: "python3.13", Memory: 512, Description: "makes small pictures", ModifiedAt: ago(61)},
		&resource.Table{Base: at(east, "sessions", nil), Items: 120_000, Size: 58_000_000, CreatedAt: ago(320)},
	)
}

// demoMakers say who made things of the demo, and how many days ago.
var demoMakers = []struct {
	id   string
	days int
	by   Who
}{
	{"vol-0f95d3a1c8e7b2460", 30, User("rahul")},
	{"eipalloc-0e1f7a5c93b8d2460", 41, Role("ci-deploy")},
	{"eipalloc-03c7d9e2a15b8f460", 12, User("rahul")},
	{"ami-0b5c82f7e1d39a640", 190, User("dora")},
}
