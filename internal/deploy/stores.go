package deploy

import (
	"cmp"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// tables says which tables there are: the ledger, and those of rules. What is
// named by an ARN, or is in a region that is named, is somebody else's to make.
func (d *Deployment) tables(set *policy.Set) {
	name := set.Settings.Ledger.DynamoDB
	d.Ledger = Table{Name: cmp.Or(name, d.Name), Made: !strings.HasPrefix(name, "arn:"), HashKey: dynamo.AttrPK, RangeKey: dynamo.AttrSK, TTL: dynamo.AttrTTL,
		Indexes:  []Index{{dynamo.IndexByResource, dynamo.AttrResource, dynamo.AttrAt}, {dynamo.IndexByTime, dynamo.AttrHistory, dynamo.AttrAt}},
		Variable: d.variable(name)}
	for _, a := range []string{dynamo.AttrAt, dynamo.AttrHistory, dynamo.AttrPK, dynamo.AttrResource, dynamo.AttrSK} {
		d.Ledger.Kinds = append(d.Ledger.Kinds, Setting{a, "S"})
	}
	seen := map[string]bool{}
	for _, o := range set.Outside {
		if o.Policy == "" || o.Ref.Table == "" || o.Ref.Region != "" || strings.HasPrefix(o.Ref.Table, "arn:") || seen[o.Ref.Table] {
			continue
		}
		seen[o.Ref.Table] = true
		d.Tables = append(d.Tables, Table{Name: o.Ref.Table, Made: true, HashKey: rules.RuleID, Kinds: []Setting{{rules.RuleID, "N"}}, Variable: d.variable(o.Ref.Table)})
	}
	for _, t := range d.Tables {
		d.Notes = append(d.Notes, "the table of rules "+t.Name+` is empty once it is made, and nothing is done before there are rules in it: "tagwarden rules push"`)
	}
}

// variable is the name of the plain variable whose value a text is, "" where
// none is.
func (d *Deployment) variable(text string) string {
	if i := slices.IndexFunc(d.Variables, func(v Variable) bool {
		return v.Kind == Plain && v.Known && v.Default != "" && v.Default == text && d.refers[v.Name][text]
	}); i >= 0 {
		return d.Variables[i].Name
	}
	return ""
}

// topics are those of channels that name none, or leave it to a variable.
func (d *Deployment) topics(set *policy.Set) {
	for _, c := range set.Topicless() {
		d.Topics = append(d.Topics, Topic{Channels: []string{c.Name}})
	}
	for _, v := range d.Variables {
		if v.Kind != ForTopic {
			continue
		}
		t := Topic{Variable: v.Name}
		for _, name := range slices.Sorted(maps.Keys(set.Channels)) {
			if c := set.Channels[name]; c.SNS != nil && c.SNS.Topic == v.Default {
				t.Channels = append(t.Channels, name)
			}
		}
		d.Topics = append(d.Topics, t)
	}
}

// senders are the identities that mail is sent as, and what else has to be there
// for the channels.
func (d *Deployment) senders(set *policy.Set) {
	for _, name := range slices.Sorted(maps.Keys(set.Channels)) {
		c := set.Channels[name]
		if c.SES != nil {
			from := c.SES.From
			if a, err := mail.ParseAddress(from); err == nil {
				from = a.Address
			}
			d.Senders = append(d.Senders, Sender{Channel: name, From: from, Region: c.SES.Region})
		}
		for _, s := range secrets(c) {
			if !slices.ContainsFunc(d.Variables, func(v Variable) bool { return v.Kind == Secret && v.inSecretOf(name, s) }) {
				d.Notes = append(d.Notes, "the secret of the channel "+name+" is in the policy file, and so in the package: write ${NAME} for it, and it is kept in Secrets Manager")
			}
		}
	}
}

// secrets are what of a channel is to be kept from whoever reads a template.
func secrets(c *policy.Channel) []string {
	var out []string
	switch {
	case c.Slack != nil:
		out = append(out, c.Slack.Webhook)
	case c.Teams != nil:
		out = append(out, c.Teams.Webhook)
	case c.Webhook != nil:
		out = append(out, c.Webhook.URL, c.Webhook.Secret)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
