package examples_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// tags are the tags of something in an account, whatever its type.
func tags(t *testing.T, a *mototest.Account, id string) map[string]string {
	t.Helper()
	var out struct {
		Tags []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"tagSet>item"`
	}
	a.EC2(t, &out, "DescribeTags", "Filter.1.Name", "resource-id", "Filter.1.Value.1", id)
	got := map[string]string{}
	for _, kv := range out.Tags {
		got[kv.Key] = kv.Value
	}
	return got
}

// volume is the root volume of an instance.
func volume(t *testing.T, a *mototest.Account, instance string) string {
	t.Helper()
	var out struct {
		ID string `xml:"volumeSet>item>volumeId"`
	}
	a.EC2(t, &out, "DescribeVolumes", "Filter.1.Name", "attachment.instance-id", "Filter.1.Value.1", instance)
	return out.ID
}

func TestEC2TagsOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "ec2-tags@example.com"
	aws.VerifyIdentity(t, sender)
	vpc, subnet := aws.VPC(t, map[string]string{"Team": "payments"})
	tagged := aws.Launch(t, 1, map[string]string{"Project": "atlas"}, "SubnetId", subnet)[0]
	untagged := aws.Launch(t, 1, nil, "SubnetId", subnet)[0]
	disk, other := volume(t, aws, tagged), volume(t, aws, untagged)
	orphan, address := aws.Make(t, "ec2:volume"), aws.Make(t, "ec2:elastic-ip")
	used := aws.Make(t, "ec2:volume")
	aws.EC2(t, nil, "AttachVolume", "VolumeId", used, "InstanceId", untagged, "Device", "/dev/sdh")
	aws.EC2(t, nil, "CreateTags", "ResourceId.1", used, "Tag.1.Key", "Unused", "Tag.1.Value", "yes")
	group, acl := aws.Make(t, "ec2:security-group"), aws.Make(t, "ec2:network-acl")
	image := aws.Make(t, "ec2:image")
	var snapshot struct {
		ID string `xml:"snapshotId"`
	}
	u := newUser(t, "ec2-tags.yaml", map[string]string{"SES_FROM": sender})

	d := u.json(0, "plan")
	if !slices.Contains(d.violating(), image) {
		t.Errorf("the image without an owner is no violation: %v", d.violating())
	}
	same(t, "unread", 0, len(d.Unread))

	d = u.json(0, "apply", "--yes")
	same(t, "the volume of a project", map[string]string{"Project": "atlas"}, tags(t, aws, disk))
	same(t, "the volume of none", map[string]string{}, tags(t, aws, other))
	same(t, "the left-over volume", "yes", tags(t, aws, orphan)["Unused"])
	same(t, "the left-over address", "yes", tags(t, aws, address)["Unused"])
	same(t, "the volume that is used again", map[string]string{}, tags(t, aws, used))
	same(t, "the VPC of a team", map[string]string{"Team": "payments"}, tags(t, aws, vpc))
	for _, id := range []string{subnet, group, acl} {
		same(t, "the team of "+id, "network", tags(t, aws, id)["Team"])
	}
	if !slices.Contains(d.with("tag", "done"), disk) || !slices.Contains(d.with("untag", "done"), used) {
		t.Errorf("done: tag %v, untag %v", d.with("tag", "done"), d.with("untag", "done"))
	}

	aws.EC2(t, &snapshot, "CreateSnapshot", "VolumeId", disk)
	d = u.json(0, "apply", "--yes")
	same(t, "the snapshot's project", map[string]string{"Project": "atlas"}, tags(t, aws, snapshot.ID))
	if slices.Contains(d.with("tag", "done"), disk) {
		t.Error("a second run tags the volume again")
	}
}

func TestEC2TagsOnTheEmbeddedAccount(t *testing.T) {
	u := newUser(t, "ec2-tags.yaml", nil)
	d := u.json(0, "apply", "--yes", "--embedded", "--region", "all")
	types := map[string]bool{}
	for _, f := range d.Findings {
		types[f.Resource.Type] = true
	}
	for _, typ := range []string{"ec2:volume", "ec2:snapshot", "ec2:elastic-ip", "ec2:vpc", "ec2:subnet", "ec2:security-group", "ec2:network-acl"} {
		if !types[typ] {
			t.Errorf("nothing is found about %s", typ)
		}
	}
	done := d.with("tag", "done")
	for _, id := range []string{"vol-0a71c5e93d24f8b60", "vol-06e2b80d4f1c97a35", "eipalloc-03c7d9e2a15b8f460", "acl-04d1a9c7e3b52f860"} {
		if !slices.Contains(done, id) {
			t.Errorf("%s was not tagged", id)
		}
	}
	if slices.Contains(done, "vol-0f95d3a1c8e7b2460") {
		t.Error("a volume that is being deleted was tagged")
	}
	// The snapshot whose volume is gone.
	same(t, "not judged", []int{0, 1}, []int{d.Summary["unread"], d.Summary["unknown"]})
}
