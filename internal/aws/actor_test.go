package aws

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestEachActionIsOneCallWithItsParameters(t *testing.T) {
	isolate(t)
	ids := []string{"i-2", "i-1"}
	states := `<instancesSet><item><instanceId>i-1</instanceId><previousState><name>running</name></previousState></item>` +
		`<item><instanceId>i-2</instanceId><previousState><name>stopped</name></previousState></item><item><instanceId>i-3</instanceId></item></instancesSet>`
	previous := map[string]string{"i-1": "running", "i-2": "stopped"}
	tags := tag.Set{"b": "", "a": "1 & <2>"}
	set := map[string]string{"ResourceId.1": "i-2", "ResourceId.2": "i-1", "Tag.1.Key": "a", "Tag.1.Value": "1 & <2>", "Tag.2.Key": "b", "Tag.2.Value": ""}
	unset := map[string]string{"ResourceId.1": "i-2", "ResourceId.2": "i-1", "Tag.1.Key": "b", "Tag.2.Key": "a"}
	instances := map[string]string{"InstanceId.1": "i-2", "InstanceId.2": "i-1"}
	tests := []struct {
		call   execute.Call
		action string
		want   map[string]string
		before map[string]string
	}{
		{execute.Call{Action: action.Tag, Tags: tags}, "CreateTags", set, nil},
		{execute.Call{Action: action.Mark, Tags: tags}, "CreateTags", set, nil},
		{execute.Call{Action: action.Untag, Keys: []string{"b", "a"}}, "DeleteTags", unset, nil},
		{execute.Call{Action: action.Unmark, Keys: []string{"b", "a"}}, "DeleteTags", unset, nil},
		{execute.Call{Action: action.Start}, "StartInstances", instances, previous},
		{execute.Call{Action: action.Stop}, "StopInstances", instances, previous},
		{execute.Call{Action: action.Terminate}, "TerminateInstances", instances, previous},
	}
	for _, tt := range tests {
		t.Run(tt.call.Action.String(), func(t *testing.T) {
			s, fake := open(t, func(_ int, r request) reply {
				if tt.before == nil {
					return ec2Answer(r.Get("Action"), "<return>true</return>")
				}
				return ec2Answer(r.Get("Action"), states)
			})
			tt.call.Type, tt.call.At, tt.call.IDs = resource.EC2Instance, place, ids
			got, err := s.Actor().Do(t.Context(), tt.call)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(execute.Answer{RequestID: "req-1", Previous: tt.before}, got); d != "" {
				t.Error(d)
			}
			sent := map[string]string{}
			for k := range fake.requests[0].Values {
				if k != "Action" && k != "Version" {
					sent[k] = fake.requests[0].Get(k)
				}
			}
			if d := cmp.Diff(tt.want, sent); d != "" || fake.requests[0].Get("Action") != tt.action || len(fake.calls()) != 1 {
				t.Errorf("calls %v: %s", fake.calls(), d)
			}
		})
	}
}

// EC2 takes an absent list for everything there is, and DeleteTags without
// keys deletes every tag.
func TestACallThatNamesTooLittleIsRefusedWithoutACall(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return ec2Answer("StopInstances", "") })
	one, many := []string{"i-1"}, make([]string, maxIDs+1)
	for n := range many {
		many[n] = fmt.Sprintf("i-%d", n)
	}
	tests := map[string]struct {
		call execute.Call
		want fault.Class
	}{
		"no ids to stop":        {execute.Call{Action: action.Stop}, fault.Invalid},
		"no ids to terminate":   {execute.Call{Action: action.Terminate, IDs: []string{}}, fault.Invalid},
		"no ids to tag":         {execute.Call{Action: action.Tag, Tags: tag.Set{"a": "b"}}, fault.Invalid},
		"no ids to untag":       {execute.Call{Action: action.Untag, Keys: []string{"a"}}, fault.Invalid},
		"an empty id":           {execute.Call{Action: action.Start, IDs: []string{"i-1", ""}}, fault.Invalid},
		"too many ids":          {execute.Call{Action: action.Stop, IDs: many}, fault.Invalid},
		"no tags":               {execute.Call{Action: action.Tag, IDs: one, Keys: []string{"a"}}, fault.Invalid},
		"no tags of a mark":     {execute.Call{Action: action.Mark, IDs: one}, fault.Invalid},
		"no keys":               {execute.Call{Action: action.Untag, IDs: one, Tags: tag.Set{"a": "b"}}, fault.Invalid},
		"no keys of a mark":     {execute.Call{Action: action.Unmark, IDs: one}, fault.Invalid},
		"an empty key":          {execute.Call{Action: action.Untag, IDs: one, Keys: []string{""}}, fault.Invalid},
		"what is no call":       {execute.Call{Action: action.Notify, IDs: one}, fault.Unsupported},
		"nothing":               {execute.Call{IDs: one}, fault.Unsupported},
		"another type of thing": {execute.Call{Action: action.Stop, IDs: one, Type: "sqs:queue"}, fault.Unsupported},
		"nowhere":               {execute.Call{Action: action.Stop, IDs: one, At: resource.Place{Account: "1"}}, fault.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.call.Type == "" {
				tt.call.Type = resource.EC2Instance
			}
			if tt.call.At == (resource.Place{}) {
				tt.call.At = place
			}
			if _, err := s.Actor().Do(t.Context(), tt.call); fault.ClassOf(err) != tt.want {
				t.Errorf("%v of class %q, want %q", err, fault.ClassOf(err), tt.want)
			}
		})
	}
	if len(fake.calls()) != 0 {
		t.Errorf("it called %v", fake.calls())
	}
}
