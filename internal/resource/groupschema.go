package resource

import (
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

var groupSchema = &Schema{
	Type:  AutoScalingGroup,
	Title: "Auto Scaling group",
	Doc: "A group of instances that is kept at a size. `stop` scales it to nothing and notes its sizes in the tag `" + SizesTag + "`; `start` brings those back. " +
		"New tags are given to the instances that it launches from then on; the mark and that tag are not.",
	Actions: []action.Kind{action.Tag, action.Untag, action.Start, action.Stop},
	Metrics: groupMetrics,
	Fields: sorted(slices.Concat(shared[*Group](need.Groups), groupFields,
		createdFields(need.Groups, "created", func(g *Group) time.Time { return g.CreatedAt }))),
	Columns: []Column{
		column("Created (UTC)", func(g *Group) string { return utc(g.CreatedAt) }),
		column("State", (*Group).State),
		column("Instances", func(g *Group) string { return fmt.Sprintf("%d of %d to %d", g.Desired, g.Min, g.Max) }),
		ownerColumn,
	},
}

var groupFields = []Field{
	plain("state", String, need.Groups, "running, stopping (it is to have no instances, and still has), stopped or deleting", func(g *Group) any { return g.State() }),
	plain("min", Int, need.Groups, "how many instances it has at least", func(g *Group) any { return g.Min }),
	plain("max", Int, need.Groups, "how many instances it has at most", func(g *Group) any { return g.Max }),
	plain("desired", Int, need.Groups, "how many instances it is to have now", func(g *Group) any { return g.Desired }),
	plain("instances", StringList, need.Groups, "the ids of its instances", func(g *Group) any { return g.Instances }),
	plain("protected", StringList, need.Groups, "the ids of its instances that are protected from scaling in", func(g *Group) any { return g.Protected }),
	plain("protects_new", Bool, need.Groups, "whether new instances are protected from scaling in", func(g *Group) any { return g.ProtectsNew }),
	plain("suspended", StringList, need.Groups, "the processes that are suspended: Launch, Terminate, …", func(g *Group) any { return g.Suspended }),
	plain("propagated", StringList, need.Groups, "the keys of its tags that new instances get", func(g *Group) any { return g.Propagated }),
	plain("launch_template", String, need.Groups, "the name or id of its launch template, \"\" without one", func(g *Group) any { return g.LaunchTemplate }),
	plain("health_check", String, need.Groups, "what tells whether an instance is well: EC2, ELB, …", func(g *Group) any { return g.HealthCheck }),
	plain("zones", StringList, need.Groups, "its availability zones", func(g *Group) any { return g.Zones }),
	plain("subnets", StringList, need.Groups, "the ids of its subnets", func(g *Group) any { return g.Subnets }),
	plain("target_groups", StringList, need.Groups, "the ARNs of the target groups that its instances are in", func(g *Group) any { return g.TargetGroups }),
	plain("managed_by", String, need.Groups, "who sets its sizes: eks, elasticbeanstalk, ecs, cluster-autoscaler, an AWS service's principal; \"\" where nobody does", func(g *Group) any { return g.ManagedBy() }),
}

// GroupRef names an Auto Scaling group. Its ARN has an id that the name does not
// tell ("Resource types defined by Amazon EC2 Auto Scaling" in the service
// authorization reference).
func GroupRef(at Place, uuid, name string) Ref {
	return Ref{ID: name, ARN: fmt.Sprintf("arn:%s:autoscaling:%s:%s:autoScalingGroup:%s:autoScalingGroupName/%s", Partition(at.Region), at.Region, at.Account, uuid, name),
		Type: AutoScalingGroup, Account: at.Account, Region: at.Region}
}

var _ Resource = (*Group)(nil)
