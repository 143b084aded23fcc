package mototest

import "testing"

// Make makes a resource of a type other than instances, without tags,
// and what it needs: a volume for a snapshot, a VPC for a subnet, … It returns
// its id.
func (a *Account) Make(t testing.TB, typ string) string {
	t.Helper()
	switch typ {
	case "ec2:vpc", "ec2:subnet":
		vpc, subnet := a.VPC(t, nil)
		return map[string]string{"ec2:vpc": vpc, "ec2:subnet": subnet}[typ]
	case "ec2:volume":
		return a.make(t, "CreateVolume", "AvailabilityZone", a.Region+"a", "Size", "1")
	case "ec2:snapshot":
		return a.make(t, "CreateSnapshot", "VolumeId", a.Make(t, "ec2:volume"))
	case "ec2:image":
		return a.make(t, "CreateImage", "InstanceId", a.Launch(t, 1, nil)[0], "Name", "image")
	case "ec2:network-interface":
		return a.make(t, "CreateNetworkInterface", "SubnetId", a.Make(t, "ec2:subnet"))
	case "ec2:security-group":
		return a.make(t, "CreateSecurityGroup", "GroupName", "web", "GroupDescription", "web", "VpcId", a.Make(t, "ec2:vpc"))
	case "ec2:network-acl":
		return a.make(t, "CreateNetworkAcl", "VpcId", a.Make(t, "ec2:vpc"))
	case "ec2:elastic-ip":
		return a.make(t, "AllocateAddress", "Domain", "vpc")
	case "rds:db", "rds:cluster", "rds:snapshot", "autoscaling:group":
		return a.makeDatabase(t, typ)
	case "s3:bucket", "lambda:function", "dynamodb:table":
		return a.makeNamed(t, typ)
	}
	t.Fatalf("nobody says how to make a %s in moto", typ)
	return ""
}

// make makes a call whose answer names what it made.
func (a *Account) make(t testing.TB, action string, params ...string) string {
	t.Helper()
	var out struct {
		Volume    string `xml:"volumeId"`
		Snapshot  string `xml:"snapshotId"`
		Image     string `xml:"imageId"`
		Interface string `xml:"networkInterface>networkInterfaceId"`
		Group     string `xml:"groupId"`
		ACL       string `xml:"networkAcl>networkAclId"`
		Address   string `xml:"allocationId"`
	}
	a.EC2(t, &out, action, params...)
	ids := map[string]string{"CreateVolume": out.Volume, "CreateSnapshot": out.Snapshot, "CreateImage": out.Image,
		"CreateNetworkInterface": out.Interface, "CreateSecurityGroup": out.Group, "CreateNetworkAcl": out.ACL, "AllocateAddress": out.Address}
	if ids[action] == "" {
		t.Fatalf("moto's answer to %s names nothing", action)
	}
	return ids[action]
}
