package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/need"
)

var callGetObject = need.Call{Service: "s3", Operation: "GetObject"}

// objectsAPI is S3 in one region.
type objectsAPI struct {
	at        site
	getObject func(context.Context, *s3.GetObjectInput) (*s3.GetObjectOutput, error)
}

// objects returns S3 in a region. An endpoint other than AWS's is one server
// for all buckets, so that a bucket's name belongs into the path.
func (s *Session) objects(region string) (*objectsAPI, error) {
	return s.s3s.get(callGetObject, region, func() *objectsAPI {
		c := s3.NewFromConfig(s.cfg, func(o *s3.Options) {
			o.Region = region
			o.UsePathStyle = o.BaseEndpoint != nil || s.cfg.BaseEndpoint != nil
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &objectsAPI{at, calling(at, callGetObject, c.GetObject)}
	})
}

// Object reads an object. The bytes come after the call has returned, so that
// one time-out bounds all of it, repetitions included.
func (s *Session) Object(ctx context.Context, r document.Ref) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.timeout)
	defer cancel()
	api, err := s.objects(cmp.Or(r.Region, s.Region()))
	if err != nil {
		return nil, err
	}
	out, err := api.getObject(ctx, &s3.GetObjectInput{Bucket: &r.Bucket, Key: &r.Key})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(out.Body, document.MaxObject+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, api.at.failed(callGetObject, err)
	}
	if len(data) > document.MaxObject {
		f := invalid(callGetObject, api.at.region, fmt.Sprintf("%s is larger than %d MiB", r, document.MaxObject>>20))
		f.Hint = "leave out what no policy needs"
		return nil, f
	}
	return data, nil
}
