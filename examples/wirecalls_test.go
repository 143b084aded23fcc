package examples_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// signature is where a signature names the region and the service.
var signature = regexp.MustCompile(`Credential=[^/]+/[0-9]{8}/([^/]+)/([^/]+)/aws4_request`)

// owner is the account that ARNs made here are of.
const owner = "111122223333"

// wireCall is a call as it is on the wire.
type wireCall struct {
	service, operation, region string
	form                       url.Values     // of the query protocol
	json                       map[string]any // of the others
	path                       []string
	query                      url.Values
	// more is what is asked behind the call.
	more []iamtest.Request
}

// requestsOf says what IAM is asked where a call is made: each permission and
// resource.
func requestsOf(r *http.Request, body []byte) ([]iamtest.Request, error) {
	m := signature.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return nil, fmt.Errorf("%s %s without a signature", r.Method, r.URL.Path)
	}
	c := wireCall{region: m[1], service: m[2], path: strings.Split(strings.Trim(r.URL.Path, "/"), "/"), query: r.URL.Query()}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		c.form = form
	} else {
		_ = json.Unmarshal(body, &c.json) // XML and CBOR say nothing that is asked here
	}
	if err := c.name(r); err != nil {
		return nil, err
	}
	actions, resources, context := c.asked()
	if context == nil {
		context = iamtest.Context{}
	}
	context["aws:RequestedRegion"] = []string{c.region}
	var out []iamtest.Request
	for _, a := range actions {
		for _, on := range resources {
			out = append(out, iamtest.Request{Action: a, Resource: on, Context: context})
		}
	}
	out = append(out, c.more...)
	if len(out) == 0 {
		return nil, fmt.Errorf("%s %s: what it is about is not known here", c.service, c.operation)
	}
	return out, nil
}

// name finds the operation, where each protocol has it.
func (c *wireCall) name(r *http.Request) error {
	target := r.Header.Get("X-Amz-Target")
	_, rest, cbor := strings.Cut(r.URL.Path, "/operation/")
	switch {
	case c.form.Get("Action") != "":
		c.operation = c.form.Get("Action")
	case target != "":
		c.operation = target[strings.LastIndexByte(target, '.')+1:]
	case cbor:
		c.operation = rest
	default:
		for _, p := range paths {
			if p.service == c.service && p.method == r.Method && p.path.MatchString(r.URL.Path) && (p.query == "" || c.query.Has(p.query)) {
				c.operation = p.operation
				return nil
			}
		}
		return errors.New("no operation is known for " + c.service + " " + r.Method + " " + r.URL.RequestURI())
	}
	return nil
}

// paths are the operations of the services that speak REST, the first that fits.
var paths = []struct {
	service, method string
	path            *regexp.Regexp
	query           string
	operation       string
}{
	{"s3", "GET", regexp.MustCompile(`^/[^/]+/?$`), "tagging", "GetBucketTagging"},
	{"s3", "PUT", regexp.MustCompile(`^/[^/]+/?$`), "tagging", "PutBucketTagging"},
	{"s3", "DELETE", regexp.MustCompile(`^/[^/]+/?$`), "tagging", "PutBucketTagging"}, // no permission of its own
	{"s3", "GET", regexp.MustCompile(`^/[^/]+/?$`), "location", "GetBucketLocation"},
	{"s3", "GET", regexp.MustCompile(`^/[^/]+/?$`), "list-type", "ListBucket"},
	{"s3", "GET", regexp.MustCompile(`^/$`), "", "ListAllMyBuckets"},
	{"s3", "GET", regexp.MustCompile(`^/[^/]+/.`), "", "GetObject"},
	{"ses", "POST", regexp.MustCompile(`^/v2/email/outbound-emails$`), "", "SendEmail"},
	{"lambda", "GET", regexp.MustCompile(`^/2015-03-31/functions/?$`), "", "ListFunctions"},
	{"lambda", "GET", regexp.MustCompile(`^/2015-03-31/functions/[^/]+/configuration$`), "", "GetFunctionConfiguration"},
	{"lambda", "GET", regexp.MustCompile(`^/2017-03-31/tags/`), "", "ListTags"},
	{"lambda", "POST", regexp.MustCompile(`^/2015-03-31/functions/[^/]+/invocations$`), "", "InvokeFunction"},
	{"resource-explorer-2", "POST", regexp.MustCompile(`^/GetDefaultView$`), "", "GetDefaultView"},
	{"resource-explorer-2", "POST", regexp.MustCompile(`^/GetView$`), "", "GetView"},
	{"resource-explorer-2", "POST", regexp.MustCompile(`^/ListResources$`), "", "Search"},
}

// prefixes are IAM's words for services that signatures name otherwise.
var prefixes = map[string]string{"monitoring": "cloudwatch", "tagging": "tag"}

// asked is what IAM is asked about a call.
func (c *wireCall) asked() (actions, resources []string, context iamtest.Context) {
	prefix := c.service
	if p, ok := prefixes[c.service]; ok {
		prefix = p
	}
	actions = []string{prefix + ":" + c.operation}
	switch c.service {
	case "ec2":
		resources, context = c.ec2()
	case "autoscaling":
		resources, context = c.autoscaling()
	case "rds":
		resources, context = c.rds()
	case "dynamodb":
		return c.dynamodb()
	case "s3":
		resources = []string{"*"}
		if c.path[0] != "" {
			resources = []string{"arn:aws:s3:::" + strings.Join(c.path, "/")}
		}
		context = iamtest.Context{"s3:prefix": c.query["prefix"]}
	case "ses":
		from, _ := c.json["FromEmailAddress"].(string)
		resources = []string{c.arn("ses", "identity/"+from)}
		context = iamtest.Context{"ses:FromAddress": {from}}
	case "sns":
		resources = c.form["TopicArn"]
	case "ssm":
		resources = []string{"*"}
		if doc, ok := c.json["DocumentName"].(string); ok {
			resources = []string{c.arn("ssm", "document/"+doc)}
		}
	case "lambda":
		resources = []string{"*"}
		if len(c.path) > 2 {
			name, _ := url.PathUnescape(c.path[2])
			resources = []string{c.arn("lambda", "function:"+name[strings.LastIndexByte(name, ':')+1:])}
		}
	case "tagging":
		return c.tagging()
	case "events":
		return c.events()
	case "config":
		resources = []string{"*"}
		if strings.HasPrefix(c.operation, "DescribeConfigurationRecorder") {
			resources = []string{c.arn("config", "configuration-recorder/default/1")}
		}
	case "resource-explorer-2":
		resources = []string{c.arn("resource-explorer-2", "view/all/1")}
		if c.operation == "GetDefaultView" {
			resources = []string{"*"}
		}
		context = iamtest.Context{"resource-explorer-2:Operation": {"ListResources"}}
	case "sts":
		resources = []string{"*"}
		if c.operation == "AssumeRole" {
			resources = c.form["RoleArn"]
		}
	default: // cloudtrail, monitoring, organizations
		resources = []string{"*"}
	}
	return actions, resources, context
}

func (c *wireCall) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + c.region + ":" + owner + ":" + rest
}

// listed are the values of a list in a form: Name.1, Name.2 and so on.
func (c *wireCall) listed(name string) []string {
	var out []string
	for i := 1; c.form.Has(name + "." + strconv.Itoa(i)); i++ {
		out = append(out, c.form.Get(name+"."+strconv.Itoa(i)))
	}
	return out
}

// kinds are the resources that ids of EC2 begin with.
var kinds = map[string]string{"i": "instance", "vol": "volume", "snap": "snapshot", "ami": "image", "eni": "network-interface", "sg": "security-group",
	"acl": "network-acl", "eipalloc": "elastic-ip", "subnet": "subnet", "vpc": "vpc"}

func (c *wireCall) ec2() (resources []string, context iamtest.Context) {
	var ids []string
	switch c.operation {
	case "CreateTags", "DeleteTags":
		ids = c.listed("ResourceId")
		var keys []string
		for i := 1; c.form.Has("Tag." + strconv.Itoa(i) + ".Key"); i++ {
			keys = append(keys, c.form.Get("Tag."+strconv.Itoa(i)+".Key"))
		}
		context = iamtest.Context{"aws:TagKeys": keys}
	case "StopInstances", "StartInstances", "TerminateInstances":
		ids = c.listed("InstanceId")
	case "DescribeInstanceAttribute", "DescribeSnapshotAttribute", "DescribeImageAttribute", "DeleteVolume", "DeleteSnapshot", "DeregisterImage",
		"DeleteNetworkInterface", "DeleteSecurityGroup", "ReleaseAddress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteNetworkAclEntry":
		for _, name := range []string{"InstanceId", "SnapshotId", "ImageId", "VolumeId", "NetworkInterfaceId", "GroupId", "AllocationId", "NetworkAclId"} {
			ids = append(ids, c.form[name]...)
		}
	case "CreateSnapshot", "CreateSnapshots": // of something, and tagged at once
		ids = slices.Concat(c.form["VolumeId"], c.form["InstanceSpecification.InstanceId"])
		made := "arn:aws:ec2:" + c.region + "::snapshot/*"
		resources = []string{made}
		c.more = append(c.more, iamtest.Request{Action: "ec2:CreateTags", Resource: made, Context: iamtest.Context{
			"aws:RequestedRegion": {c.region}, "aws:TagKeys": c.form["TagSpecification.1.Tag.1.Key"], "ec2:CreateAction": {c.operation}}})
	case "ModifyNetworkInterfaceAttribute":
		ids = append(c.form["NetworkInterfaceId"], c.listed("SecurityGroupId")...)
	default:
		if strings.HasPrefix(c.operation, "Describe") {
			return []string{"*"}, nil
		}
	}
	for _, id := range ids {
		prefix, _, _ := strings.Cut(id, "-")
		kind, account := kinds[prefix], owner
		if kind == "snapshot" || kind == "image" {
			account = ""
		}
		resources = append(resources, "arn:aws:ec2:"+c.region+":"+account+":"+kind+"/"+id)
	}
	return resources, context
}

func (c *wireCall) autoscaling() (resources []string, context iamtest.Context) {
	if strings.HasPrefix(c.operation, "Describe") {
		return []string{"*"}, nil
	}
	group := func(name string) string {
		return c.arn("autoscaling", "autoScalingGroup:00000000-0000-0000-0000-000000000000:autoScalingGroupName/"+name)
	}
	if name := c.form.Get("AutoScalingGroupName"); name != "" {
		return []string{group(name)}, nil
	}
	var keys []string
	for i := 1; c.form.Has("Tags.member." + strconv.Itoa(i) + ".Key"); i++ {
		at := "Tags.member." + strconv.Itoa(i)
		resources = append(resources, group(c.form.Get(at+".ResourceId")))
		keys = append(keys, c.form.Get(at+".Key"))
	}
	return resources, iamtest.Context{"aws:TagKeys": keys}
}

// listedRDS is what a call that lists is about.
var listedRDS = map[string][]string{
	"DescribeDBInstances": {"db:*"}, "DescribeDBClusters": {"cluster:*"}, "DescribeDBSnapshots": {"db:*", "snapshot:*"},
	"DescribeDBClusterSnapshots": {"cluster:*", "cluster-snapshot:*"},
}

func (c *wireCall) rds() (resources []string, context iamtest.Context) {
	for _, rest := range listedRDS[c.operation] {
		resources = append(resources, c.arn("rds", rest))
	}
	for name, kind := range map[string]string{"DBInstanceIdentifier": "db", "DBClusterIdentifier": "cluster", "DBSnapshotIdentifier": "snapshot", "DBClusterSnapshotIdentifier": "cluster-snapshot"} {
		if id := c.form.Get(name); id != "" && resources == nil {
			resources = []string{c.arn("rds", kind+":"+id)}
		}
	}
	if on := c.form.Get("ResourceName"); on != "" {
		keys := c.listed("TagKeys.member")
		for i := 1; c.form.Has("Tags.Tag." + strconv.Itoa(i) + ".Key"); i++ {
			keys = append(keys, c.form.Get("Tags.Tag."+strconv.Itoa(i)+".Key"))
		}
		return []string{on}, iamtest.Context{"aws:TagKeys": keys}
	}
	return resources, nil
}

// dynamodb needs for a transaction what each of its writes needs alone.
func (c *wireCall) dynamodb() (actions, resources []string, _ iamtest.Context) {
	table := func(v any) string {
		name, _ := v.(string)
		if strings.HasPrefix(name, "arn:") {
			return name
		}
		return c.arn("dynamodb", "table/"+name)
	}
	actions = []string{"dynamodb:" + c.operation}
	switch c.operation {
	case "TransactWriteItems":
		actions = nil
		items, _ := c.json["TransactItems"].([]any)
		for _, item := range items {
			one, _ := item.(map[string]any)
			for kind, v := range one {
				action := "dynamodb:" + kind + "Item"
				if kind == "ConditionCheck" {
					action = "dynamodb:ConditionCheckItem"
				}
				in, _ := v.(map[string]any)
				actions, resources = append(actions, action), append(resources, table(in["TableName"]))
			}
		}
		slices.Sort(actions)
		slices.Sort(resources)
		return slices.Compact(actions), slices.Compact(resources), nil
	case "BatchGetItem", "BatchWriteItem":
		of, _ := c.json["RequestItems"].(map[string]any)
		for name := range of {
			resources = append(resources, table(name))
		}
	case "ListTables":
		resources = []string{"*"}
	case "ListTagsOfResource":
		arn, _ := c.json["ResourceArn"].(string)
		resources = []string{arn}
	case "Query":
		resources = []string{table(c.json["TableName"])}
		if index, ok := c.json["IndexName"].(string); ok {
			resources[0] += "/index/" + index
		}
	default:
		resources = []string{table(c.json["TableName"])}
	}
	return actions, resources, nil
}

// events are put on a bus each, which is named by its name or its ARN.
func (c *wireCall) events() (actions, resources []string, context iamtest.Context) {
	context = iamtest.Context{}
	entries, _ := c.json["Entries"].([]any)
	for _, e := range entries {
		one, _ := e.(map[string]any)
		bus, _ := one["EventBusName"].(string)
		if !strings.HasPrefix(bus, "arn:") {
			bus = c.arn("events", "event-bus/"+bus)
		}
		resources = append(resources, bus)
		for key, field := range map[string]string{"events:source": "Source", "events:detail-type": "DetailType"} {
			if v, _ := one[field].(string); !slices.Contains(context[key], v) {
				context[key] = append(context[key], v)
			}
		}
	}
	slices.Sort(resources)
	return []string{"events:" + c.operation}, slices.Compact(resources), context
}

// behind are the services' own permissions, in IAM's words, that the Resource
// Groups Tagging API asks for as its caller. Those of services that tagwarden
// does not know are AWS's managed policy's to give.
var behind = map[string]string{"TagResources": "TagResource", "UntagResources": "UntagResource"}

func (c *wireCall) tagging() (actions, resources []string, _ iamtest.Context) {
	var keys []string
	tags, _ := c.json["Tags"].(map[string]any)
	for k := range tags {
		keys = append(keys, k)
	}
	list, _ := c.json["TagKeys"].([]any)
	for _, k := range list {
		keys = append(keys, k.(string))
	}
	arns, _ := c.json["ResourceARNList"].([]any)
	for _, v := range arns {
		arn, _ := v.(string)
		parts := strings.SplitN(arn, ":", 6)
		if own := behind[c.operation]; own != "" && len(parts) == 6 && (parts[2] == "lambda" || parts[2] == "dynamodb") {
			c.more = append(c.more, iamtest.Request{Action: parts[2] + ":" + own, Resource: arn,
				Context: iamtest.Context{"aws:TagKeys": keys, "aws:RequestedRegion": {c.region}}})
		}
	}
	return []string{"tag:" + c.operation}, []string{"*"}, nil
}
