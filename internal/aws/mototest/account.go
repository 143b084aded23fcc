package mototest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Account is an AWS account of its own in a server.
type Account struct {
	// ID is its 12 digits.
	ID string
	// Region is the one the helpers below work in.
	Region string

	server             *Server
	key, secret, token string
}

// Account returns an account that no other test uses, empty but for what AWS
// puts in every account, in a region.
func (s *Server) Account(t testing.TB, region string) *Account {
	t.Helper()
	a := &Account{ID: fmt.Sprintf("%012d", 200000000000+s.accounts.Add(1)), Region: region, server: s, key: "test"}
	a.enter(t)
	return a
}

// enter gets keys of the account, by taking a role of it on.
func (a *Account) enter(t testing.TB) {
	t.Helper()
	var out struct {
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string `xml:"SecretAccessKey"`
			SessionToken    string `xml:"SessionToken"`
		} `xml:"AssumeRoleResult>Credentials"`
	}
	a.query(t, "sts", "2011-06-15", &out, "AssumeRole",
		"RoleArn", "arn:aws:iam::"+a.ID+":role/tagwarden-test", "RoleSessionName", "test")
	a.key, a.secret, a.token = out.Credentials.AccessKeyID, out.Credentials.SecretAccessKey, out.Credentials.SessionToken
}

// In returns the same account in another region.
func (a *Account) In(region string) *Account {
	b := *a
	b.Region = region
	return &b
}

// Env is the environment in which AWS clients talk to the account.
func (a *Account) Env() []string { return a.server.env(a.Region, a.key, a.secret, a.token) }

// Setenv sets Env for the rest of the test, in this process.
func (a *Account) Setenv(t *testing.T) {
	t.Helper()
	for _, kv := range a.Env() {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
}

// Launch launches n instances with tags and returns their ids, sorted. They
// are in one reservation, and so on one page. Further parameters are those of
// RunInstances, name and value in turn.
func (a *Account) Launch(t testing.TB, n int, tags map[string]string, params ...string) []string {
	t.Helper()
	count := strconv.Itoa(n)
	params = append(params, "ImageId", "ami-12c6146b", "MinCount", count, "MaxCount", count)
	params = append(params, tagParams("instance", tags)...)
	var out struct {
		IDs []string `xml:"instancesSet>item>instanceId"`
	}
	a.EC2(t, &out, "RunInstances", params...)
	slices.Sort(out.IDs)
	return out.IDs
}

// Protect sets the stop and termination protection of an instance.
func (a *Account) Protect(t testing.TB, id string, stop, terminate bool) {
	t.Helper()
	a.EC2(t, nil, "ModifyInstanceAttribute", "InstanceId", id, "DisableApiStop.Value", strconv.FormatBool(stop))
	a.EC2(t, nil, "ModifyInstanceAttribute", "InstanceId", id, "DisableApiTermination.Value", strconv.FormatBool(terminate))
}

// VPC makes a VPC with tags and one subnet, and returns both ids. Launch puts
// instances there by the parameter SubnetId.
func (a *Account) VPC(t testing.TB, tags map[string]string) (vpc, subnet string) {
	t.Helper()
	var v struct {
		ID string `xml:"vpc>vpcId"`
	}
	a.EC2(t, &v, "CreateVpc", append(tagParams("vpc", tags), "CidrBlock", "10.0.0.0/16")...)
	var s struct {
		ID string `xml:"subnet>subnetId"`
	}
	a.EC2(t, &s, "CreateSubnet", "VpcId", v.ID, "CidrBlock", "10.0.0.0/20")
	return v.ID, s.ID
}

// EC2 makes any EC2 call; the answer's XML is decoded into out unless that is
// nil. Parameters are name and value in turn.
func (a *Account) EC2(t testing.TB, out any, action string, params ...string) {
	t.Helper()
	a.query(t, "ec2", "2016-11-15", out, action, params...)
}

func tagParams(resourceType string, tags map[string]string) []string {
	if len(tags) == 0 {
		return nil
	}
	params := []string{"TagSpecification.1.ResourceType", resourceType}
	n := 0
	for k, v := range tags {
		n++
		at := "TagSpecification.1.Tag." + strconv.Itoa(n)
		params = append(params, at+".Key", k, at+".Value", v)
	}
	return params
}

// query makes a call of a service that speaks the query protocol.
func (a *Account) query(t testing.TB, service, version string, out any, action string, params ...string) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	h := a.header(service)
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	body := a.server.send(t, http.MethodPost, a.server.URL+"/", h, []byte(form.Encode()))
	if out == nil {
		return
	}
	if err := xml.Unmarshal(body, out); err != nil {
		t.Fatalf("reading moto's answer to %s: %v\n%s", action, err, body)
	}
}

// json makes a call of a service that speaks JSON.
func (a *Account) json(t testing.TB, service, path, target string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	h := a.header(service)
	h.Set("Content-Type", "application/x-amz-json-1.0")
	if target != "" {
		h.Set("X-Amz-Target", target)
	}
	answer := a.server.send(t, http.MethodPost, a.server.URL+path, h, body)
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("reading moto's answer to %s%s: %v\n%s", path, target, err, answer)
	}
}

// header names the account, the region and the service the way a signature
// does. moto reads the names and checks no signature.
func (a *Account) header(service string) http.Header {
	return http.Header{"Authorization": {fmt.Sprintf(
		"AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", a.key, a.Region, service)}}
}
