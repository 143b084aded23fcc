package trigger

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The kinds of messages with which AWS Config asks for an evaluation ("Example
// events for AWS Config rules" in its developer guide).
const (
	itemChanged   = "ConfigurationItemChangeNotification"
	itemOversized = "OversizedConfigurationItemChangeNotification"
	itemScheduled = "ScheduledNotification"
)

// What a change that AWS Config saw is called, whoever tells of it.
const (
	itemKind   = "Config Configuration Item Change"
	itemSource = "aws.config"
)

// told reads what Config tells the topic of its delivery channel: it is what it
// tells EventBridge, without an envelope ("Notifications that AWS Config sends to
// an Amazon SNS topic").
func told(v loose.Value) Message {
	r, ignored, err := configItem(envelope{Detail: v})
	if err != nil {
		return Message{Err: fmt.Errorf("reading a message of AWS Config: %w", err)}
	}
	if ignored != "" {
		return Message{Ignored: ignored}
	}
	r.Raw = v.Raw()
	return Message{Request: r}
}

// configItem reads what Config tells EventBridge of a change.
func configItem(e envelope) (*Request, string, error) {
	if deleted(e.Detail) {
		return nil, "the resource was deleted", nil
	}
	r, ignored, err := changed(e.Detail)
	if err == nil && ignored == "" && len(r.Refs) == 0 {
		return nil, fmt.Sprintf("configuration items of the type %.100q name no ARN", item(e.Detail).Field("resourceType").Text()), nil
	}
	return r, ignored, err
}

// evaluation reads what a rule of Config sends to its function: the event lies
// as text in a field of it.
func evaluation(v loose.Value) Message {
	inner, err := loose.Parse([]byte(v.Field("invokingEvent").Text()))
	if err != nil {
		return Message{Err: fmt.Errorf("reading the invokingEvent of AWS Config: %w: %w", ErrMalformed, err)}
	}
	ask := &Evaluation{Rule: v.Field("configRuleName").Text(), Region: ruleRegion(v.Field("configRuleArn").Text()), Token: v.Field("resultToken").Text(), Left: v.Field("eventLeftScope").Is("true")}
	if ask.Token == "" {
		return malformed("AWS Config asks for an evaluation without a resultToken")
	}
	if inner.Field("messageType").Is(itemScheduled) {
		return Message{Request: &Request{Cause: Config, Time: timeOf(inner.Field("notificationCreationTime")), Region: ask.Region,
			Account: cmp.Or(inner.Field("awsAccountId").Text(), v.Field("accountId").Text()), Evaluation: ask}}
	}
	r, ignored, err := changed(inner)
	switch {
	case err != nil:
		return Message{Err: fmt.Errorf("reading the invokingEvent of AWS Config: %w", err)}
	case ignored != "":
		return Message{Ignored: ignored}
	}
	i := item(inner)
	ask.Left = ask.Left || deleted(inner) || len(r.Refs) == 0
	ask.ResourceType, ask.ResourceID = i.Field("resourceType").Text(), i.Field("resourceId").Text()
	r.Evaluation = ask
	return Message{Request: r}
}

// ruleRegion is the region in the ARN of a rule:
// arn:PARTITION:config:REGION:ACCOUNT:config-rule/ID.
func ruleRegion(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) == 6 && parts[0] == "arn" {
		return parts[3]
	}
	return ""
}

// item is the configuration item of a message, which is cut down to a summary
// where it is too large.
func item(v loose.Value) loose.Value {
	if i := v.Field("configurationItem"); i.IsObject() {
		return i
	}
	return v.Field("configurationItemSummary")
}

// deleted says that a message is about a resource that is gone.
func deleted(v loose.Value) bool {
	status := item(v).Field("configurationItemStatus")
	return status.Is("ResourceDeleted") || status.Is("ResourceDeletedNotRecorded")
}

// changed reads a change of one resource, which has no Refs where it has no ARN.
func changed(v loose.Value) (*Request, string, error) {
	switch kind := v.Field("messageType").Text(); kind {
	case itemChanged, itemOversized:
	case "":
		return nil, "", missing("messageType")
	default:
		return nil, fmt.Sprintf("messages of the type %.100q from AWS Config wake nothing", kind), nil
	}
	i := item(v)
	if i.Field("resourceType").Text() == "" || i.Field("resourceId").Text() == "" {
		return nil, "", missing("resourceType or resourceId of the configuration item")
	}
	r := &Request{Cause: Config, Name: itemKind, Source: itemSource, Time: timeOf(i.Field("configurationItemCaptureTime")), Account: i.Field("awsAccountId").Text(), Region: i.Field("awsRegion").Text()}
	if ref, ok := resource.FromARN(i.Field("ARN").Text()); ok {
		ref.Account, ref.Region = cmp.Or(ref.Account, r.Account), cmp.Or(ref.Region, r.Region)
		r.Refs = []resource.Ref{ref}
	}
	return r, "", nil
}
