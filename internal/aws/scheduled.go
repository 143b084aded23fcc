package aws

import (
	"context"
	"errors"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/queue"
)

const (
	// scheduleName begins the names of our schedules, so that permissions can be
	// given for them alone. A name has 64 characters at most.
	scheduleName = "tagwarden-"
	// scheduleAhead is how far ahead a schedule is made at least: Scheduler invokes
	// within the minute, and a time that has passed when it looks would be none.
	scheduleAhead = time.Minute
	// atLayout is a time in an at expression ("Schedule types on EventBridge
	// Scheduler", One-time schedules).
	atLayout = "at(2006-01-02T15:04:05)"
)

// codeConflict is how Scheduler says that there is a schedule of that name.
const codeConflict = "ConflictException"

// Scheduled keeps notes as one-time schedules of EventBridge Scheduler, which
// puts them into a queue and deletes itself.
type Scheduled struct {
	session *Session
	region  string
	target  types.Target
	group   string
}

var _ queue.Keeper = (*Scheduled)(nil)

// Scheduled returns a keeper whose notes come into a queue, by its ARN, and in
// its region. role is the ARN of the role with which Scheduler sends the message;
// group is a group of schedules, "" for the default one. It makes no call.
func (s *Session) Scheduled(queueARN, role, group string) (*Scheduled, error) {
	q := strings.Split(queueARN, ":")
	if len(q) != 6 || q[0] != "arn" || q[2] != "sqs" {
		f := invalid(callCreateSchedule, "", "\""+queueARN+"\" is not the ARN of a queue")
		f.Hint = "a queue's ARN is like arn:aws:sqs:eu-west-1:111122223333:name"
		return nil, f
	}
	if r := strings.Split(role, ":"); len(r) != 6 || r[0] != "arn" || r[2] != "iam" || !strings.HasPrefix(r[5], "role/") {
		f := invalid(callCreateSchedule, q[3], "\""+role+"\" is not the ARN of a role")
		f.Hint = "a role's ARN is like arn:aws:iam::111122223333:role/name"
		return nil, f
	}
	if _, err := s.scheduler(q[3]); err != nil {
		return nil, err
	}
	return &Scheduled{session: s, region: q[3], target: types.Target{Arn: &queueARN, RoleArn: &role}, group: group}, nil
}

// Keep makes a schedule.
func (k *Scheduled) Keep(ctx context.Context, n queue.Note, now time.Time) error {
	api, err := k.session.scheduler(k.region)
	if err != nil {
		return err
	}
	at := n.At
	if soonest := now.Add(scheduleAhead); at.Before(soonest) {
		at = soonest
	}
	at = at.Add(time.Second - 1).Truncate(time.Second)
	target := k.target
	target.Input = awssdk.String(string(n.Body))
	_, err = api.create(ctx, &scheduler.CreateScheduleInput{
		Name: awssdk.String(scheduleName + n.Key), GroupName: given(k.group), ClientToken: awssdk.String(n.Key),
		ScheduleExpression: awssdk.String(at.UTC().Format(atLayout)), ScheduleExpressionTimezone: awssdk.String("UTC"),
		FlexibleTimeWindow:    &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		ActionAfterCompletion: types.ActionAfterCompletionDelete, Target: &target,
	})
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == codeConflict {
		return nil // it is kept already
	}
	return err
}
