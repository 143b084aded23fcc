package resource

import (
	"cmp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2ElasticIP is the type of *ElasticIP.
const EC2ElasticIP Type = "ec2:elastic-ip"

// ElasticIP is what was read of an elastic IP address. Its id is that of its
// allocation.
type ElasticIP struct {
	Base
	Child
	Lasting
	PublicIP         string
	PrivateIP        string // the address it stands for, "" without one
	Instance         string // the one that has it, "" without one
	NetworkInterface string // the one that has it, "" without one
	Operator         string // the AWS service that manages it, "" for the account's own
}

// Attached says that a network interface has it, of an instance or of an AWS
// service.
func (e *ElasticIP) Attached() bool { return e.NetworkInterface != "" || e.Instance != "" }

// Parent is the instance that has it.
func (e *ElasticIP) Parent() Parent { return parentOf(EC2Instance, e.Instance) }

// Refuses returns why it must not be released, or nil.
func (e *ElasticIP) Refuses(k action.Kind) *Refusal {
	switch {
	case k != action.Delete:
		return nil
	case e.Operator != "":
		return &Refusal{Code: reason.ManagedByAWS, Text: e.Operator + " manages it, and AWS lets nobody else release it"}
	case e.Attached():
		return &Refusal{Code: reason.InUse, Text: "it belongs to " + cmp.Or(e.Instance, e.NetworkInterface)}
	}
	return nil
}

var elasticIPSchema = &Schema{
	Type:    EC2ElasticIP,
	Title:   "elastic IP address",
	Doc:     "A public address that the account keeps, used or not.",
	Actions: deletable,
	Fields: sorted(slices.Concat(shared[*ElasticIP](need.ElasticIPs), elasticIPFields,
		parentFields[*ElasticIP](need.ElasticIPs, need.InstanceTags, "the instance that has it"))),
	Columns: []Column{
		column("Public IP", func(e *ElasticIP) string { return cmp.Or(e.PublicIP, noIP) }),
		nameColumn, ownerColumn,
		column("Instance", func(e *ElasticIP) string { return cmp.Or(e.Instance, "none") }),
		column("Network interface", func(e *ElasticIP) string { return cmp.Or(e.NetworkInterface, "none") }),
	},
}

var elasticIPFields = []Field{
	plain("public_ip", String, need.ElasticIPs, "the address", func(e *ElasticIP) any { return e.PublicIP }),
	plain("private_ip", String, need.ElasticIPs, "the private address it stands for, \"\" without one", func(e *ElasticIP) any { return e.PrivateIP }),
	plain("attached", Bool, need.ElasticIPs, "whether a network interface has it", func(e *ElasticIP) any { return e.Attached() }),
	inUseField(need.ElasticIPs, "whether a network interface has it, the same as attached", (*ElasticIP).Attached),
	plain("managed_by", String, need.ElasticIPs, "the AWS service that manages it, \"\" for the account's own", func(e *ElasticIP) any { return e.Operator }),
	plain("instance", String, need.ElasticIPs, "the id of the instance that has it, \"\" without one", func(e *ElasticIP) any { return e.Instance }),
	plain("network_interface", String, need.ElasticIPs, "the id of the network interface that has it, \"\" without one", func(e *ElasticIP) any { return e.NetworkInterface }),
}

var _ Parented = (*ElasticIP)(nil)
