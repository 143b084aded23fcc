package aws

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	callListLogs = need.Call{Service: "s3", Operation: "ListObjectsV2"}
	callGetLog   = need.Call{Service: "s3", Operation: "GetObject"}
)

const (
	// maxLog is how large a log file may be, packed, and maxUnpacked how large
	// when it is unpacked. CloudTrail begins another file long before.
	maxLog      = 64 << 20
	maxUnpacked = 256 << 20
)

// archiveAPI is S3 in one region, as far as archived logs need it.
type archiveAPI struct {
	at   site
	list func(context.Context, *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error)
	get  func(context.Context, *s3.GetObjectInput) (*s3.GetObjectOutput, error)
}

// logs returns S3 in a region. An endpoint other than AWS's is one server for
// all buckets, so that a bucket's name belongs into the path.
func (s *Session) logs(region string) (*archiveAPI, error) {
	return s.archives.get(callListLogs, region, func() *archiveAPI {
		c := s3.NewFromConfig(s.cfg, func(o *s3.Options) {
			o.Region = region
			o.UsePathStyle = o.BaseEndpoint != nil || s.cfg.BaseEndpoint != nil
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &archiveAPI{at, calling(at, callListLogs, c.ListObjectsV2), calling(at, callGetLog, c.GetObject)}
	})
}

// Archive reads the logs that a trail has left in a bucket. It is a
// creators.Archive.
type Archive struct {
	s                      *Session
	bucket, prefix, region string

	mu    sync.Mutex
	roots map[resource.Place]string
}

var _ creators.Archive = (*Archive)(nil)

// Archive returns the logs of a bucket. prefix is that of the trail, what comes
// before AWSLogs; region is the bucket's, "" the default one.
func (s *Session) Archive(bucket, prefix, region string) *Archive {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &Archive{s: s, bucket: bucket, prefix: prefix, region: cmp.Or(region, s.Region()), roots: map[resource.Place]string{}}
}

// Name is the URL of the archive.
func (a *Archive) Name() string { return "s3://" + a.bucket + "/" + a.prefix }

// Logs hands over the log files of a day. That there is none is an error only
// where there are none at all of the account and region: then the archive is
// another's.
func (a *Archive) Logs(ctx context.Context, at resource.Place, day time.Time, file func([]byte) error) error {
	api, err := a.s.logs(a.region)
	if err != nil {
		return err
	}
	root, err := a.root(ctx, api, at)
	if err != nil {
		return err
	}
	return a.each(ctx, api, root+day.UTC().Format("2006/01/02/"), "", func(out *s3.ListObjectsV2Output) error {
		for _, o := range out.Contents {
			key := awssdk.ToString(o.Key)
			if !strings.HasSuffix(key, ".json.gz") {
				continue
			}
			data, err := a.log(ctx, api, key)
			if err != nil {
				return err
			}
			if err := file(data); err != nil {
				return err
			}
		}
		return nil
	})
}

// root is the folder of the logs of an account and region:
// AWSLogs/ACCOUNT/CloudTrail/REGION/, of a trail of an organization with the
// organization's id before the account ("Finding your CloudTrail log files").
func (a *Archive) root(ctx context.Context, api *archiveAPI, at resource.Place) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if root, ok := a.roots[at]; ok {
		return root, nil
	}
	base := a.prefix + "AWSLogs/"
	folders := []string{base}
	err := a.each(ctx, api, base+"o-", "/", func(out *s3.ListObjectsV2Output) error {
		for _, p := range out.CommonPrefixes {
			folders = append(folders, awssdk.ToString(p.Prefix))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, f := range folders {
		root := f + at.Account + "/CloudTrail/" + at.Region + "/"
		out, err := api.list(ctx, &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: &root, MaxKeys: awssdk.Int32(1)})
		if err != nil {
			return "", err
		}
		if len(out.Contents) > 0 {
			a.roots[at] = root
			return root, nil
		}
	}
	f := invalid(callListLogs, a.region, fmt.Sprintf("there are no logs of %s under %s", at, a.Name()))
	f.Class, f.Hint = fault.NotFound, "settings.creators.s3 is the bucket and the prefix of the trail, without AWSLogs"
	return "", f
}

// each hands over a listing page by page.
func (a *Archive) each(ctx context.Context, api *archiveAPI, prefix, delimiter string, page func(*s3.ListObjectsV2Output) error) error {
	return eachPage(callListLogs, a.region, func(token *string) (*string, error) {
		in := &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: &prefix, ContinuationToken: token}
		if delimiter != "" {
			in.Delimiter = &delimiter
		}
		out, err := api.list(ctx, in)
		if err != nil {
			return nil, err
		}
		return out.NextContinuationToken, page(out)
	})
}

// logTimeout bounds the reading of one log file, repetitions included: the
// bytes come after the call has returned.
const logTimeout = 2 * time.Minute

// log reads one log file and unpacks it.
func (a *Archive) log(ctx context.Context, api *archiveAPI, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	out, err := api.get(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	packed, err := atMost(out.Body, maxLog)
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, a.broken(api, key, err)
	}
	data, err := unpack(packed)
	if err != nil {
		return nil, a.broken(api, key, err)
	}
	return data, nil
}

// broken is the error of a log file that cannot be read to its end.
func (a *Archive) broken(api *archiveAPI, key string, err error) error {
	if errors.Is(err, errLogSize) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &fault.Error{Class: fault.Other, Call: callGetLog.String(), Region: a.region,
			Message: fmt.Sprintf("the log file s3://%s/%s is no log file: %v", a.bucket, key, err), Err: err}
	}
	return api.at.failed(callGetLog, err)
}

// unpack undoes gzip. S3 or something on the way may have done so already.
func unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := atMost(z, maxUnpacked)
	return out, errors.Join(err, z.Close())
}

// errLogSize says that a log file is far larger than CloudTrail makes them.
var errLogSize = errors.New("it is too large")

func atMost(r io.Reader, n int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, n+1))
	if err == nil && int64(len(data)) > n {
		err = errLogSize
	}
	return data, err
}
