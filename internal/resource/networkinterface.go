package resource

import (
	"cmp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2NetworkInterface is the type of *NetworkInterface.
const EC2NetworkInterface Type = "ec2:network-interface"

// NetworkInterface is what was read of an elastic network interface.
type NetworkInterface struct {
	Base
	Child
	Lasting
	State          string // available, associated, attaching, in-use, detaching, pending
	VPC            string
	Subnet         string
	PrivateIP      string
	PublicIP       string
	InterfaceType  string // interface, nat_gateway, lambda, …
	Description    string
	Instance       string // the one it is attached to, "" without one
	SecurityGroups []string
	// Managed says that an AWS service made it for the account: a load balancer,
	// a NAT gateway, a function, …
	Managed bool
}

// Attached says that it is in use: by an instance, or by what a service of AWS
// runs, which names none.
func (n *NetworkInterface) Attached() bool { return n.Instance != "" || n.State == inUse }

// Parent is the instance it is attached to.
func (n *NetworkInterface) Parent() Parent { return parentOf(EC2Instance, n.Instance) }

// Refuses returns why it must not be deleted, or nil. What a service made for
// the account is that service's to delete, whether it is used or not.
func (n *NetworkInterface) Refuses(k action.Kind) *Refusal {
	switch {
	case k != action.Delete:
		return nil
	case n.Managed, !slices.Contains(ownInterfaces, n.InterfaceType):
		return &Refusal{Code: reason.ManagedByAWS, Text: "an AWS service made it, and lets nobody else delete it"}
	case n.Instance != "":
		return &Refusal{Code: reason.InUse, Text: "it is attached to " + n.Instance}
	case n.State != stateAvailable:
		return &Refusal{Code: reason.InUse, Text: "it is not free: its state is " + n.State}
	}
	return nil
}

// ownInterfaces are the types of interface that a customer makes; the others
// are made by a service ("interfaceType" of EC2's NetworkInterface).
var ownInterfaces = []string{"interface", "efa", "efa-only"}

var networkInterfaceSchema = &Schema{
	Type:    EC2NetworkInterface,
	Title:   "network interface",
	Doc:     "A network card, of an instance, of an AWS service or of nobody.",
	Actions: deletable,
	Fields: sorted(slices.Concat(shared[*NetworkInterface](need.NetworkInterfaces), networkInterfaceFields,
		parentFields[*NetworkInterface](need.NetworkInterfaces, need.InstanceTags, "the instance it is attached to"))),
	Columns: []Column{
		column("Type", func(n *NetworkInterface) string { return n.InterfaceType }),
		nameColumn, ownerColumn,
		column("Private IP", func(n *NetworkInterface) string { return cmp.Or(n.PrivateIP, noIP) }),
		column("Instance", func(n *NetworkInterface) string { return cmp.Or(n.Instance, "none") }),
		column("Description", func(n *NetworkInterface) string { return n.Description }),
	},
}

var networkInterfaceFields = []Field{
	plain("state", String, need.NetworkInterfaces, "available, associated, attaching, in-use, detaching or pending", func(n *NetworkInterface) any { return n.State }),
	plain("vpc", String, need.NetworkInterfaces, "the id of its VPC", func(n *NetworkInterface) any { return n.VPC }),
	plain("subnet", String, need.NetworkInterfaces, "the id of its subnet", func(n *NetworkInterface) any { return n.Subnet }),
	plain("private_ip", String, need.NetworkInterfaces, "its primary private IPv4 address, \"\" without one", func(n *NetworkInterface) any { return n.PrivateIP }),
	plain("public_ip", String, need.NetworkInterfaces, "its public IPv4 address, \"\" without one", func(n *NetworkInterface) any { return n.PublicIP }),
	plain("interface_type", String, need.NetworkInterfaces, "interface, nat_gateway, lambda, efa, …", func(n *NetworkInterface) any { return n.InterfaceType }),
	plain("description", String, need.NetworkInterfaces, "what was said of it when it was made, \"\" for nothing", func(n *NetworkInterface) any { return n.Description }),
	plain("attached", Bool, need.NetworkInterfaces, "whether an instance or an AWS service uses it", func(n *NetworkInterface) any { return n.Attached() }),
	inUseField(need.NetworkInterfaces, "whether an instance or an AWS service uses it, the same as attached", (*NetworkInterface).Attached),
	plain("instance", String, need.NetworkInterfaces, "the id of the instance it is attached to, \"\" without one", func(n *NetworkInterface) any { return n.Instance }),
	plain("managed", Bool, need.NetworkInterfaces, "whether an AWS service made it for the account", func(n *NetworkInterface) any { return n.Managed }),
	plain("security_groups", StringList, need.NetworkInterfaces, "the ids of its security groups", func(n *NetworkInterface) any { return n.SecurityGroups }),
}

var _ Parented = (*NetworkInterface)(nil)
