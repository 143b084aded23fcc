package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// history is an event history of these calls.
type history struct {
	calls   []pastCall
	err     error
	lookups map[string]int
}

type pastCall struct {
	name   string
	at     time.Time
	record string
}

func (h *history) Lookup(_ context.Context, _ resource.Place, event string, from, to time.Time, page func([]creators.Event) error) error {
	if h.lookups == nil {
		h.lookups = map[string]int{}
	}
	h.lookups[event]++
	if h.err != nil {
		return h.err
	}
	var es []creators.Event
	for _, c := range h.calls {
		if c.name == event && !c.at.Before(from) && c.at.Before(to) {
			es = append(es, creators.Event{Time: c.at, Record: []byte(c.record)})
		}
	}
	return page(es)
}

const (
	byScaling = `{"type":"AssumedRole","principalId":"AROASCALING:AutoScaling","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling","accountId":"111122223333","invokedBy":"autoscaling.amazonaws.com",
		"sessionContext":{"sessionIssuer":{"type":"Role","userName":"AWSServiceRoleForAutoScaling","arn":"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}}}`
	byFormation = `{"type":"AWSService","invokedBy":"cloudformation.amazonaws.com"}`
	webStack    = "arn:aws:cloudformation:us-east-1:111122223333:stack/web/0f0f0f0f-0000-0000-0000-000000000000"
)

func byUser(name string) string {
	return fmt.Sprintf(`{"type":"IAMUser","userName":%[1]q,"principalId":"AIDA%[1]s","accountId":"111122223333","arn":"arn:aws:iam::111122223333:user/%[1]s"}`, name)
}

// past is a call of the past.
func past(event, who, request, response string, at time.Time) pastCall {
	service, name, _ := strings.Cut(event, ":")
	return pastCall{name, at, fmt.Sprintf(`{"eventID":"p-%s","eventSource":"%s.amazonaws.com","eventName":%q,"eventTime":%q,"awsRegion":"us-east-1","recipientAccountId":"111122223333","userIdentity":%s,"requestParameters":%s,"responseElements":%s}`,
		name, service, name, at.Format(time.RFC3339), who, request, response)}
}

func groupMade(who string, at time.Time) pastCall {
	return past("autoscaling:CreateAutoScalingGroup", who, `{"autoScalingGroupName":"web"}`, `null`, at)
}

// scaled is the launch of instances by Auto Scaling.
func scaled(at time.Time, ids ...string) pastCall {
	items := ""
	for _, id := range ids {
		items += fmt.Sprintf(`,{"instanceId":%q}`, id)
	}
	return past("ec2:RunInstances", byScaling, `{}`, `{"instancesSet":{"items":[`+strings.TrimPrefix(items, ",")+`]}}`, at)
}

// over is the pipeline with a history.
func (w *world) over(h *history) *app.App {
	return app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: h, Ledger: w.ledger, Notifier: w.post, Region: region})
}

// scaling is an account with a group, and instances that it has just launched.
func scaling(t *testing.T, file string, groupTags, tags tag.Set, ids ...string) *world {
	w := newWorld(t, file)
	made := w.aws.Clock().Now().Add(-30 * day)
	w.aws.Add(&resource.Group{Base: resource.Base{Reference: resource.Ref{Region: region, ID: "web"}, TagSet: groupTags}, CreatedAt: made, Max: 5})
	for _, id := range ids {
		all := tags.Clone()
		all["aws:autoscaling:groupName"] = "web"
		w.aws.Launch(sim.Instance{ID: id, Region: region, Tags: all})
	}
	return w
}

const (
	scaledOne = "i-00000000000000001"
	scaledTwo = "i-00000000000000002"
)

func TestWhatAServiceMakesBelongsToWhoIsBehindIt(t *testing.T) {
	long := start.Add(-30 * day)
	denied := &fault.Error{Class: fault.Denied, Call: lookups, Message: "no"}
	for name, tt := range map[string]struct {
		group   tag.Set // of the group
		tags    tag.Set // of the instance
		history history
		owner   string
		id      string
		status  eval.Status
	}{
		"the creator of the group":                             {tag.Set{"Owner": "team"}, tag.Set{}, history{calls: []pastCall{groupMade(byUser("bea"), long)}}, "bea", "AIDAbea", eval.Fixed},
		"else its owner by its tag, and no more than the name": {tag.Set{"Owner": "team"}, tag.Set{}, history{}, "team", "AROASCALING:AutoScaling", eval.Fixed},
		"a tag that names a service tells nothing":             {tag.Set{"Owner": "autoscaling.amazonaws.com"}, tag.Set{}, history{}, "autoscaling.amazonaws.com", "AROASCALING:AutoScaling", eval.Fixed},
		"the creator of the stack that made the group": {tag.Set{"aws:cloudformation:stack-id": webStack}, tag.Set{},
			history{calls: []pastCall{groupMade(byFormation, long), past("cloudformation:CreateStack", byUser("cleo"), `{}`, `{"stackId":"`+webStack+`"}`, long)}}, "cleo", "AIDAcleo", eval.Fixed},
		"the creator of the launch template": {nil, tag.Set{"aws:ec2launchtemplate:id": "lt-0aaaaaaaaaaaaaaaa"},
			history{calls: []pastCall{groupMade(byFormation, long), past("ec2:CreateLaunchTemplate", byUser("dan"), `{}`, `{"CreateLaunchTemplateResponse":{"launchTemplate":{"launchTemplateId":"lt-0aaaaaaaaaaaaaaaa"}}}`, long)}}, "dan", "AIDAdan", eval.Fixed},
		"nobody":              {nil, tag.Set{}, history{}, "autoscaling.amazonaws.com", "AROASCALING:AutoScaling", eval.Fixed},
		"what cannot be read": {nil, tag.Set{}, history{err: denied}, "", "", eval.Unknown},
		"a forged tag is no parent of another account": {nil, tag.Set{"aws:cloudformation:stack-id": strings.Replace(webStack, account, "999988887777", 1)},
			history{calls: []pastCall{groupMade(byFormation, long)}}, "autoscaling.amazonaws.com", "AROASCALING:AutoScaling", eval.Fixed},
	} {
		t.Run(name, func(t *testing.T) {
			w := scaling(t, stamp, tt.group, tt.tags, scaledOne, scaledTwo)
			h, _, err := w.over(&tt.history).Handle(t.Context(), w.event(scaled(start, scaledOne, scaledTwo).record))
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{scaledOne, scaledTwo} {
				i, _ := w.aws.Instance(id)
				if diff := cmp.Diff([]string{tt.owner, tt.id}, []string{i.TagSet["Owner"], i.TagSet["PrincipalId"]}); diff != "" {
					t.Errorf("%s (-want +got)\n%s", id, diff)
				}
			}
			for _, f := range h.Plan.Findings {
				if f.Resource.Type == resource.EC2Instance && f.Status != tt.status {
					t.Errorf("it is %s: %v", f.Status, f.Reasons)
				}
				if tt.status == eval.Unknown && !strings.Contains(f.Reasons[0].Text, "who is behind autoscaling:group web") {
					t.Errorf("it says %v", f.Reasons)
				}
			}
			for event, n := range tt.history.lookups {
				if n > 2 {
					t.Errorf("%d look-ups of %s for two instances of one group", n, event)
				}
			}
			if n := w.aws.Calls()["autoscaling:DescribeAutoScalingGroups"]; n != 1 {
				t.Errorf("the group was read %d times", n)
			}
		})
	}
}

// A sweep that found the service instead would fight with the event for ever.
func TestASweepFindsTheSameBehindAService(t *testing.T) {
	w := scaling(t, strings.NewReplacer("[ec2:instance, ec2:volume, ec2:snapshot, ec2:image]", "ec2:instance", ", snapshots]", "]").Replace(stamp), nil, tag.Set{}, scaledOne)
	h := &history{calls: []pastCall{groupMade(byUser("bea"), start.Add(-30*day)), scaled(start, scaledOne)}}
	if _, _, err := w.over(h).Handle(t.Context(), w.event(scaled(start, scaledOne).record)); err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(time.Hour)
	p, err := w.over(h).Plan(t.Context(), app.Request{Run: "sweep", Now: w.aws.Clock().Now()})
	if err != nil || len(p.Findings) != 0 {
		t.Errorf("%v: %+v", err, p.Findings)
	}
	w.aws.SetTags(scaledOne, nil)
	if p, err = w.over(h).Plan(t.Context(), app.Request{Run: "again", Now: w.aws.Clock().Now()}); err != nil || owners(p)[scaledOne] != "bea" {
		t.Errorf("%v: %v", err, owners(p))
	}
}

// The event history tells of a call minutes later; the call's own event tells
// at once.
func TestTheCreatorOfWhatWasMadeAMomentAgoIsKnown(t *testing.T) {
	file := strings.Replace(stamp, "[ec2:instance,", "[autoscaling:group, ec2:instance,", 1)
	file = strings.Replace(file, "    children:", "    match: resource.type != \"autoscaling:group\"\n    children:", 1)
	w := newWorld(t, file)
	w.aws.Add(&resource.Group{Base: resource.Base{Reference: resource.Ref{Region: region, ID: "web"}}, CreatedAt: start, Max: 5})
	w.aws.Launch(sim.Instance{ID: scaledOne, Region: region, Tags: tag.Set{"aws:autoscaling:groupName": "web"}})
	late := &history{}
	if _, _, err := w.over(late).Handle(t.Context(), w.event(groupMade(byUser("bea"), start).record)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.over(late).Handle(t.Context(), w.event(scaled(start, scaledOne).record)); err != nil {
		t.Fatal(err)
	}
	if i, _ := w.aws.Instance(scaledOne); i.TagSet["Owner"] != "bea" {
		t.Errorf("tags %v", i.TagSet)
	}
}

func TestNobodyIsAskedAboutAServiceWhereTheCreatorDecidesNothing(t *testing.T) {
	w := scaling(t, `
policies:
  - {name: p, resource: ec2:instance, on: created, mode: enforce, tags: {Project: {default: none}}}
`, nil, tag.Set{}, scaledOne)
	h := &history{}
	if _, _, err := w.over(h).Handle(t.Context(), w.event(scaled(start, scaledOne).record)); err != nil {
		t.Fatal(err)
	}
	if n := w.aws.Calls()["autoscaling:DescribeAutoScalingGroups"]; n != 0 || len(h.lookups) != 0 {
		t.Errorf("%d groups read, look-ups %v", n, h.lookups)
	}
}

// A fleet's own event and that of its instances come in the same second, in any
// order.
func TestTheEventsOfAFleetAgreeInAnyOrder(t *testing.T) {
	fleet := past("ec2:CreateFleet", byUser("bea"), `{}`, `{"CreateFleetResponse":{"fleetId":"fleet-0aaaaaaaaaaaaaaaa","fleetInstanceSet":{"item":{"instanceIds":{"item":"`+scaledOne+`"}}}}}`, start)
	instances := past("ec2:RunInstances", `{"type":"AWSService","invokedBy":"ec2fleet.amazonaws.com"}`, `{}`, `{"instancesSet":{"items":[{"instanceId":"`+scaledOne+`"}]}}`, start)
	for name, order := range map[string][]pastCall{"the fleet first": {fleet, instances}, "the instances first": {instances, fleet}} {
		for what, tags := range map[string]tag.Set{"tagged": {"aws:ec2:fleet-id": "fleet-0aaaaaaaaaaaaaaaa"}, "not tagged": {}} {
			w := newWorld(t, stamp)
			w.aws.Launch(sim.Instance{ID: scaledOne, Region: region, Tags: tags})
			for _, c := range order {
				if _, _, err := w.over(&history{}).Handle(t.Context(), w.event(c.record)); err != nil {
					t.Fatal(err)
				}
			}
			if i, _ := w.aws.Instance(scaledOne); i.TagSet["Owner"] != "bea" || i.TagSet["PrincipalId"] != "AIDAbea" {
				t.Errorf("%s, %s: %v", name, what, i.TagSet)
			}
		}
	}
}
