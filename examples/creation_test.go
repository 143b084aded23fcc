package examples_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// person is whoever makes a call.
type person struct{ name, principal, identity string }

// adaOf is an IAM user of an account, and priyaOf somebody who comes through
// single sign-on.
func adaOf(a *mototest.Account) person {
	return person{"ada", "AIDAEXAMPLE", fmt.Sprintf(`{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::%s:user/ada","accountId":%q,"userName":"ada"}`, a.ID, a.ID)}
}

func priyaOf(a *mototest.Account) person {
	return person{"priya@example.com", "AROAEXAMPLE:priya@example.com", fmt.Sprintf(
		`{"type":"AssumedRole","principalId":"AROAEXAMPLE:priya@example.com","arn":"arn:aws:sts::%s:assumed-role/dev/priya@example.com","accountId":%q,`+
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::%s:role/dev","accountId":%q,"userName":"dev"}}}`, a.ID, a.ID, a.ID, a.ID)}
}

// called is CloudTrail's record of a call, in EventBridge's envelope.
func called(a *mototest.Account, by person, id, name string, request, response any) string {
	return fmt.Sprintf(`{"version":"0","id":"b-%s","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":%q,"time":%q,"region":%q,"resources":[],"detail":`+
		`{"eventVersion":"1.11","eventID":%q,"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":%q,"recipientAccountId":%q,"readOnly":false,`+
		`"userIdentity":%s,"requestParameters":%s,"responseElements":%s}}`, id, a.ID, now(), a.Region, id, now(), name, a.Region, a.ID, by.identity, text(request), text(response))
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what the tests write can be written
	}
	return string(b)
}

type object map[string]any

// launch launches instances with a data volume each, and returns them, the
// volumes and interfaces that came with them, and the record of the launch.
func launch(t *testing.T, a *mototest.Account, by person, id string, n int, tags map[string]string) (instances, volumes, interfaces []string, record string) {
	t.Helper()
	instances = a.Launch(t, n, tags, "BlockDeviceMapping.1.DeviceName", "/dev/sda1", "BlockDeviceMapping.1.Ebs.VolumeSize", "8",
		"BlockDeviceMapping.2.DeviceName", "/dev/sdb", "BlockDeviceMapping.2.Ebs.VolumeSize", "100")
	var items []object
	for _, i := range instances {
		items = append(items, object{"instanceId": i})
	}
	record = called(a, by, id, "RunInstances", object{"minCount": n, "maxCount": n}, object{"instancesSet": object{"items": items}})
	for _, i := range instances {
		var out struct {
			Volumes    []string `xml:"reservationSet>item>instancesSet>item>blockDeviceMapping>item>ebs>volumeId"`
			Interfaces []string `xml:"reservationSet>item>instancesSet>item>networkInterfaceSet>item>networkInterfaceId"`
		}
		a.EC2(t, &out, "DescribeInstances", "InstanceId.1", i)
		volumes, interfaces = append(volumes, out.Volumes...), append(interfaces, out.Interfaces...)
	}
	if len(volumes) != 2*n || len(interfaces) != n {
		t.Fatalf("%d instances have the volumes %v and the interfaces %v", n, volumes, interfaces)
	}
	return instances, volumes, interfaces, record
}

// happens hands an event to tagwarden, which acts on it.
func (u *user) happens(code int, event string) handledEvent {
	u.t.Helper()
	file := filepath.Join(u.t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(event), 0o600); err != nil {
		u.t.Fatal(err)
	}
	got, stdout, stderr := u.run("handle", file, "--apply", "--yes", "-o", "json")
	if got != code {
		u.t.Fatalf("exit code %d, want %d\n%s%s", got, code, stdout, stderr)
	}
	var h handledEvent
	if err := json.Unmarshal([]byte(stdout), &h); err != nil {
		u.t.Fatalf("%v\n%s", err, stdout)
	}
	return h
}

// handledEvent is what handle -o json prints.
type handledEvent struct {
	Policies []string
	Ignored  string
	Unseen   []struct{ ID string }
	Plan     *document
}

func TestS3OnMoto(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "eu-west-2")
	aws.Setenv(t)
	u := newUser(t, "s3-creator-tags.yaml", nil)
	ids, volumes, interfaces, record := launch(t, aws, priyaOf(aws), "s3-1", 3, map[string]string{"Owner": "somebody-else", "Name": "web"})
	u.happens(0, record)
	for _, id := range ids {
		same(t, "the tags of "+id, map[string]string{"Owner": "priya@example.com", "Department": "Analytics", "Name": "web"}, without(tags(t, aws, id), "tagwarden"))
	}
	for _, id := range volumes {
		same(t, "the tags of "+id, map[string]string{"Owner": "priya@example.com", "Department": "Analytics"}, tags(t, aws, id))
	}
	for _, id := range interfaces {
		same(t, "the tags of "+id, map[string]string{}, tags(t, aws, id))
	}
	// Who is in no table owns things too.
	ids, volumes, _, record = launch(t, aws, adaOf(aws), "s3-2", 1, nil)
	u.happens(0, record)
	for _, id := range append(ids, volumes...) {
		same(t, "the tags of "+id, map[string]string{"Owner": "ada"}, without(tags(t, aws, id), "tagwarden"))
	}
	u.sweeps(aws)
}

// sweeps is a run that finds what no event has told of.
func (u *user) sweeps(aws *mototest.Account) {
	u.t.Helper()
	lost := aws.Launch(u.t, 1, nil)[0]
	trail(u.t, aws.ID, aws.Region, map[string]string{lost: "ada"})
	u.json(0, "apply", "--yes")
	same(u.t, "whose "+lost+" is", "ada", tags(u.t, aws, lost)["Owner"])
}

func without(tags map[string]string, key string) map[string]string {
	delete(tags, key)
	return tags
}

func TestS4OnMoto(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "ap-southeast-2")
	aws.Setenv(t)
	u := newUser(t, "s4-everything-on-creation.yaml", nil)
	priya := priyaOf(aws)
	owned := func(id string, others map[string]string) {
		t.Helper()
		want := map[string]string{"Owner": priya.name, "PrincipalId": priya.principal}
		maps.Copy(want, others)
		same(t, "the tags of "+id, want, tags(t, aws, id))
	}

	// Neither a forged owner nor the exemption keeps a launch from being stamped.
	forged := map[string]string{"Owner": "boss", "PrincipalId": "AIDABOSS", "SPECIAL_EXCEPTION": "yes", "Name": "web"}
	instances, volumes, interfaces, record := launch(t, aws, priya, "s4-1", 3, forged)
	u.happens(0, record)
	for _, id := range instances {
		owned(id, map[string]string{"SPECIAL_EXCEPTION": "yes", "Name": "web"})
	}
	for _, id := range slices.Concat(volumes, interfaces) {
		owned(id, nil)
	}

	var volume struct {
		ID   string `xml:"volumeId"`
		Zone string `xml:"availabilityZone"`
	}
	aws.EC2(t, &volume, "CreateVolume", "AvailabilityZone", aws.Region+"a", "Size", "8")
	u.happens(0, called(aws, priya, "s4-2", "CreateVolume", object{"size": "8", "zone": volume.Zone}, object{"volumeId": volume.ID, "zone": volume.Zone}))
	owned(volume.ID, nil)

	var snapshot struct {
		ID string `xml:"snapshotId"`
	}
	aws.EC2(t, &snapshot, "CreateSnapshot", "VolumeId", volume.ID)
	u.happens(0, called(aws, priya, "s4-3", "CreateSnapshot", object{"volumeId": volume.ID}, object{"snapshotId": snapshot.ID, "volumeId": volume.ID}))
	owned(snapshot.ID, nil)

	var image struct {
		ID string `xml:"imageId"`
	}
	aws.EC2(t, &image, "CreateImage", "InstanceId", instances[0], "Name", "golden")
	var described struct {
		Snapshots []string `xml:"imagesSet>item>blockDeviceMapping>item>ebs>snapshotId"`
	}
	aws.EC2(t, &described, "DescribeImages", "ImageId.1", image.ID)
	if len(described.Snapshots) == 0 {
		t.Fatal("the image has no snapshots")
	}
	u.happens(0, called(aws, priya, "s4-4", "CreateImage", object{"instanceId": instances[0], "name": "golden"}, object{"imageId": image.ID}))
	for _, id := range append(described.Snapshots, image.ID) {
		owned(id, nil)
	}

	// Other calls are ignored, and so are those that made nothing.
	other := called(aws, adaOf(aws), "s4-5", "CreateKeyPair", object{"keyName": "k"}, object{"keyName": "k"})
	if h := u.happens(0, other); h.Ignored == "" || h.Plan != nil {
		t.Errorf("another call: %+v", h)
	}
	if h := u.happens(0, record); h.Ignored != "it was handled before" {
		t.Errorf("the launch again: %+v", h)
	}
	u.sweeps(aws)
}

// What tagwarden writes at a launch is what the policy of the people asks for:
// the tags are read from the account, and the policy by somebody else.
func TestS4LetsPeopleActOnWhatIsTheirsOnMoto(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "ca-west-1")
	aws.Setenv(t)
	u := newUser(t, "s4-everything-on-creation.yaml", nil)
	priya, ada := priyaOf(aws), adaOf(aws)
	people := u.policies("access", "policy")
	may := func(who, permission, kind, id string) bool {
		t.Helper()
		c := iamtest.Context{"aws:userid": {who}}
		for k, v := range tags(t, aws, id) {
			c["ec2:ResourceTag/"+k] = []string{v}
		}
		r := iamtest.Request{Action: permission, Resource: fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", aws.Region, aws.ID, kind, id), Context: c}
		return iamtest.Decide(r, people) == iamtest.Allowed
	}
	ids, volumes, _, record := launch(t, aws, priya, "s4-6", 2, map[string]string{"PrincipalId": ada.principal, "Project": "apollo"})
	u.happens(0, record)
	others, _, _, record := launch(t, aws, ada, "s4-7", 1, nil)
	for _, who := range []person{priya, ada} {
		if may(who.principal, "ec2:StopInstances", "instance", others[0]) {
			t.Errorf("%s may stop what nobody is known to own", who.name)
		}
	}
	u.happens(0, record)
	for _, permission := range []string{"ec2:StopInstances", "ec2:StartInstances", "ec2:RebootInstances", "ec2:TerminateInstances"} {
		for _, id := range ids {
			if !may(priya.principal, permission, "instance", id) || may(ada.principal, permission, "instance", id) {
				t.Errorf("%s of %s, which is Priya's: by her %v, by Ada %v", permission, id, may(priya.principal, permission, "instance", id), may(ada.principal, permission, "instance", id))
			}
		}
		if may(priya.principal, permission, "instance", others[0]) || !may(ada.principal, permission, "instance", others[0]) {
			t.Errorf("%s of %s, which is Ada's", permission, others[0])
		}
	}
	for _, id := range volumes {
		if !may(priya.principal, "ec2:DeleteVolume", "volume", id) || may(ada.principal, "ec2:DeleteVolume", "volume", id) {
			t.Errorf("the volume %s is Priya's", id)
		}
	}

	// Each has a group, and nobody else.
	var template struct {
		Resources map[string]struct {
			Properties struct {
				ResourceQuery struct {
					Query struct{ TagFilters []struct{ Values []string } }
				}
			}
		}
	}
	if err := json.Unmarshal(u.iam("access", "groups"), &template); err != nil {
		t.Fatal(err)
	}
	var owners []string
	for _, r := range template.Resources {
		for _, f := range r.Properties.ResourceQuery.Query.TagFilters {
			owners = append(owners, f.Values...)
		}
	}
	slices.Sort(owners)
	if want := []string{ada.principal, priya.principal}; !slices.Equal(owners, want) {
		t.Errorf("groups of %q, not of %q", owners, want)
	}
}

// runs is the event that an instance has come to run.
func runs(a *mototest.Account, event, instance string) string {
	return fmt.Sprintf(`{"version":"0","id":%q,"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":%q,"region":%q,`+
		`"resources":["arn:aws:ec2:%s:%s:instance/%s"],"detail":{"instance-id":%q,"state":"running"}}`, event, a.ID, now(), a.Region, a.Region, a.ID, instance, instance)
}

func TestS5OnMoto(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "eu-north-1")
	aws.Setenv(t)
	topic := aws.Topic(t, "s5")
	u := newUser(t, "s5-stop-without-exception.yaml", map[string]string{"SNS_TOPIC_ARN": topic.ARN, "EXCEPTION_TAG": "MayRun"})
	bare := aws.Launch(t, 1, nil)[0]
	other := aws.Launch(t, 1, map[string]string{"SPECIAL_EXCEPTION": "yes"})[0]
	excepted := aws.Launch(t, 1, map[string]string{"MayRun": ""})[0]
	protected := aws.Launch(t, 1, nil)[0]
	aws.Protect(t, protected, true, false)

	stopped := func(id string, received []mototest.Message) {
		t.Helper()
		same(t, "state of "+id, "stopped", states(t, aws)[id])
		if len(received) != 1 {
			t.Fatalf("%d messages about %s", len(received), id)
		}
		same(t, "subject", "EC2 Violated Company Policy!! Manager will be Notified!!", received[0].Subject)
		same(t, "message", "EC2 "+id+" Stopped", received[0].Message)
	}
	// The same event five times, and two more about the same start.
	for i := range 7 {
		u.happens(0, runs(aws, "s5-"+strconv.Itoa(max(0, i-4)), bare))
	}
	stopped(bare, topic.Received(t))
	u.happens(0, runs(aws, "s5-other", other))
	stopped(other, topic.Received(t))

	u.happens(0, runs(aws, "s5-excepted", excepted))
	same(t, "state of the exception", "running", states(t, aws)[excepted])
	same(t, "messages about the exception", 0, len(topic.Received(t)))

	u.happens(3, runs(aws, "s5-protected", protected)) // 3: it is held
	same(t, "state of the protected one", "running", states(t, aws)[protected])
	received := topic.Received(t)
	same(t, "messages about the protected one", 1, len(received))
	same(t, "what they say", "EC2 "+protected+" held: its stop protection is on", received[0].Message)

	// Somebody starts it again.
	u.ahead = 10 * time.Minute
	aws.EC2(t, nil, "StartInstances", "InstanceId.1", bare)
	same(t, "state once started", "running", states(t, aws)[bare])
	u.happens(0, runs(aws, "s5-again", bare))
	stopped(bare, topic.Received(t))

	malformed := `{"id":"m","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","detail":{"state":"running"}}`
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(malformed), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := u.run("handle", file, "--apply", "--yes")
	same(t, "exit code of a malformed event", 1, code)
	same(t, "what it says", "tagwarden: reading "+file+`: reading an event of the kind "EC2 Instance State-change Notification": malformed event: it has no detail.instance-id`+"\n", stderr)
}
