package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// maxPolicies is how many managed policies a role can have without asking AWS
// for more ("IAM and AWS STS quotas").
const maxPolicies = 10

// room is what of a document is kept free: the name of a partition is longer
// than aws, and the value of a variable may be longer than its default.
const room = 1024

// role works out the permissions of the policies, and of the function's own
// calls. Where the account of the deployment is not governed, the function only
// keeps its books there.
func (d *Deployment) role(set *policy.Set) error {
	role, err := d.permissions(set, false)
	if err != nil {
		return fmt.Errorf("working out the role: %w", err)
	}
	d.within(role)
	d.Documents = role.Documents(iam.MaxDocument - room)
	d.referAll(d.Documents)
	if len(d.Documents) > maxPolicies {
		return fmt.Errorf("the role takes %d policies of IAM, and can have %d: deploy some of the policies by themselves, with settings of their own name", len(d.Documents), maxPolicies)
	}
	d.Notes = append(d.Notes, role.Notes...)
	if d.Members != nil {
		if err := d.memberRole(set); err != nil {
			return err
		}
	}
	if err := d.people(set); err != nil {
		return err
	}
	slices.Sort(d.Notes)
	d.Notes = slices.Compact(d.Notes)
	return d.known()
}

// anyAccount stands for an account where its number counts in a size.
const anyAccount = "000000000000"

// people is the policy of those who act on what is their own by its tags. It is
// sized with an account of 12 digits, as AWS will.
func (d *Deployment) people(set *policy.Set) error {
	if set.Access == nil {
		return nil
	}
	doc, err := iam.AccessPolicy(set, iam.Options{Account: anyAccount})
	if err != nil {
		return fmt.Errorf("writing the policy of the people: %w", err)
	}
	docs := []iam.Document{*doc}
	d.referAll(docs)
	for _, s := range docs[0].Statement {
		for i, r := range s.Resource {
			s.Resource[i] = strings.Replace(r, ":"+anyAccount+":", ":"+Account+":", 1)
		}
	}
	d.People = &docs[0]
	return nil
}

// permissions are those of the function's role, or of the one in each member.
func (d *Deployment) permissions(set *policy.Set, member bool) (*iam.Role, error) {
	own := d.here(set)
	o := iam.Options{Account: Account, Member: member}
	if len(set.Settings.Regions) == 0 {
		o.Regions = []string{Region}
	}
	role, err := iam.For(own, o)
	if err != nil && o.Regions != nil {
		// The files name what is in another partition than the first: then no region
		// is a condition.
		o.Regions = nil
		role, err = iam.For(own, o)
	}
	return role, err
}

// here is a set whose stores and senders are in the region of the deployment
// where the files name none.
func (d *Deployment) here(set *policy.Set) *policy.Set {
	own := *set
	ledger := d.Ledger.Name
	if !strings.HasPrefix(ledger, "arn:") {
		first := ""
		if len(d.Regions) > 0 {
			first = d.Regions[0]
		}
		ledger = "arn:" + resource.Partition(first) + ":dynamodb:" + Region + ":" + Account + ":table/" + ledger
	}
	own.Settings.Ledger = policy.Ledger{DynamoDB: ledger}
	own.Outside = slices.Clone(set.Outside)
	for i := range own.Outside {
		if r := &own.Outside[i].Ref; r.Table != "" && r.Region == "" {
			r.Region = Region
		}
	}
	own.Channels = maps.Clone(set.Channels)
	for _, c := range set.Topicless() {
		channel, topic := *c, *c.SNS
		topic.Topic, channel.SNS = TopicMark(c.Name), &topic
		own.Channels[c.Name] = &channel
	}
	for name, c := range own.Channels {
		if c.SES != nil && c.SES.Region == "" {
			channel, mail := *c, *c.SES
			mail.Region, channel.SES = Region, &mail
			own.Channels[name] = &channel
		}
	}
	return &own
}

// referAll writes marks into policies.
func (d *Deployment) referAll(docs []iam.Document) {
	for i := range docs {
		for j := range docs[i].Statement {
			d.refer(&docs[i].Statement[j])
		}
	}
}

// refer writes marks into a statement for what only a deployment tells.
func (d *Deployment) refer(s *iam.Statement) {
	s.Resource = slices.Clone(s.Resource)
	for i, r := range s.Resource {
		r = d.referring(r)
		if parts := strings.SplitN(r, ":", 3); len(parts) == 3 && parts[0] == "arn" {
			// What the function publishes goes to a bus of its own region.
			r = "arn:" + Partition + ":" + strings.Replace(parts[2], "events:*:", "events:"+Region+":", 1)
		}
		s.Resource[i] = r
	}
	for _, keys := range s.Condition {
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values := slices.Clone(keys[key])
			for i, v := range values {
				values[i] = d.referring(v)
			}
			keys[key] = values
		}
	}
}
