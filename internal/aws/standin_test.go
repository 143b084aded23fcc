package aws

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/internal/resource"
)

var place = resource.Place{Account: "111122223333", Region: "eu-west-1"}

// standIn answers requests of the SDK in memory, in the wire formats of AWS.
// Having no network, it works under a virtual clock too.
type standIn struct {
	mu       sync.Mutex
	requests []request
	// answer answers a request; n counts from 1.
	answer func(n int, r request) reply
}

// request is one request: its parameters where the protocol is query.
type request struct {
	*http.Request
	body []byte
	url.Values
}

type reply struct {
	status int // 200 when zero
	body   string
	err    error // of the transport, instead of an answer
	hang   bool  // until the client gives up
}

func (s *standIn) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{Request: req}
	if req.Body != nil {
		r.body, _ = io.ReadAll(req.Body)
	}
	r.Values, _ = url.ParseQuery(string(r.body))
	s.mu.Lock()
	s.requests = append(s.requests, r)
	n := len(s.requests)
	s.mu.Unlock()
	rep := s.answer(n, r)
	switch {
	case rep.hang:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case rep.err != nil:
		return nil, rep.err
	}
	w := httptest.NewRecorder()
	w.Header().Set("X-Amzn-Requestid", "req-1")
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(rep.body)))) // DynamoDB's clients check it
	w.WriteHeader(cmp.Or(rep.status, http.StatusOK))
	if _, err := w.WriteString(rep.body); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// calls returns the actions that were asked for, in order.
func (s *standIn) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var actions []string
	for _, r := range s.requests {
		actions = append(actions, r.Get("Action"))
	}
	return actions
}

// isolate sets the environment so that nothing of this machine's AWS
// configuration reaches a test, with keys and a region.
func isolate(t testing.TB) {
	t.Helper()
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": place.Region, "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_CA_BUNDLE": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_EC2": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_MAX_ATTEMPTS": "", "AWS_RETRY_MODE": "", "AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		t.Setenv(k, v)
	}
}

// open opens a session that talks to a function.
func open(t testing.TB, answer func(n int, r request) reply) (*Session, *standIn) {
	t.Helper()
	s := &standIn{answer: answer}
	session, err := Open(t.Context(), Options{HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	return session, s
}

// ec2Error is a failure as EC2 writes it.
func ec2Error(status int, code, message string) reply {
	return reply{status: status, body: fmt.Sprintf(
		`<?xml version="1.0"?><Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>req-1</RequestID></Response>`,
		code, message)}
}

// ec2Answer is an answer as EC2 writes it.
func ec2Answer(action, inner string) reply {
	return reply{body: fmt.Sprintf(`<?xml version="1.0"?><%[1]sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>req-1</requestId>%[2]s</%[1]sResponse>`, action, inner)}
}

// instancesPage is a page of instances numbered from to below to, ten to a
// reservation, as EC2 writes it.
func instancesPage(from, to int, next string) reply {
	var b strings.Builder
	b.WriteString("<reservationSet>")
	for n := from; n < to; n += 10 {
		b.WriteString("<item><reservationId>r-1</reservationId><ownerId>111122223333</ownerId><instancesSet>")
		for i := n; i < min(n+10, to); i++ {
			writeInstance(&b, i)
		}
		b.WriteString("</instancesSet></item>")
	}
	b.WriteString("</reservationSet>")
	if next != "" {
		b.WriteString("<nextToken>" + next + "</nextToken>")
	}
	return ec2Answer("DescribeInstances", b.String())
}

func writeInstance(b *strings.Builder, i int) {
	fmt.Fprintf(b, `<item><instanceId>i-%017x</instanceId><imageId>ami-0abc</imageId>`+
		`<instanceState><code>16</code><name>running</name></instanceState><instanceType>m7g.large</instanceType>`+
		`<launchTime>2026-11-01T10:00:00.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone><tenancy>default</tenancy></placement>`+
		`<subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>10.0.0.1</privateIpAddress>`+
		`<groupSet><item><groupId>sg-1</groupId><groupName>default</groupName></item></groupSet>`+
		`<architecture>arm64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>`+
		`<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-%[1]x</volumeId><status>attached</status></ebs></item></blockDeviceMapping>`+
		`<tagSet>`, i)
	for k := range 10 {
		fmt.Fprintf(b, `<item><key>key-%d</key><value>value-%d</value></item>`, k, i)
	}
	b.WriteString(`</tagSet><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><attachment>` +
		`<deviceIndex>0</deviceIndex><status>attached</status><attachTime>2026-01-01T10:00:00.000Z</attachTime></attachment></item></networkInterfaceSet></item>`)
}
