package report_test

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const account = "111122223333"

// hostile is a tag value as an attacker would choose it: a terminal sequence,
// a formula, Markdown, a mention and a turn of the text's direction.
const hostile = "=HYPERLINK(\"http://evil.example\")\x1b[31m|`<b>@root #1\u202e\n"

var now = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func instance(id, name string, tags tag.Set) plan.Resource {
	return plan.Resource{Ref: resource.Ref{ID: id, ARN: resource.InstanceARN("us-east-1", account, id), Type: resource.EC2Instance,
		Account: account, Region: "us-east-1"}, Name: name, Tags: tags}
}

func because(code, text, key string) []eval.Reason {
	return []eval.Reason{{Code: code, Text: text, Tag: key}}
}

// planned is a plan with every status and every state that a plan can have.
func planned() report.Document {
	missing := because("missing", "the tag CostCenter is missing", "CostCenter")
	return report.Document{Plan: &plan.Plan{
		Version: plan.Version, Run: "20260601T090000Z-5f3a", Created: now, Expires: now.Add(plan.Lifetime), Name: "central",
		Account: account, Policies: "sha256:01", Regions: []string{"eu-west-1", "us-east-1"}, Only: []string{"cost-center", "fix-project"},
		Examined: map[resource.Type]int{resource.EC2Instance: 9}, Digest: "sha256:02",
		Summary: plan.Summary{Examined: 9, OutOfScope: 1, Compliant: 2, Exempt: 1, Fixable: 1, Violating: 3, Unknown: 1, Unread: 1},
		Findings: []plan.Finding{
			{Policy: "cost-center", Mode: policy.Enforce, Resource: instance("i-0000000000000001a", "web-1", tag.Set{"Name": "web-1"}),
				Status: eval.Violating, Reasons: missing, Owner: "alice", Actions: []plan.Action{
					{Action: action.Notify, State: plan.Planned, Step: "notify", To: "infra", Address: "alice@example.com",
						News: []plan.News{{Kind: plan.NewViolation, Key: "notify", Also: []string{"first"}}}},
					{Action: action.Mark, State: plan.Planned, Tags: tag.Set{"tagwarden": "stop 2026-06-08 by cost-center"}},
					{Action: action.Stop, State: plan.Waiting, Step: "stop", At: now.Add(7 * 24 * time.Hour), After: 7 * 24 * time.Hour, Clock: true},
					{Action: action.Terminate, State: plan.Waiting, Step: "terminate", At: now.Add(21 * 24 * time.Hour), Reason: "it counts from stop, which was not done yet", Code: "since"},
				}},
			{Policy: "cost-center", Mode: policy.Enforce, Resource: instance("i-0000000000000002b", "a-name-that-is-much-longer-than-any-terminal-has-room-for", nil),
				Status: eval.Violating, Reasons: missing, Known: true, Since: now.Add(-8 * 24 * time.Hour), Actions: []plan.Action{
					{Action: action.Stop, State: plan.Held, Step: "stop", At: now.Add(-24 * time.Hour), Code: "managed",
						Reason: "it belongs to Auto Scaling group web, which would replace it; set include_managed to act all the same"},
					{Action: action.Stop, State: plan.Superseded, Step: "stop#2", Reason: "terminate is due as well", Code: "superseded"},
					{Action: action.Terminate, State: plan.Planned, Step: "terminate"},
				}},
			{Evidence: map[string]string{"tags.Env": "prod"}, Policy: "cost-center", Mode: policy.Enforce, Resource: instance("i-0000000000000003c", hostile, tag.Set{"Name": hostile}),
				Status: eval.Unknown, Reasons: because("unknown", "match could not be decided: "+hostile, "")},
			{Policy: "cost-center", Mode: policy.Enforce, Resource: instance("i-0000000000000004d", "", nil),
				Status: eval.Exempt, Reasons: because("exempt-tag", "it has the tag SPECIAL_EXCEPTION", "SPECIAL_EXCEPTION")},
			{Policy: "fix-project", Mode: policy.Enforce, Resource: instance("i-0000000000000001a", "web-1", tag.Set{"Name": "web-1"}),
				Status: eval.Fixable, Reasons: because("missing", "the tag Project is missing", "Project"), Actions: []plan.Action{
					{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "Proj007", "Expires": "2026-06-01"}},
					{Action: action.Untag, State: plan.Planned, Keys: []string{"project", "proj"}},
				}},
			{Policy: "look-first", Mode: policy.Observe, Resource: instance("i-0000000000000001a", "web-1", tag.Set{"Name": "web-1"}),
				Status: eval.Violating, Actions: []plan.Action{
					{Action: action.Stop, State: plan.Would, Step: "stop"},
					{Action: action.Terminate, State: plan.Would, Step: "terminate", At: now.Add(90 * time.Minute)},
				}},
		},
		Unread: []plan.Unread{{Account: account, Region: "eu-west-1", Type: resource.EC2Instance, Call: "ec2:DescribeInstances",
			Reason: "ec2:DescribeInstances in eu-west-1: UnauthorizedOperation: You are not authorized to perform this operation.", Hint: "allow ec2:DescribeInstances to the caller"}},
		Closing: []plan.Closing{{Policy: "cost-center", ARN: resource.InstanceARN("us-east-1", account, "i-9"), Why: "gone"}},
	}}
}

// applied is the same plan after it was applied and interrupted.
func applied() report.Document {
	d := planned()
	d.Summary.Fixable, d.Summary.Fixed = 0, 1
	d.Findings[0].Actions[0].State = plan.Done
	d.Findings[0].Actions[1] = plan.Action{Action: action.Mark, State: plan.Failed, Tags: tag.Set{"tagwarden": "stop 2026-06-08 by cost-center"},
		Reason: "ec2:CreateTags in us-east-1: TagLimitExceeded", Hint: "remove a tag: a resource holds 50", RequestID: "req-1"}
	d.Findings[1].Actions[2].State, d.Findings[1].Actions[2].RequestID = plan.Done, "req-2"
	d.Findings[1].Actions[2].At = now
	d.Findings[4].Status = eval.Fixed
	d.Findings[4].Actions[0].State = plan.Done
	d.Findings[4].Actions[1].State, d.Findings[4].Actions[1].Reason = plan.Skipped, "the run was interrupted"
	d.Outcome = &report.Outcome{
		Deliveries: []report.Delivery{
			{Channel: "infra", Address: "alice@example.com", Accepted: true, ID: "m-1"},
			{Channel: "managers", Reason: "sns:Publish: NotFound: Topic does not exist", Hint: "create the topic, or name another"},
		},
		Problems:    []report.Problem{{What: "i-0000000000000004d", Text: "the mark could not be removed", Hint: "remove it by hand"}},
		Interrupted: true,
	}
	return d
}

func empty() report.Document {
	return report.Document{Plan: &plan.Plan{Version: plan.Version, Run: "r1", Created: now, Name: "default", Account: account}}
}
