package aws

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/need"
)

var callGetParameter = need.Call{Service: "ssm", Operation: "GetParameter"}

// Newer reads an object where it is not of that version any more, which is an
// ETag, "" for none: the data and its version, or the same version and nothing.
// Of an object that is larger than atMost bytes one byte more is returned.
func (s *Session) Newer(ctx context.Context, r document.Ref, version string, atMost int64) (data []byte, now string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.timeout)
	defer cancel()
	api, err := s.objects(cmp.Or(r.Region, s.Region()))
	if err != nil {
		return nil, "", err
	}
	in := &s3.GetObjectInput{Bucket: &r.Bucket, Key: &r.Key}
	if version != "" {
		in.IfNoneMatch = &version
	}
	out, err := api.getObject(ctx, in)
	if version != "" && statusOf(err) == http.StatusNotModified {
		return nil, version, nil
	}
	if err != nil {
		return nil, "", err
	}
	data, err = io.ReadAll(io.LimitReader(out.Body, atMost+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, "", api.at.failed(callGetObject, err)
	}
	return data, awssdk.ToString(out.ETag), nil
}

// Parameter reads a parameter of Parameter Store by its name or its ARN, which
// tells the region; one that is encrypted is decrypted.
func (s *Session) Parameter(ctx context.Context, name string) ([]byte, error) {
	region := regionOf(name, s.Region())
	api, err := s.ssm(callGetParameter, region)
	if err != nil {
		return nil, err
	}
	out, err := api.parameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: awssdk.Bool(true)})
	if err != nil {
		return nil, err
	}
	if out.Parameter == nil {
		return nil, invalid(callGetParameter, region, "the answer has no parameter")
	}
	return []byte(awssdk.ToString(out.Parameter.Value)), nil
}
