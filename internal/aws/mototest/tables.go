package mototest

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"testing"
)

// Table makes a DynamoDB table with that hash key (its type S or N) and items,
// whose attributes are as DynamoDB writes them: {"RuleId": {"N": "1"}}.
func (a *Account) Table(t testing.TB, name, hash, hashType string, items ...map[string]map[string]any) {
	t.Helper()
	const target = "DynamoDB_20120810."
	a.json(t, "dynamodb", "/", target+"CreateTable", map[string]any{
		"TableName": name, "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": []map[string]string{{"AttributeName": hash, "AttributeType": hashType}},
		"KeySchema":            []map[string]string{{"AttributeName": hash, "KeyType": "HASH"}},
	}, nil)
	for _, item := range items {
		a.json(t, "dynamodb", "/", target+"PutItem", map[string]any{"TableName": name, "Item": item}, nil)
	}
}

// Object puts an object into a bucket of its own and returns its URL. Buckets of
// all accounts share their names.
func (a *Account) Object(t testing.TB, key, text string) string {
	t.Helper()
	bucket := fmt.Sprintf("b-%s-%08x", a.ID, crc32.ChecksumIEEE([]byte(key)))
	header := a.header("s3")
	a.server.send(t, http.MethodPut, a.server.URL+"/"+bucket, header, []byte(
		`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>`+a.Region+`</LocationConstraint></CreateBucketConfiguration>`))
	a.server.send(t, http.MethodPut, a.server.URL+"/"+bucket+"/"+key, header, []byte(text))
	return "s3://" + bucket + "/" + key
}
