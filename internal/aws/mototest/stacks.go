package mototest

import (
	"strconv"
	"testing"
)

// StackResource is what a stack made.
type StackResource struct {
	Name   string `xml:"LogicalResourceId"`
	ID     string `xml:"PhysicalResourceId"`
	Type   string `xml:"ResourceType"`
	Status string `xml:"ResourceStatus"`
}

// Stack makes a stack of CloudFormation and returns what moto made of it, which
// leaves out the types that it does not know. Parameters are name and value in
// turn.
func (a *Account) Stack(t testing.TB, name, template string, params ...string) []StackResource {
	t.Helper()
	a.stack(t, "CreateStack", name, template, params)
	return a.stackResources(t, name)
}

// UpdateStack brings a stack to another template.
func (a *Account) UpdateStack(t testing.TB, name, template string, params ...string) []StackResource {
	t.Helper()
	a.stack(t, "UpdateStack", name, template, params)
	return a.stackResources(t, name)
}

const cloudFormation = "2010-05-15"

func (a *Account) stack(t testing.TB, action, name, template string, params []string) {
	t.Helper()
	form := []string{"StackName", name, "TemplateBody", template, "Capabilities.member.1", "CAPABILITY_IAM"}
	for i := 0; i+1 < len(params); i += 2 {
		at := "Parameters.member." + strconv.Itoa(i/2+1)
		form = append(form, at+".ParameterKey", params[i], at+".ParameterValue", params[i+1])
	}
	a.query(t, "cloudformation", cloudFormation, nil, action, form...)
}

func (a *Account) stackResources(t testing.TB, name string) []StackResource {
	t.Helper()
	var out struct {
		Resources []StackResource `xml:"DescribeStackResourcesResult>StackResources>member"`
	}
	a.query(t, "cloudformation", cloudFormation, &out, "DescribeStackResources", "StackName", name)
	return out.Resources
}
