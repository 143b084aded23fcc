package resource_test

import (
	"errors"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var (
	unused  = resource.Used{Users: resource.Known[[]string](nil)}
	nobody  = resource.Shared{With: resource.Known[[]string](nil)}
	noUsers = resource.Used{Users: resource.Unread[[]string](errors.New("denied"))}
	noneSay = resource.Shared{With: resource.Unread[[]string](errors.New("denied"))}
)

func tagged(key string) resource.Base { return resource.Base{TagSet: tag.Set{key: "x"}} }

// What is deleted is gone for good, so nothing is that is used, that others
// were given, that a service keeps, or of which that is not known.
func TestOnlyWhatNothingUsesIsDeleted(t *testing.T) {
	tests := map[string]struct {
		r    resource.Resource
		code string
		text string
		fact need.Fact
	}{
		"a free volume":                {r: &resource.Volume{State: "available"}},
		"a volume in error":            {r: &resource.Volume{State: "error"}},
		"an attached volume":           {&resource.Volume{State: "in-use", Instance: "i-1"}, reason.InUse, "it is attached to i-1", ""},
		"a volume of a service's host": {&resource.Volume{State: "in-use"}, reason.InUse, "it is not free: its state is in-use", ""},
		"a volume in the making":       {&resource.Volume{State: "creating"}, reason.InUse, "it is not free: its state is creating", ""},
		"a service's volume":           {&resource.Volume{State: "available", Operator: "eks.amazonaws.com"}, reason.ManagedByAWS, "eks.amazonaws.com manages it, and AWS lets nobody else delete it", ""},

		"an unused snapshot":           {r: &resource.Snapshot{State: "completed", Used: unused, Shared: nobody}},
		"a snapshot of an image":       {&resource.Snapshot{State: "completed", Used: used, Shared: nobody}, reason.InUse, "it is used by image ami-1", ""},
		"a snapshot that others have":  {&resource.Snapshot{State: "completed", Used: unused, Shared: given}, reason.InUse, "it is shared with all", ""},
		"a pending snapshot":           {&resource.Snapshot{State: "pending", Used: unused, Shared: nobody}, reason.InUse, "it is not complete: its state is pending", ""},
		"a snapshot not looked at":     {&resource.Snapshot{State: "completed"}, reason.UseUnread, "what uses it was not read", need.SnapshotUse},
		"one whose shares are not":     {&resource.Snapshot{State: "completed", Used: unused}, reason.UseUnread, "what uses it was not read", need.SnapshotShares},
		"one that cannot be looked at": {&resource.Snapshot{State: "completed", Used: noUsers}, reason.UseUnread, "what uses it could not be read: reading snapshot_use: denied", ""},
		"one whose shares cannot":      {&resource.Snapshot{State: "completed", Used: unused, Shared: noneSay}, reason.UseUnread, "what uses it could not be read: reading snapshot_shares: denied", ""},
		"a snapshot in a vault":        {&resource.Snapshot{Base: tagged("aws:backup:source-resource"), State: "completed", Used: unused, Shared: nobody}, reason.ManagedByAWS, "AWS Backup keeps it, and only its vault can delete it", ""},
		"one that says so":             {&resource.Snapshot{Description: "This snapshot is created by the AWS Backup service.", State: "completed", Used: unused, Shared: nobody}, reason.ManagedByAWS, "AWS Backup keeps it, and only its vault can delete it", ""},
		"a snapshot of DLM":            {&resource.Snapshot{Base: tagged("aws:dlm:lifecycle-policy-id"), State: "completed"}, reason.Managed, "a policy of Data Lifecycle Manager deletes it in its time; set include_managed to act all the same", need.SnapshotUse},
		"one of DLM that is used":      {&resource.Snapshot{Base: tagged("aws:dlm:lifecycle-policy-id"), State: "completed", Used: used}, reason.InUse, "it is used by image ami-1", ""},

		"an unused image":       {r: &resource.Image{State: "available", Used: unused, Shared: nobody}},
		"a used image":          {&resource.Image{State: "available", Used: resource.Used{Users: resource.Known([]string{"a", "b", "c", "d", "e"})}}, reason.InUse, "it is used by a, b, c and 2 more", ""},
		"a shared image":        {&resource.Image{State: "available", Used: unused, Shared: given}, reason.InUse, "it is shared with all", ""},
		"a public image":        {&resource.Image{State: "available", Public: true, Used: unused, Shared: nobody}, reason.InUse, "it is public: every account can launch it", ""},
		"a protected image":     {&resource.Image{State: "available", Protected: true, Used: unused, Shared: nobody}, reason.DeletionProtection, "its deregistration protection is on", ""},
		"a pending image":       {&resource.Image{State: "pending"}, reason.InUse, "it is not complete: its state is pending", ""},
		"an image in a vault":   {&resource.Image{Base: tagged("aws:backup:source-resource"), State: "available"}, reason.ManagedByAWS, "AWS Backup keeps it, and only its vault can delete it", ""},
		"an unused group":       {r: &resource.SecurityGroup{GroupName: "web", Used: unused}},
		"a used group":          {&resource.SecurityGroup{GroupName: "web", Used: used}, reason.InUse, "it is used by image ami-1", ""},
		"a VPC's default group": {&resource.SecurityGroup{GroupName: "default", Used: unused}, reason.ManagedByAWS, "every VPC keeps its default group", ""},
		"a free address":        {r: &resource.ElasticIP{}},
		"an address in use":     {&resource.ElasticIP{NetworkInterface: "eni-1"}, reason.InUse, "it belongs to eni-1", ""},
		"a balancer's address":  {&resource.ElasticIP{Operator: "alb"}, reason.ManagedByAWS, "alb manages it, and AWS lets nobody else release it", ""},
		"a free interface":      {r: &resource.NetworkInterface{State: "available", InterfaceType: "interface"}},
		"an attached interface": {&resource.NetworkInterface{State: "in-use", InterfaceType: "interface", Instance: "i-1"}, reason.InUse, "it is attached to i-1", ""},
		"one being attached":    {&resource.NetworkInterface{State: "attaching", InterfaceType: "interface"}, reason.InUse, "it is not free: its state is attaching", ""},
		"a service's interface": {&resource.NetworkInterface{State: "available", InterfaceType: "interface", Managed: true}, reason.ManagedByAWS, "an AWS service made it, and lets nobody else delete it", ""},
		"a function's":          {&resource.NetworkInterface{State: "available", InterfaceType: "lambda"}, reason.ManagedByAWS, "an AWS service made it, and lets nobody else delete it", ""},
	}
	for name, tt := range tests {
		got := resource.Refusal{}
		if no := tt.r.Refuses(action.Delete); no != nil {
			got = *no
		}
		if got.Code != tt.code || got.Text != tt.text {
			t.Errorf("%s: %q, %q; want %q, %q", name, got.Code, got.Text, tt.code, tt.text)
		}
		if f := resource.Undecided(tt.r, action.Delete); f != tt.fact {
			t.Errorf("%s: what is to be read is %q, want %q", name, f, tt.fact)
		}
		if no := tt.r.Refuses(action.Untag); no != nil {
			t.Errorf("%s: its tags cannot be deleted: %s", name, no.Text)
		}
	}
}

func TestTagsOfAWSDoNotCount(t *testing.T) {
	for key, want := range map[string]bool{"aws:cloudformation:stack-id": true, "Project": false} {
		i := &resource.Instance{Base: tagged(key)}
		f, _ := schema(t).Field("untagged")
		if got, err := f.Get(i, now); got != want || err != nil {
			t.Errorf("with %s alone, untagged is %v, %v", key, got, err)
		}
	}
}
