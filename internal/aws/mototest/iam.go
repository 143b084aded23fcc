package mototest

import "testing"

// Role makes a role of IAM with tags and returns its ARN.
func (a *Account) Role(t testing.TB, name string, tags map[string]string) string {
	t.Helper()
	var out struct {
		ARN string `xml:"CreateRoleResult>Role>Arn"`
	}
	a.IAM(t, &out, "CreateRole", append(memberTags("Tags.member.", tags), "RoleName", name, "Path", "/ci/",
		"AssumeRolePolicyDocument", `{"Version":"2012-10-17","Statement":[]}`)...)
	return out.ARN
}
