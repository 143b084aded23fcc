package resource

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// S3Bucket is the type of *Bucket.
const S3Bucket Type = "s3:bucket"

// Bucket is what was read of a general purpose bucket of S3. Its id is its
// name, and it is in one region although its name is the whole partition's.
type Bucket struct {
	Base
	Lasting
	CreatedAt time.Time
}

// S3Ref names a bucket. Its ARN has neither region nor account, because no two
// buckets of a partition have one name.
func S3Ref(at Place, name string) Ref {
	return Ref{ID: name, ARN: "arn:" + Partition(at.Region) + ":s3:::" + name, Type: S3Bucket, Account: at.Account, Region: at.Region}
}

var bucketSchema = &Schema{
	Type:    S3Bucket,
	Title:   "S3 bucket",
	Doc:     "A general purpose bucket; each is read in its own region.",
	Actions: tagging,
	// S3 moves the date: see CreationDate of "Bucket" in its API reference.
	Fields: sorted(slices.Concat(shared[*Bucket](need.Buckets),
		createdFields(need.Buckets, "created, as S3 tells it: changing its policy, for one, can move the time", func(b *Bucket) time.Time { return b.CreatedAt }))),
	Columns: []Column{
		column("Created (UTC)", func(b *Bucket) string { return utc(b.CreatedAt) }),
		nameColumn, ownerColumn,
	},
}
