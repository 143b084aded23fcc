package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations that change one resource at a time, and what is read for them.
const (
	describeSecurityGroups = "ec2:DescribeSecurityGroups"
	describeInterfaces     = "ec2:DescribeNetworkInterfaces"
	describeGroupRules     = "ec2:DescribeSecurityGroupRules"
	modifyInterface        = "ec2:ModifyNetworkInterfaceAttribute"
	revokeIngress          = "ec2:RevokeSecurityGroupIngress"
	revokeEgress           = "ec2:RevokeSecurityGroupEgress"
	authorizeIngress       = "ec2:AuthorizeSecurityGroupIngress"
	authorizeEgress        = "ec2:AuthorizeSecurityGroupEgress"
	createACLEntry         = "ec2:CreateNetworkAclEntry"
	deleteACLEntry         = "ec2:DeleteNetworkAclEntry"
	describeInstanceAgents = "ssm:DescribeInstanceInformation"
	sendCommand            = "ssm:SendCommand"
	invokeFunction         = "lambda:Invoke"
)

// What one call takes, and words of Systems Manager.
const (
	maxInvocation          = 1 << 20
	maxCommandInstances    = 50
	agentOnline            = "Online"
	documentsThatAWSOffers = "AWS-"
)

// singles are the actions that are done to one resource after the other, so
// that each has an outcome of its own.
var singles = map[action.Kind]func(*Account, context.Context, execute.Call) (execute.Answer, error){
	action.Backup:     (*Account).backUp,
	action.Isolate:    (*Account).isolate,
	action.Restore:    (*Account).restore,
	action.Revoke:     (*Account).revoke,
	action.RunCommand: (*Account).runCommand,
	action.Invoke:     (*Account).invoke,
}

// step makes one call of several that an action takes: it is counted, refused
// where it must be, carried out by do, and logged. a.mu is held.
func (a *Account) step(ctx context.Context, op string, of execute.Call, id string, set func(*call), do func()) (string, error) {
	c, err := a.begin(ctx, op, of.At)
	e := Entry{At: a.clock.Now(), Operation: op, Region: of.At.Region, IDs: []string{id}}
	if err == nil {
		c.action, c.ids = of.Action, []string{id}
		set(c)
		if no := a.check(c); no != nil {
			err = no.err
		}
	}
	if err != nil {
		a.write(e, err)
		return "", err
	}
	do()
	e.Changed, e.RequestID = e.IDs, c.id
	a.write(e, nil)
	return c.id, nil
}

// results gathers what came of each resource.
type results struct{ answer execute.Answer }

func newResults() *results {
	return &results{execute.Answer{Before: map[string]json.RawMessage{}, Failed: map[string]error{}, Notes: map[string]string{}}}
}

// note records what came of one.
func (r *results) note(id, request string, before any, err error) {
	if before != nil {
		if b, jsonErr := json.Marshal(before); jsonErr == nil {
			r.answer.Before[id] = b
		}
	}
	if err != nil {
		r.answer.Failed[id] = err
		return
	}
	r.answer.RequestID = request
}

// isolate gives each network interface of instances one security group alone.
func (a *Account) isolate(ctx context.Context, c execute.Call) (execute.Answer, error) {
	for _, op := range []string{describeSecurityGroups, describeInterfaces} {
		if _, err := a.begin(ctx, op, c.At); err != nil {
			return execute.Answer{}, err
		}
	}
	out := newResults()
	for _, id := range c.IDs {
		request, before, err := a.isolateOne(ctx, c, id)
		var was any
		if len(before) > 0 {
			given := maps.Clone(c.Groups[id])
			maps.DeleteFunc(given, func(face, _ string) bool { return before[face] == nil })
			was = map[string]any{"security_groups": before, "given": given}
		}
		out.note(id, request, was, err)
	}
	return out.answer, nil
}

func (a *Account) isolateOne(ctx context.Context, c execute.Call, id string) (request string, before map[string][]string, err error) {
	r := a.regions[c.At.Region].byID[id]
	if r == nil {
		return "", nil, (&call{op: modifyInterface, region: c.At.Region}).refused(noInstance, id)
	}
	groups := c.Groups[id]
	if len(groups) != len(r.inst.Interfaces) {
		return "", nil, &fault.Error{Class: fault.WrongState, Call: modifyInterface, Region: c.At.Region, Message: "the instance has other network interfaces than were planned for"}
	}
	before = map[string][]string{}
	for _, n := range slices.Clone(r.inst.Interfaces) {
		group, ok := groups[n.ID]
		if !ok {
			return request, before, &fault.Error{Class: fault.WrongState, Call: modifyInterface, Region: c.At.Region, Message: "the instance has other network interfaces than were planned for"}
		}
		if slices.Equal(n.SecurityGroups, []string{group}) {
			continue
		}
		request, err = a.step(ctx, modifyInterface, c, id, func(c *call) { c.face, c.group = n, group }, func() {
			before[n.ID] = n.SecurityGroups
			a.regroup(r, n.ID, group)
		})
		if err != nil {
			return request, before, err
		}
	}
	return request, before, nil
}

// regroup gives an interface of an instance these security groups alone.
func (a *Account) regroup(r *record, id string, groups ...string) {
	faces, groups := slices.Clone(r.inst.Interfaces), slices.Clone(groups)
	for i := range faces {
		if faces[i].ID == id {
			faces[i].SecurityGroups = groups
			if i == 0 {
				r.inst.SecurityGroups = groups
			}
		}
	}
	r.inst.Interfaces = faces
	if x, ok := a.regions[r.inst.Reference.Region].thingByID[id]; ok {
		x.res.(*resource.NetworkInterface).SecurityGroups = slices.Clone(groups)
	}
}

// attach makes an interface one of the instance's that it names.
func (a *Account) attach(n *resource.NetworkInterface) {
	r := a.region(n.Reference.Region).byID[n.Instance]
	if r == nil || slices.ContainsFunc(r.inst.Interfaces, func(i resource.Interface) bool { return i.ID == n.Reference.ID }) {
		return
	}
	r.inst.Interfaces = append(slices.Clone(r.inst.Interfaces),
		resource.Interface{ID: n.Reference.ID, VPC: n.VPC, SecurityGroups: slices.Sorted(slices.Values(n.SecurityGroups)), Managed: n.Managed})
}

// primary is the network interface that every instance has. Its id follows
// from the instance's.
func primary(i *resource.Instance) []resource.Interface {
	return []resource.Interface{{ID: "eni-" + strings.TrimPrefix(i.Reference.ID, "i-"), VPC: i.VPC, SecurityGroups: slices.Sorted(slices.Values(i.SecurityGroups))}}
}

// runCommand sends a command to those instances whose agent is online, up to
// 50 at a time.
func (a *Account) runCommand(ctx context.Context, c execute.Call) (execute.Answer, error) {
	if _, err := a.begin(ctx, describeInstanceAgents, c.At); err != nil {
		return execute.Answer{}, err
	}
	out := newResults()
	var online []string
	for _, id := range c.IDs {
		if r := a.regions[c.At.Region].byID[id]; r == nil || r.made.Agent != agentOnline || r.inst.State != running {
			out.note(id, "", nil, &fault.Error{Class: fault.WrongState, Call: describeInstanceAgents, Region: c.At.Region,
				Message: "Systems Manager does not have it online"})
			continue
		}
		online = append(online, id)
	}
	for some := range slices.Chunk(online, maxCommandInstances) {
		err := a.command(ctx, c, some, out)
		for _, id := range some {
			out.note(id, out.answer.RequestID, nil, err)
		}
	}
	return out.answer, nil
}

// command sends one command.
func (a *Account) command(ctx context.Context, c execute.Call, ids []string, out *results) error {
	made, err := a.begin(ctx, sendCommand, c.At)
	e := Entry{At: a.clock.Now(), Operation: sendCommand, Region: c.At.Region, IDs: slices.Clone(ids), Document: c.Document, Parameters: maps.Clone(c.Parameters)}
	if err == nil {
		made.action, made.ids, made.document = c.Action, ids, c.Document
		if no := a.check(made); no != nil {
			err = no.err
		}
	}
	if err == nil {
		e.RequestID, e.Changed = made.id, e.IDs
		out.answer.RequestID = made.id
		for _, id := range ids {
			out.answer.Notes[id] = fmt.Sprintf("command %s was sent", made.id)
		}
	}
	a.write(e, err)
	return err
}

// invoke calls a function once for each resource.
func (a *Account) invoke(ctx context.Context, c execute.Call) (execute.Answer, error) {
	out := newResults()
	for _, id := range c.IDs {
		made, err := a.begin(ctx, invokeFunction, c.At)
		e := Entry{At: a.clock.Now(), Operation: invokeFunction, Region: c.At.Region, IDs: []string{id}, Function: c.Function, Payload: slices.Clone(c.Payloads[id])}
		if err == nil {
			made.action, made.function, made.payload = c.Action, c.Function, c.Payloads[id]
			if no := a.check(made); no != nil {
				err = no.err
			}
		}
		if err == nil {
			e.RequestID, e.Changed = made.id, e.IDs
			out.note(id, made.id, nil, nil)
			out.answer.Notes[id] = c.Function + " took the event"
		} else {
			out.note(id, "", nil, err)
		}
		a.write(e, err)
	}
	return out.answer, nil
}

// AddFunction puts a Lambda function into a region.
func (a *Account) AddFunction(region, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.functions == nil {
		a.functions = map[string]bool{}
	}
	a.functions[region+"/"+name] = true
}

// AddDocument puts a document of Systems Manager into every region. Those that
// AWS offers, whose names begin with AWS-, are there already.
func (a *Account) AddDocument(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.documents == nil {
		a.documents = map[string]bool{}
	}
	a.documents[name] = true
}

// functionOf is the region and name of a function that is named in a region, or
// by its ARN, without its version or alias.
func functionOf(region, name string) string {
	if parts := strings.Split(name, ":"); len(parts) >= 7 && parts[0] == "arn" {
		return parts[3] + "/" + parts[6]
	}
	name, _, _ = strings.Cut(name, ":")
	return region + "/" + name
}
