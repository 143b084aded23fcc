package aws

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// logBucket is a bucket in moto.
type logBucket struct {
	t    *testing.T
	name string
	c    *s3.Client
}

func newLogBucket(t *testing.T, s *Session, account *mototest.Account) *logBucket {
	t.Helper()
	b := &logBucket{t: t, name: "trail-" + account.ID, c: s3.NewFromConfig(s.cfg, func(o *s3.Options) { o.UsePathStyle = true })}
	_, err := b.c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &b.name,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(account.Region)}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *logBucket) put(key string, body []byte) {
	b.t.Helper()
	if _, err := b.c.PutObject(b.t.Context(), &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(body), ContentEncoding: awssdk.String("gzip")}); err != nil {
		b.t.Fatal(err)
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// launched is a log file in which somebody has launched an instance.
func launched(at resource.Place, day time.Time, who, id string) []byte {
	return packed(fmt.Sprintf(`{"Records":[{"eventName":"DescribeInstances","eventSource":"ec2.amazonaws.com"},{"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":"RunInstances",`+
		`"awsRegion":%q,"recipientAccountId":%q,"userIdentity":{"type":"IAMUser","userName":%q},"responseElements":{"instancesSet":{"items":[{"instanceId":%q}]}}}]}`,
		day.Format(time.RFC3339), at.Region, at.Account, who, id))
}

func TestMotoOldCreatorsAreFoundInTheLogsOfATrail(t *testing.T) {
	for name, folder := range map[string]string{"of an account": "", "of an organization": "o-abc123/"} {
		t.Run(name, func(t *testing.T) {
			s, account, at := openMoto(t)
			b := newLogBucket(t, s, account)
			made := time.Date(2026, 2, 3, 23, 40, 0, 0, time.UTC)
			root := fmt.Sprintf("audit/AWSLogs/%s%s/CloudTrail/%s/", folder, at.Account, at.Region)
			b.put(root+"2026/02/04/late_CloudTrail.json.gz", launched(at, made.Add(time.Second), "ada", "i-1"))
			b.put(root+"2026/02/03/a.json.gz", launched(at, made.Add(-time.Hour), "bob", "i-2"))
			b.put(root+"2026/02/03/digest.txt", []byte("no log"))
			b.put(root+"2026/02/02/broken.json.gz", []byte("\x1f\x8bno gzip")) // of a day that nobody asks for
			archive := s.Archive(b.name, "audit", "")
			now := made.Add(200 * 24 * time.Hour)
			ask := func(id string, made time.Time) string {
				r := &resource.Instance{Base: resource.Base{Reference: resource.EC2Ref(at, resource.EC2Instance, id)}, CreatedAt: made}
				creators.New(empty{}, archive, record.NewMemory()).Fill(t.Context(), record.Scope{Account: at.Account}, at, []resource.Resource{r}, now)
				o, err := r.Origin()
				return fmt.Sprint(o.Name, o.Unfound, err)
			}
			for _, tt := range []struct {
				id   string
				made time.Time
				want string
			}{
				{"i-1", made, "ada<nil>"},
				{"i-2", made.Add(-time.Hour), "bob<nil>"},
				{"i-3", made, "no event in the archived logs of that time made it<nil>"},
				{"i-4", made.Add(-30 * 24 * time.Hour), "no event in the archived logs of that time made it<nil>"},
				{"i-5", made.Add(-24 * time.Hour), "is no log file"},
			} {
				if got := ask(tt.id, tt.made); !strings.Contains(got, tt.want) {
					t.Errorf("%s: %s, want %s", tt.id, got, tt.want)
				}
			}
		})
	}
}

// empty is an event history without events.
type empty struct{ creators.Trail }

func TestMotoAnArchiveOfAnotherAccountIsNoAnswer(t *testing.T) {
	s, account, at := openMoto(t)
	b := newLogBucket(t, s, account)
	b.put("AWSLogs/999999999999/CloudTrail/eu-west-1/2026/02/03/a.json.gz", launched(at, time.Unix(0, 0), "ada", "i-1"))
	err := s.Archive(b.name, "", "").Logs(t.Context(), at, time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC), nil)
	if fault.ClassOf(err) != fault.NotFound || !strings.Contains(err.Error(), "there are no logs of "+at.String()+" under s3://"+b.name) {
		t.Errorf("got %v", err)
	}
	if err := s.Archive("no-such-"+b.name, "", "").Logs(t.Context(), at, time.Time{}, nil); err == nil {
		t.Error("a bucket that is not there has logs")
	}
}

// A log file read twice would be paid for twice.
func TestMotoADayOfTheArchiveIsReadOnce(t *testing.T) {
	s, account, at := openMoto(t)
	b := newLogBucket(t, s, account)
	made := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	b.put("AWSLogs/"+at.Account+"/CloudTrail/"+at.Region+"/2026/02/03/a.json.gz", launched(at, made, "ada", "i-1"))
	counting := &counted{Archive: s.Archive(b.name, "/", "")}
	f := creators.New(empty{}, counting, record.NewMemory())
	for _, id := range []string{"i-1", "i-2", "i-1"} {
		r := &resource.Instance{Base: resource.Base{Reference: resource.EC2Ref(at, resource.EC2Instance, id)}, CreatedAt: made}
		f.Fill(t.Context(), record.Scope{Account: at.Account}, at, []resource.Resource{r}, made.Add(100*24*time.Hour))
		if o, err := r.Origin(); err != nil || (o.Name == "ada") != (id == "i-1") {
			t.Errorf("%s: %+v, %v", id, o, err)
		}
	}
	if counting.days != 1 {
		t.Errorf("%d days were read", counting.days)
	}
}

type counted struct {
	*Archive
	days int
}

func (c *counted) Logs(ctx context.Context, at resource.Place, day time.Time, file func([]byte) error) error {
	c.days++
	return c.Archive.Logs(ctx, at, day, file)
}

func TestALogFileIsUnpackedWithinBounds(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []byte
		want string
		fail bool
	}{
		"packed":        {packed("{}"), "{}", false},
		"unpacked":      {[]byte("{}"), "{}", false},
		"empty":         {nil, "", false},
		"cut":           {packed(strings.Repeat("x", 1000))[:15], "", true},
		"only its name": {[]byte{0x1f, 0x8b}, "", true},
	} {
		got, err := unpack(tt.in)
		if (err != nil) != tt.fail || !tt.fail && string(got) != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := atMost(strings.NewReader("12345"), 4); !errors.Is(err, errLogSize) {
		t.Errorf("too large: %v", err)
	}
	if data, err := atMost(strings.NewReader("1234"), 4); err != nil || string(data) != "1234" {
		t.Errorf("just fits: %q, %v", data, err)
	}
}
