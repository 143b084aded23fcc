package aws

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Checkup asks an account whether what is needed is there. It is a
// doctor.Account, and changes nothing.
type Checkup struct {
	s          *Session
	simulators perRegion[simulatorAPI]
	trailAPIs  perRegion[trailsAPI]
	mailAPIs   perRegion[mailsAPI]
	topicAPIs  perRegion[topicsAPI]
	busAPIs    perRegion[busesAPI]
}

var _ doctor.Account = (*Checkup)(nil)

// CheckupOf returns the asking side of a session. It is no method of Session: the
// linker keeps all of those, and a function of Lambda asks nothing of it.
func CheckupOf(s *Session) *Checkup { return &Checkup{s: s} }

// Identify asks a region's STS, which needs no permission.
func (c *Checkup) Identify(ctx context.Context, region string) (doctor.Identity, error) {
	api, err := c.s.sts(region)
	if err != nil {
		return doctor.Identity{}, err
	}
	out, err := api.callerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return doctor.Identity{}, err
	}
	at, _ := awsmiddleware.GetServerTime(out.ResultMetadata) // zero without one
	return doctor.Identity{Account: awssdk.ToString(out.Account), ARN: awssdk.ToString(out.Arn), Time: at}, nil
}

// Regions lists the regions that are enabled for the account, sorted.
func (c *Checkup) Regions(ctx context.Context) ([]string, error) { return c.s.Source().Regions(ctx) }

// Trails lists the trails that record what happens in a region, those of other
// regions and of the organisation among them.
func (c *Checkup) Trails(ctx context.Context, region string) ([]doctor.Trail, error) {
	api, err := c.trails(region)
	if err != nil {
		return nil, err
	}
	out, err := api.trails(ctx, &cloudtrail.DescribeTrailsInput{})
	if err != nil {
		return nil, err
	}
	ts := make([]doctor.Trail, 0, len(out.TrailList))
	for i := range out.TrailList {
		ts = append(ts, api.trail(ctx, &out.TrailList[i]))
	}
	return ts, nil
}

func (a *trailsAPI) trail(ctx context.Context, in *trailtypes.Trail) doctor.Trail {
	t := doctor.Trail{ARN: awssdk.ToString(in.TrailARN), Changes: true}
	status, err := a.status(ctx, &cloudtrail.GetTrailStatusInput{Name: in.TrailARN})
	if err != nil {
		t.Err = err
		return t
	}
	t.Logging = awssdk.ToBool(status.IsLogging)
	// Without selectors of its own a trail records all management events.
	if t.Logging && awssdk.ToBool(in.HasCustomEventSelectors) {
		out, err := a.selectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: in.TrailARN})
		if err != nil {
			t.Err = err
			return t
		}
		t.Changes = recordsChanges(out)
	}
	return t
}

// recordsChanges says whether some selector takes management events that change
// something ("AdvancedEventSelector" and "EventSelector" in the CloudTrail API
// reference). Fields that leave out single services are not looked at.
func recordsChanges(out *cloudtrail.GetEventSelectorsOutput) bool {
	for i := range out.EventSelectors {
		e := &out.EventSelectors[i]
		if (e.IncludeManagementEvents == nil || *e.IncludeManagementEvents) && e.ReadWriteType != trailtypes.ReadWriteTypeReadOnly {
			return true
		}
	}
	for i := range out.AdvancedEventSelectors {
		management, reads := false, false
		for _, f := range out.AdvancedEventSelectors[i].FieldSelectors {
			switch awssdk.ToString(f.Field) {
			case "eventCategory":
				management = slices.Contains(f.Equals, "Management")
			case "readOnly":
				reads = slices.Contains(f.Equals, "true")
			}
		}
		if management && !reads {
			return true
		}
	}
	return false
}

// beyond is how far ahead of AWS's time the day is whose logs are asked for:
// there are none, so that nothing but their folder is looked for.
const beyond = 48 * time.Hour

// Archived asks whether there are logs of an account and region.
func (c *Checkup) Archived(ctx context.Context, bucket, prefix, region string, of resource.Place) error {
	who, err := c.Identify(ctx, of.Region)
	if err != nil {
		return err
	}
	return c.s.Archive(bucket, prefix, region).Logs(ctx, of, who.Time.Add(beyond), func([]byte) error { return nil })
}

// Sender says whether mail can be sent from an identity.
func (c *Checkup) Sender(ctx context.Context, region, identity string) (bool, error) {
	api, err := c.mails(callMailIdentity, region)
	if err != nil {
		return false, err
	}
	out, err := api.identity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &identity})
	if err != nil {
		return false, err
	}
	return out.VerifiedForSendingStatus, nil
}

// Sending says what SES lets the account do in a region.
func (c *Checkup) Sending(ctx context.Context, region string) (doctor.Sending, error) {
	api, err := c.mails(callMailAccount, region)
	if err != nil {
		return doctor.Sending{}, err
	}
	out, err := api.account(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return doctor.Sending{}, err
	}
	s := doctor.Sending{Enabled: out.SendingEnabled, Sandbox: !out.ProductionAccessEnabled, Most: -1}
	if q := out.SendQuota; q != nil {
		s.Sent, s.Most = q.SentLast24Hours, q.Max24HourSend
	}
	return s, nil
}

// ConfigurationSet asks whether SES has a configuration set.
func (c *Checkup) ConfigurationSet(ctx context.Context, region, name string) error {
	api, err := c.mails(callMailSet, region)
	if err != nil {
		return err
	}
	_, err = api.set(ctx, &sesv2.GetConfigurationSetInput{ConfigurationSetName: &name})
	return err
}

// Topic asks for a topic.
func (c *Checkup) Topic(ctx context.Context, arn, region string) (doctor.Topic, error) {
	region, err := topicRegion(notify.Publication{Topic: arn, Region: region})
	if err != nil {
		return doctor.Topic{}, err
	}
	api, err := c.topics(region)
	if err != nil {
		return doctor.Topic{}, err
	}
	out, err := api.attributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err != nil {
		return doctor.Topic{}, err
	}
	n, _ := strconv.Atoi(out.Attributes["SubscriptionsConfirmed"])
	return doctor.Topic{Confirmed: n}, nil
}

// Ledger asks for the table of a ledger.
func (c *Checkup) Ledger(ctx context.Context, table, region string) (doctor.Ledger, error) {
	t, err := c.s.ledgerTable(table, cmp.Or(region, c.s.Region()))
	if err != nil {
		return doctor.Ledger{}, err
	}
	var l doctor.Ledger
	if l.Ready, err = t.look(ctx); err != nil {
		return l, err
	}
	// A table whose expiry cannot be looked at is there all the same.
	var out *dynamodb.DescribeTimeToLiveOutput
	if out, l.Err = t.api.ttl(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name}); l.Err != nil {
		out = &dynamodb.DescribeTimeToLiveOutput{}
	}
	if d := out.TimeToLiveDescription; d != nil {
		on := d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling
		l.Forgets = on && awssdk.ToString(d.AttributeName) == dynamo.AttrTTL
	}
	return l, nil
}

// Describe asks for any other table.
func (c *Checkup) Describe(ctx context.Context, r document.Ref) (outside.Description, error) {
	return c.s.Describe(ctx, r)
}

// invalidRange is S3's answer to who asks for the first byte of an empty object.
const invalidRange = "InvalidRange"

// Object asks for the first byte of an object: HeadObject gives no reason.
func (c *Checkup) Object(ctx context.Context, r document.Ref) error {
	api, err := c.s.objects(cmp.Or(r.Region, c.s.Region()))
	if err != nil {
		return err
	}
	out, err := api.getObject(ctx, &s3.GetObjectInput{Bucket: &r.Bucket, Key: &r.Key, Range: awssdk.String("bytes=0-0")})
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == invalidRange {
		return nil
	}
	if err != nil {
		return err
	}
	return api.at.failed(callGetObject, out.Body.Close())
}

// Bus asks for a bus.
func (c *Checkup) Bus(ctx context.Context, bus string) error {
	api, err := c.buses(regionOf(bus, c.s.Region()))
	if err != nil {
		return err
	}
	_, err = api.describe(ctx, &eventbridge.DescribeEventBusInput{Name: &bus})
	return err
}

// Inbox asks for a queue.
func (c *Checkup) Inbox(ctx context.Context, url string) (queue.Manner, error) {
	q, err := c.s.Queue(url)
	if err != nil {
		return queue.Manner{}, err
	}
	return q.Manner(ctx)
}
