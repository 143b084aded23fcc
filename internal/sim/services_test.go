package sim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// shop has a bucket and two functions with an owner.
func shop(a *sim.Account) {
	of := func(id string) resource.Base {
		return resource.Base{Reference: resource.Ref{Region: home.Region, ID: id}, TagSet: tag.Set{"Owner": "ana"}}
	}
	a.Add(&resource.Bucket{Base: of("logs")})
	a.Add(&resource.Function{Base: of("resize")})
	a.Add(&resource.Function{Base: of("notify")})
}

// inShop makes a call about one resource of the shop and returns its error, that
// of the resource where the call succeeded as a whole.
func inShop(t resource.Type, c execute.Call) scene {
	return func(a *sim.Account) error {
		shop(a)
		c.Type, c.At = t, home
		answer, err := a.Do(ctx, c)
		if err == nil && len(c.IDs) > 0 {
			err = answer.Failed[c.IDs[0]]
		}
		return err
	}
}

// taggingScenes has one for every row of what is wrong with tags beside EC2's.
func taggingScenes() map[string]scene {
	all := map[string]scene{}
	for _, s := range []struct {
		set, unset, id string
		t              resource.Type
		gone, full     string
	}{
		{"tag:TagResources", "tag:UntagResources", "resize", resource.LambdaFunction, "there is no such resource", "the resource would have more than 50 tags"},
		{"s3:PutBucketTagging", "s3:DeleteBucketTagging", "logs", resource.S3Bucket, "there is no such bucket", "the bucket would have more than 50 tags"},
	} {
		set := func(tags tag.Set) scene {
			return inShop(s.t, execute.Call{Action: action.Tag, IDs: []string{s.id}, Tags: tags})
		}
		unset := func(keys ...string) scene {
			return inShop(s.t, execute.Call{Action: action.Untag, IDs: []string{s.id}, Keys: keys})
		}
		for what, sc := range map[string]scene{
			"it names no resource":                  inShop(s.t, execute.Call{Action: action.Tag, Tags: tag.Set{"k": "v"}}),
			"it has no tags":                        set(nil),
			"a key is empty":                        set(tag.Set{"": "x"}),
			"a key begins with aws:":                set(tag.Set{"aws:x": "x"}),
			"a key is longer than 128 characters":   set(tag.Set{strings.Repeat("k", 129): "x"}),
			"a value is longer than 256 characters": set(tag.Set{"k": strings.Repeat("v", 257)}),
			s.gone:                                  inShop(s.t, execute.Call{Action: action.Tag, IDs: []string{"nobodys"}, Tags: tag.Set{"k": "v"}}),
			s.full:                                  set(tags(50)),
		} {
			all[s.set+": "+what] = sc
		}
		for what, sc := range map[string]scene{
			"it names no resource":   inShop(s.t, execute.Call{Action: action.Untag, Keys: []string{"k"}}),
			"it has no keys":         unset(),
			"a key is empty":         unset("Owner", ""),
			"a key begins with aws:": unset("Owner", "aws:x"),
			s.gone:                   inShop(s.t, execute.Call{Action: action.Untag, IDs: []string{"nobodys"}, Keys: []string{"k"}}),
		} {
			all[s.unset+": "+what] = sc
		}
	}
	return all
}

func TestWhatOneResourceCannotTakeCostsNobodyElse(t *testing.T) {
	a := newAccount()
	shop(a)
	a.SetTags("notify", tags(50))
	ids := []string{"resize", "notify", "gone", "logs"}
	answer, err := a.Do(ctx, execute.Call{Action: action.Tag, Type: resource.LambdaFunction, At: home, IDs: ids, Tags: tag.Set{"Project": "atlas"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fault.Class{}
	for id, err := range answer.Failed {
		got[id] = fault.ClassOf(err)
	}
	want := map[string]fault.Class{"notify": fault.Invalid, "gone": fault.NotFound, "logs": fault.NotFound} // logs is no function
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	log := a.Log()
	if diff := cmp.Diff([]string{"resize"}, log[len(log)-1].Changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

// tagsRead lists a type and returns why the tags of each could not be read, by id.
func tagsRead(t *testing.T, a *sim.Account, typ resource.Type) map[string]fault.Class {
	t.Helper()
	got := map[string]fault.Class{}
	err := a.List(ctx, home, typ, func(rs []resource.Resource) error {
		for _, r := range rs {
			got[r.Ref().ID] = fault.ClassOf(resource.TagsUnread(r))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTagsThatCannotBeReadAreNotTakenForNone(t *testing.T) {
	a := newAccount()
	shop(a)
	a.Deny("s3:GetBucketTagging")
	if diff := cmp.Diff(map[string]fault.Class{"logs": fault.Denied}, tagsRead(t, a, resource.S3Bucket)); diff != "" {
		t.Error(diff)
	}
	// Where the tags of all are denied each one's are asked for.
	a.Deny("tag:GetResources")
	if diff := cmp.Diff(map[string]fault.Class{"resize": "", "notify": ""}, tagsRead(t, a, resource.LambdaFunction)); diff != "" {
		t.Error(diff)
	}
	a.Deny("lambda:ListTags")
	if diff := cmp.Diff(map[string]fault.Class{"resize": fault.Denied, "notify": fault.Denied}, tagsRead(t, a, resource.LambdaFunction)); diff != "" {
		t.Error(diff)
	}
	if b, _ := a.Resource("logs"); b.Tags()["Owner"] != "ana" {
		t.Errorf("the bucket's tags are %v", b.Tags())
	}
}
