package mototest

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
)

// makeNamed makes a resource that its maker names, and returns the name.
func (a *Account) makeNamed(t testing.TB, typ string) string {
	t.Helper()
	name := fmt.Sprintf("t%s-%d", a.ID, a.server.names.Add(1))
	switch typ {
	case "s3:bucket":
		body := fmt.Sprintf(`<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>`, a.Region)
		if a.Region == "us-east-1" {
			body = ""
		}
		a.server.send(t, http.MethodPut, a.server.URL+"/"+name, a.header("s3"), []byte(body))
	case "dynamodb:table":
		a.json(t, "dynamodb", "/", "DynamoDB_20120810.CreateTable", map[string]any{
			"TableName": name, "BillingMode": "PAY_PER_REQUEST",
			"KeySchema":            []map[string]string{{"AttributeName": "id", "KeyType": "HASH"}},
			"AttributeDefinitions": []map[string]string{{"AttributeName": "id", "AttributeType": "S"}},
		}, nil)
	case "lambda:function":
		var role struct {
			ARN string `xml:"CreateRoleResult>Role>Arn"`
		}
		a.IAM(t, &role, "CreateRole", "RoleName", name,
			"AssumeRolePolicyDocument", `{"Version":"2012-10-17","Statement":[]}`)
		a.json(t, "lambda", "/2015-03-31/functions", "", map[string]any{
			"FunctionName": name, "Runtime": "python3.13", "Role": role.ARN, "Handler": "a.b", "Timeout": 7, "MemorySize": 256,
			"Code": map[string]string{"ImageUri": "", "ZipFile": emptyZip},
		}, nil)
	}
	return name
}

// Bucket makes a bucket with tags and returns its name.
func (a *Account) Bucket(t testing.TB, tags map[string]string) string {
	t.Helper()
	name := a.makeNamed(t, "s3:bucket")
	type pair struct{ Key, Value string }
	var tagging struct {
		XMLName xml.Name `xml:"Tagging"`
		TagSet  struct {
			Tag []pair
		}
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		tagging.TagSet.Tag = append(tagging.TagSet.Tag, pair{k, tags[k]})
	}
	body, err := xml.Marshal(tagging)
	if err != nil {
		t.Fatal(err)
	}
	a.server.send(t, http.MethodPut, a.server.URL+"/"+name+"?tagging", a.header("s3"), body)
	return name
}

// emptyZip is an archive without files, in base64.
const emptyZip = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
