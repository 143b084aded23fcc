package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/resource"
)

const (
	lookupEvents = "cloudtrail:LookupEvents"
	// eventPage is the most events that one page has.
	// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
	eventPage = 50
	// Delivery is how long after a call the event history has it: within CloudTrail's
	// quarter of an hour.
	Delivery = 5 * time.Minute
)

// Who is an identity of the account that makes resources. The zero value is
// nobody that CloudTrail would tell of.
type Who struct {
	// userIdentity is as CloudTrail writes it, with own for the account.
	userIdentity string
}

// own stands for the account that a call is made in.
const own = "ACCOUNT"

// identity makes a Who of fields as CloudTrail has them.
func identity(fields map[string]any) Who {
	text, err := json.Marshal(fields)
	if err != nil {
		panic("sim: an identity: " + err.Error())
	}
	return Who{string(text)}
}

// session is a session with a role of that path and name.
func session(path, role, id, name string) Who {
	return identity(map[string]any{
		"type": "AssumedRole", "principalId": id + ":" + name, "accountId": own,
		"arn": "arn:aws:sts::" + own + ":assumed-role/" + role + "/" + name,
		"sessionContext": map[string]any{"sessionIssuer": map[string]any{
			"type": "Role", "principalId": id, "accountId": own, "userName": role, "arn": "arn:aws:iam::" + own + ":role" + path + role}},
	})
}

// Person is somebody who signs in by IAM Identity Center.
func Person(name string) Who {
	return session("/aws-reserved/sso.amazonaws.com/", "AWSReservedSSO_Developer_6f1c2a9e0b7d3458", "AROAEXAMPLEDEVELOPER1", name)
}

// User is an IAM user.
func User(name string) Who {
	return identity(map[string]any{"type": "IAMUser", "principalId": "AIDAEXAMPLE" + name, "accountId": own,
		"arn": "arn:aws:iam::" + own + ":user/" + name, "userName": name})
}

// Role is a program that works with a role.
func Role(name string) Who {
	return session("/", name, "AROAEXAMPLEPROGRAM001", "botocore-session-1780300000")
}

// Service is a service of AWS, by its principal, which works with its own role.
func Service(principal string) Who {
	return identity(map[string]any{"type": "AWSService", "invokedBy": principal})
}

// trailEvent is one call as CloudTrail tells it.
type trailEvent struct {
	region, name string
	at           time.Time
	record       []byte
}

// creates are the calls that make things of a type, and their answers with %q
// for the id.
var creates = map[resource.Type]struct{ call, answer string }{
	resource.EC2ElasticIP:        {"AllocateAddress", `{"allocationId":%q}`},
	resource.EC2Image:            {"CreateImage", `{"imageId":%q}`},
	resource.EC2NetworkACL:       {"CreateNetworkAcl", `{"networkAcl":{"networkAclId":%q}}`},
	resource.EC2NetworkInterface: {"CreateNetworkInterface", `{"networkInterface":{"networkInterfaceId":%q}}`},
	resource.EC2SecurityGroup:    {"CreateSecurityGroup", `{"groupId":%q}`},
	resource.EC2Snapshot:         {"CreateSnapshot", `{"snapshotId":%q}`},
	resource.EC2Subnet:           {"CreateSubnet", `{"subnet":{"subnetId":%q}}`},
	resource.EC2Volume:           {"CreateVolume", `{"volumeId":%q}`},
	resource.EC2VPC:              {"CreateVpc", `{"vpc":{"vpcId":%q}}`},
}

// MadeBy makes CloudTrail tell that somebody made a resource which is no
// instance, at a time. It counts as no call, and returns false where there is no
// such resource or no call that makes one is known.
func (a *Account) MadeBy(id string, at time.Time, by Who) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.item(id)
	if i == nil {
		return false
	}
	c, ok := creates[i.reference().Type]
	if ok {
		a.enterEvent(i.reference().Region, c.call, fmt.Sprintf(c.answer, id), at, by)
	}
	return ok
}

// enterEvent enters a call into the event history.
func (a *Account) enterEvent(region, name, answer string, at time.Time, by Who) {
	if by == (Who{}) {
		return
	}
	at = at.UTC().Truncate(time.Second)
	record := fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":%s,"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":%q,`+
		`"eventID":"00000000-0000-4000-9000-%012d","readOnly":false,"recipientAccountId":%q,"requestParameters":{},"responseElements":%s}`,
		strings.ReplaceAll(by.userIdentity, own, a.id), at.Format(time.RFC3339), name, region, len(a.trail)+1, a.id, answer)
	a.trail = append(a.trail, trailEvent{region: region, name: name, at: at, record: []byte(record)})
}

// Lookup hands over events, newest first, 50 a page: those of the last 90 days
// that have been delivered.
func (a *Account) Lookup(ctx context.Context, at resource.Place, event string, from, to time.Time, page func([]creators.Event) error) error {
	for pages, more := 0, true; more; pages++ {
		var es []creators.Event
		var err error
		if es, more, err = a.eventPage(ctx, at, event, from, to, pages); err != nil {
			return err
		}
		if err := page(es); err != nil {
			return err
		}
	}
	return nil
}

func (a *Account) eventPage(ctx context.Context, at resource.Place, event string, from, to time.Time, pages int) ([]creators.Event, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, lookupEvents, at)
	if err == nil {
		err = a.pageFails(c, pages)
	}
	if err != nil {
		return nil, false, err
	}
	now := a.clock.Now()
	var found []trailEvent
	for _, e := range slices.Backward(a.trail) {
		told := !e.at.Add(Delivery).After(now) && !e.at.Before(now.Add(-creators.Reach))
		if told && e.region == at.Region && e.name == event && !e.at.Before(from) && e.at.Before(to) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(x, y trailEvent) int { return cmp.Compare(y.at.Unix(), x.at.Unix()) })
	first := min(pages*eventPage, len(found))
	last := min(first+eventPage, len(found))
	es := make([]creators.Event, 0, last-first)
	for _, e := range found[first:last] {
		es = append(es, creators.Event{Time: e.at, Record: slices.Clone(e.record)})
	}
	return es, last < len(found), nil
}
