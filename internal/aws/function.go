package aws

import (
	"context"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	// functionPage is the most that ListFunctions gives at once.
	functionPage = 50
	// lambdaTime is how Lambda writes a time ("LastModified" of
	// FunctionConfiguration in its API reference).
	lambdaTime = "2006-01-02T15:04:05.999-0700"
)

// functions reads one page of functions, or those with the ids, and their tags.
func functions(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	api, err := s.functions(callFunctions, at.Region)
	if err != nil {
		return nil, nil, err
	}
	var rs []resource.Resource
	var next *string
	if len(ids) > 0 {
		rs, err = api.byName(ctx, at, ids)
	} else {
		var out *lambda.ListFunctionsOutput
		if out, err = api.list(ctx, &lambda.ListFunctionsInput{MaxItems: awssdk.Int32(functionPage), Marker: token}); err == nil {
			rs, next = snapshotsOf(at, out.Functions, functionFrom), out.NextMarker
		}
	}
	if err != nil {
		return nil, nil, err
	}
	bases := make([]*resource.Base, len(rs))
	for i, r := range rs {
		bases[i] = &r.(*resource.Function).Base
	}
	err = s.readTags(ctx, at, len(ids) > 0, bases, func(b *resource.Base) (tag.Set, error) {
		out, err := api.tags(ctx, &lambda.ListTagsInput{Resource: &b.Reference.ARN})
		if err != nil {
			return nil, err
		}
		return tag.Set(out.Tags).Clone(), nil
	})
	return rs, next, err
}

// byName reads functions by their names, those that are there.
func (a *functionsAPI) byName(ctx context.Context, at resource.Place, names []string) ([]resource.Resource, error) {
	return eachByName(names, func(name string) (resource.Resource, error) {
		out, err := a.get(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return nil, err
		}
		f := functionFrom(at, &types.FunctionConfiguration{
			FunctionName: out.FunctionName, Runtime: out.Runtime, MemorySize: out.MemorySize, Timeout: out.Timeout, CodeSize: out.CodeSize,
			LastModified: out.LastModified, PackageType: out.PackageType, Architectures: out.Architectures, VpcConfig: out.VpcConfig,
			Role: out.Role, Description: out.Description,
		})
		if f == nil {
			return nil, nil
		}
		return f, nil
	})
}

// eachByName reads resources side by side, each by its name. Those that are not
// there are left out; any other error is that of all.
func eachByName(names []string, read func(string) (resource.Resource, error)) ([]resource.Resource, error) {
	found, errs := make([]resource.Resource, len(names)), make([]error, len(names))
	sideBySide(len(names), endsAll, func(i int) (err error) {
		found[i], err = read(names[i])
		return err
	}, func(i int, err error) { errs[i] = err })
	rs := make([]resource.Resource, 0, len(names))
	for i, r := range found {
		if err := errs[i]; err != nil && fault.ClassOf(err) != fault.NotFound {
			return nil, err
		}
		if errs[i] == nil && r != nil {
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// functionFrom makes a snapshot of what Lambda says of a function, nil where it
// names none. Its tags are read by another call.
func functionFrom(at resource.Place, in *types.FunctionConfiguration) *resource.Function {
	name := awssdk.ToString(in.FunctionName)
	if name == "" {
		return nil
	}
	f := &resource.Function{
		Base:        resource.Base{Reference: resource.LambdaRef(at, name), TagSet: tag.Set{}},
		Runtime:     string(in.Runtime),
		Memory:      int(awssdk.ToInt32(in.MemorySize)),
		Timeout:     time.Duration(awssdk.ToInt32(in.Timeout)) * time.Second,
		CodeSize:    int(in.CodeSize),
		PackageType: string(in.PackageType),
		Role:        awssdk.ToString(in.Role),
		Description: awssdk.ToString(in.Description),
	}
	if t, err := time.Parse(lambdaTime, awssdk.ToString(in.LastModified)); err == nil {
		f.ModifiedAt = t.UTC()
	}
	if len(in.Architectures) > 0 {
		f.Architecture = string(in.Architectures[0])
	}
	if in.VpcConfig != nil {
		f.VPC = awssdk.ToString(in.VpcConfig.VpcId)
	}
	return f
}
