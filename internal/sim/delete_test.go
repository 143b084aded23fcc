package sim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// here is the base of something at home.
func here(tags tag.Set) resource.Base {
	return resource.Base{Reference: resource.Ref{Region: home.Region}, TagSet: tags}
}

// remove deletes a resource of a type.
func remove(a *sim.Account, t resource.Type, ids ...string) error {
	_, err := a.Do(ctx, execute.Call{Action: action.Delete, Type: t, At: home, IDs: ids})
	return err
}

// removing adds the resource and deletes it.
func removing(t resource.Type, r resource.Resource) scene {
	return func(a *sim.Account) error { return remove(a, t, a.Add(r)) }
}

// shares reads who was given something that is not there.
func shares(f need.Fact, r interface {
	resource.Shareable
}) scene {
	return func(a *sim.Account) error {
		a.Fill(ctx, home, f, []resource.Resource{r})
		_, err := r.SharedWith().Get(f)
		return err
	}
}

// deletions are the scenes of what refuses to be deleted.
func deletions() map[string]scene {
	all := map[string]scene{
		"ec2:DeleteVolume: the volume is attached": removing(resource.EC2Volume, &resource.Volume{Base: here(nil), Instance: "i-0bbbbbbbbbbbbbbbb"}),
		"ec2:DeleteSnapshot: AWS Backup made the snapshot": removing(resource.EC2Snapshot,
			&resource.Snapshot{Base: here(tag.Set{"aws:backup:source-resource": "i-0bbbbbbbbbbbbbbbb"})}),
		"ec2:DeleteSnapshot: an image is made of the snapshot": func(a *sim.Account) error {
			id := a.Add(&resource.Snapshot{Base: here(nil)})
			a.Add(&resource.Image{Base: here(nil), Snapshots: []string{id}})
			return remove(a, resource.EC2Snapshot, id)
		},
		"ec2:DeregisterImage: deregistration protection is on":           removing(resource.EC2Image, &resource.Image{Base: here(nil), Protected: true}),
		"ec2:DeleteNetworkInterface: an AWS service made the interface":  removing(resource.EC2NetworkInterface, &resource.NetworkInterface{Base: here(nil), Managed: true}),
		"ec2:DeleteNetworkInterface: the interface is attached":          removing(resource.EC2NetworkInterface, &resource.NetworkInterface{Base: here(nil), Instance: "i-0bbbbbbbbbbbbbbbb"}),
		"ec2:DeleteSecurityGroup: it is the default group of its VPC":    removing(resource.EC2SecurityGroup, &resource.SecurityGroup{Base: here(nil), GroupName: "default"}),
		"ec2:DeleteSecurityGroup: an interface or another group uses it": usedGroup("security group sg-0bbbbbbbbbbbbbbbb"),
		"ec2:ReleaseAddress: the address is associated":                  removing(resource.EC2ElasticIP, &resource.ElasticIP{Base: here(nil), NetworkInterface: "eni-0bbbbbbbbbbbbbbbb"}),
		"ec2:DescribeSnapshotAttribute: there is no such snapshot":       shares(need.SnapshotShares, &resource.Snapshot{}),
		"ec2:DescribeImageAttribute: there is no such image":             shares(need.ImageShares, &resource.Image{}),
	}
	for op, t := range map[string]resource.Type{"DeleteVolume: there is no such volume": resource.EC2Volume, "DeleteSnapshot: there is no such snapshot": resource.EC2Snapshot,
		"DeregisterImage: there is no such image": resource.EC2Image, "DeleteNetworkInterface: there is no such network-interface": resource.EC2NetworkInterface,
		"DeleteSecurityGroup: there is no such security-group": resource.EC2SecurityGroup, "ReleaseAddress: there is no such elastic-ip": resource.EC2ElasticIP} {
		all["ec2:"+op] = func(a *sim.Account) error { return remove(a, t, plain(a)) } // there, and of another type
	}
	all["ec2:CreateSnapshot: there is no such volume"] = func(a *sim.Account) error { return backUp(a, resource.EC2Volume, plain(a)) }
	all["ec2:CreateSnapshot: the volume has failed"] = func(a *sim.Account) error {
		return backUp(a, resource.EC2Volume, a.Add(&resource.Volume{Base: here(nil), State: "error"}))
	}
	all["ec2:CreateSnapshots: there is no such instance"] = func(a *sim.Account) error {
		return backUp(a, resource.EC2Instance, "i-0bbbbbbbbbbbbbbbb")
	}
	return all
}

// backUp takes a backup of one resource.
func backUp(a *sim.Account, typ resource.Type, id string) error {
	return one(a, execute.Call{Action: action.Backup, Type: typ, IDs: []string{id}, Policy: "unused"})
}

// usedGroup deletes a group that something else names.
func usedGroup(by string) scene {
	return func(a *sim.Account) error {
		id := a.Add(&resource.SecurityGroup{Base: here(nil), GroupName: "web"})
		a.Refer(home.Region, by, id)
		return remove(a, resource.EC2SecurityGroup, id)
	}
}

func TestEC2DeletesAGroupThatALaunchTemplateNames(t *testing.T) {
	if err := usedGroup("launch template lt-0bbbbbbbbbbbbbbbb")(newAccount()); err != nil {
		t.Error(err)
	}
}

func TestWhatIsDeletedIsGone(t *testing.T) {
	a := newAccount()
	for typ, r := range map[resource.Type]resource.Resource{
		resource.EC2Volume: &resource.Volume{Base: here(nil)}, resource.EC2Snapshot: &resource.Snapshot{Base: here(nil)}, resource.EC2Image: &resource.Image{Base: here(nil)},
		resource.EC2NetworkInterface: &resource.NetworkInterface{Base: here(nil)}, resource.EC2SecurityGroup: &resource.SecurityGroup{Base: here(nil), GroupName: "web"},
		resource.EC2ElasticIP: &resource.ElasticIP{Base: here(nil)},
	} {
		gone, stays := a.Add(r), a.Add(r)
		if err := remove(a, typ, gone, stays); fault.ClassOf(err) != fault.Invalid {
			t.Errorf("%s: two at once: %v", typ, err)
		}
		if err := remove(a, typ, gone); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		if _, ok := a.Resource(gone); ok {
			t.Errorf("%s %s is still there", typ, gone)
		}
		if _, ok := a.Resource(stays); !ok {
			t.Errorf("%s %s is gone too", typ, stays)
		}
	}
	if err := remove(a, resource.EC2VPC, a.Add(&resource.VPC{Base: here(nil)})); fault.ClassOf(err) != fault.Unsupported {
		t.Errorf("deleting a VPC: %v", err)
	}
}

func TestUseAndSharesAreRead(t *testing.T) {
	a := newAccount()
	snap := a.Add(&resource.Snapshot{Base: here(nil)})
	image := a.Add(&resource.Image{Base: here(nil), Snapshots: []string{snap}})
	id := a.Launch(sim.Instance{Region: home.Region, Image: image})
	group := a.Add(&resource.SecurityGroup{Base: here(nil)})
	eni := a.Add(&resource.NetworkInterface{Base: here(nil), SecurityGroups: []string{group}})
	a.Refer(home.Region, "launch template lt-1", image, group)
	a.Share(snap, "999988887777")
	for f, tt := range map[need.Fact]struct {
		r    resource.Usable
		want []string
	}{
		need.SnapshotUse: {&resource.Snapshot{Base: resource.Base{Reference: resource.Ref{ID: snap}}}, []string{"image " + image}},
		need.ImageUse:    {&resource.Image{Base: resource.Base{Reference: resource.Ref{ID: image}}}, []string{"instance " + id, "launch template lt-1"}},
		need.GroupUse:    {&resource.SecurityGroup{Base: resource.Base{Reference: resource.Ref{ID: group}}}, []string{"launch template lt-1", "network interface " + eni}},
	} {
		a.Fill(ctx, home, f, []resource.Resource{tt.r})
		got, err := tt.r.UsedBy().Get(f)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", f, err, diff)
		}
	}
	s := &resource.Snapshot{Base: resource.Base{Reference: resource.Ref{ID: snap}}}
	a.Fill(ctx, home, need.SnapshotShares, []resource.Resource{s})
	if got, err := s.SharedWith().Get(need.SnapshotShares); err != nil || !cmp.Equal(got, []string{"999988887777"}) {
		t.Errorf("it is shared with %v, %v", got, err)
	}
}
