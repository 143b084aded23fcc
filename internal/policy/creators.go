package policy

import (
	"regexp"
	"strings"
)

// rawCreators is where a trail has left its logs.
type rawCreators struct {
	s3, region val[string]
}

var creatorsSection = section[rawCreators]{name: "creators", doc: "The logs that a trail of CloudTrail has left in a bucket.",
	fields: []field[rawCreators]{
		must(key("s3", "The bucket and the trail's prefix, without AWSLogs: s3://BUCKET/PREFIX.", trailURL, func(c *rawCreators) *val[string] { return &c.s3 })),
		key("region", "The region of the bucket; that of the AWS configuration unless set.", region, func(c *rawCreators) *val[string] { return &c.region }),
	}}

// bucketName is what S3 takes for a bucket ("General purpose bucket naming
// rules" in the S3 user guide).
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// trailURL is where a trail leaves its logs.
var trailURL = text.that(func(s string) (string, string) {
	const example = "for example s3://example-trail, or s3://example-logs/audit where the trail has a prefix"
	rest, ok := strings.CutPrefix(s, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	switch {
	case !ok || !bucketName.MatchString(bucket):
		return "names no bucket", example
	case strings.HasPrefix(prefix+"/", "AWSLogs/") || strings.Contains(prefix, "/AWSLogs"):
		return "goes into the folder AWSLogs", "write what comes before it"
	}
	return "", ""
}).with(object{"minLength": len("s3://abc")})

// buildCreators fills in where old creators are found.
func (l *loader) buildCreators() {
	raw := l.settings.creators
	if !raw.set() || !raw.v.s3.set() {
		return
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(raw.v.s3.v, "s3://"), "/")
	l.set.Settings.Creators = &Creators{Bucket: bucket, Prefix: strings.Trim(prefix, "/"), Region: raw.v.region.v}
}
