package document

import (
	"slices"
	"testing"
)

func TestAnObjectIsNamedByItsURL(t *testing.T) {
	for url, want := range map[string]Ref{
		"s3://bucket/people.csv":        {Bucket: "bucket", Key: "people.csv"},
		"s3://bucket/folder/people.csv": {Bucket: "bucket", Key: "folder/people.csv"},
		"s3://bucket/":                  {},
		"s3://bucket":                   {},
		"s3:///people.csv":              {},
		"https://bucket/people.csv":     {},
		"":                              {},
	} {
		got, ok := ObjectRef(url)
		if good := want != (Ref{}); ok != good || good && (got != want || got.String() != url) {
			t.Errorf("%q: %+v, %v", url, got, ok)
		}
	}
}

func TestTheARNOfATableTellsItsRegion(t *testing.T) {
	const arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/acme-rules"
	for _, c := range []struct {
		table, region string
		want          Ref
	}{
		{"acme-rules", "", Ref{Table: "acme-rules"}},
		{"acme-rules", "us-east-1", Ref{Table: "acme-rules", Region: "us-east-1"}},
		{arn, "", Ref{Table: arn, Region: "eu-west-1"}},
		{arn, "us-east-1", Ref{Table: arn, Region: "us-east-1"}},
	} {
		if got := TableRef(c.table, c.region); got != c.want || got.String() != c.table {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestNamesAreSorted(t *testing.T) {
	if got := (Item{"b": String("x"), "a": Number("1"), "c": {Type: "M"}}).Names(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v", got)
	}
}
