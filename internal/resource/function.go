package resource

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// LambdaFunction is the type of *Function.
const LambdaFunction Type = "lambda:function"

// Function is what was read of a Lambda function, in its unpublished version.
// Its id is its name. When it was created Lambda does not tell.
type Function struct {
	Base
	Lasting
	Runtime      string // such as provided.al2023, "" for an image
	Memory       int    // MB
	Timeout      time.Duration
	CodeSize     int // bytes
	ModifiedAt   time.Time
	PackageType  string // Zip, Image
	Architecture string // arm64, x86_64
	VPC          string // "" outside of one
	Role         string // the ARN of the role it runs as
	Description  string
}

// LambdaRef names a function.
func LambdaRef(at Place, name string) Ref {
	arn := fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", Partition(at.Region), at.Region, at.Account, name)
	return Ref{ID: name, ARN: arn, Type: LambdaFunction, Account: at.Account, Region: at.Region}
}

var functionSchema = &Schema{
	Type:    LambdaFunction,
	Title:   "Lambda function",
	Doc:     "A function, as its unpublished version is configured.",
	Actions: tagging,
	Metrics: functionMetrics,
	Fields:  sorted(slices.Concat(shared[*Function](need.Functions), functionFields)),
	Columns: []Column{
		column("Modified (UTC)", func(f *Function) string { return utc(f.ModifiedAt) }),
		column("Runtime", func(f *Function) string { return cmp.Or(f.Runtime, f.PackageType) }),
		nameColumn, ownerColumn,
		column("Description", func(f *Function) string { return f.Description }),
	},
}

var functionFields = []Field{
	plain("runtime", String, need.Functions, "such as provided.al2023, \"\" where it is a container image", func(f *Function) any { return f.Runtime }),
	plain("memory", Int, need.Functions, "the memory it gets in MB", func(f *Function) any { return f.Memory }),
	plain("timeout", Duration, need.Functions, "how long one invocation may take", func(f *Function) any { return f.Timeout }),
	plain("code_size", Int, need.Functions, "the size of its package in bytes", func(f *Function) any { return f.CodeSize }),
	field("modified_at", Timestamp, need.Functions, "when its code or configuration was last changed; Lambda does not tell when it was created",
		func(f *Function, _ time.Time) (any, error) { return timeOr(f.ModifiedAt, "its last change") }),
	plain("package_type", String, need.Functions, "Zip or Image", func(f *Function) any { return f.PackageType }),
	plain("architecture", String, need.Functions, "arm64 or x86_64", func(f *Function) any { return f.Architecture }),
	plain("vpc", String, need.Functions, "the id of the VPC it is in, \"\" without one", func(f *Function) any { return f.VPC }),
	plain("role", String, need.Functions, "the ARN of the role it runs as", func(f *Function) any { return f.Role }),
	plain("description", String, need.Functions, "what was said of it, \"\" for nothing", func(f *Function) any { return f.Description }),
}
