package iam

import (
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// documents adds the tables and objects that policy files name.
func (b *builder) documents() {
	for _, o := range b.set.Outside {
		u := Use{Policy: o.Policy, For: "its table of rules", Plan: true}
		if o.Lookup != "" {
			u.For = "the lookup " + o.Lookup
		}
		fact, on := need.Table, tableARN(o.Ref.Table, o.Ref.Region)
		if o.Ref.Table == "" {
			fact, on = need.Object, "arn:{partition}:s3:::"+literal(o.Ref.Bucket+"/"+o.Ref.Key)
		}
		c, _ := need.Of(fact)
		for _, call := range c.Calls {
			b.add(want{class: reading, permission: call.Permission(), on: []string{on}, elsewhere: true, central: true}, u)
		}
	}
}

// archive adds the logs of a trail, where the settings name one.
func (b *builder) archive(u Use) {
	c := b.set.Settings.Creators
	if c == nil {
		return
	}
	prefix := ""
	if c.Prefix != "" {
		prefix = c.Prefix + "/"
	}
	if name := b.unknown(prefix); name != "" {
		b.noteUnset(true, name)
		prefix = everything + "AWSLogs/" + everything
	} else {
		prefix = literal(prefix+"AWSLogs/") + everything
	}
	bucket := "arn:{partition}:s3:::" + literal(c.Bucket)
	b.add(want{class: reading, permission: "s3:ListBucket", on: []string{bucket}, elsewhere: true, central: true, more: Conditions{"StringLike": {"s3:prefix": {prefix}}}}, u)
	b.add(want{class: reading, permission: "s3:GetObject", on: []string{bucket + "/" + prefix}, elsewhere: true, central: true}, u)
}

// ledger adds what keeping cases in a table takes. A plan reads them, and keeps
// what it learns of creators.
func (b *builder) ledger() {
	name := b.set.Settings.Ledger.DynamoDB
	if name == "" {
		return
	}
	table := tableARN(name, document.TableRef(name, "").Region)
	for _, call := range need.KeepLedger {
		u := Use{For: "the ledger"}
		switch call.Operation {
		case "BatchGetItem", "Query":
			u.Plan = true
		case "PutItem", "UpdateItem":
			if b.creators {
				u.For, u.Plan = "the ledger, which remembers creators", true
			}
		}
		if b.readOnly && !u.Plan {
			continue
		}
		on := []string{table}
		if call.Operation == "Query" {
			on = append(on, table+"/index/*")
		}
		b.add(want{class: keeping, permission: call.Permission(), on: on, elsewhere: true, central: true}, u)
	}
}

// notices adds what telling people takes.
func (b *builder) notices(p *policy.Policy) {
	for i := range p.Steps {
		if p.Steps[i].Action != action.Notify {
			continue
		}
		for _, c := range b.set.Reached(&p.Steps[i]) {
			u := Use{Policy: p.Name, For: "the channel " + c.Name}
			switch {
			case c.SES != nil:
				b.mail(c.SES, u)
			case c.SNS != nil && c.SNS.Topic == "":
				b.note(true, "the channel "+c.Name+" names no topic: tagwarden deploy makes one, and lets the function's role publish to it")
			case c.SNS != nil:
				b.add(want{class: telling, permission: "sns:Publish", on: []string{literal(c.SNS.Topic)}, elsewhere: true, central: true}, u)
			}
		}
	}
}

// Identities are what SES takes an address by, which may come with a name, in the
// order in which it looks: the address alone, its domain, and those above that.
func Identities(address string) []string {
	if a, err := mail.ParseAddress(address); err == nil {
		address = a.Address
	}
	out := []string{address}
	_, domain, _ := strings.Cut(address, "@")
	for strings.Contains(domain, ".") {
		out = append(out, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return out
}

// mail adds what a mail takes.
func (b *builder) mail(s *policy.SES, u Use) {
	identities := Identities(s.From)
	from := identities[0]
	ses := "arn:{partition}:ses:" + region(s.Region) + ":{account}:"
	identity := ses + "identity/"
	var on []string
	for _, i := range identities {
		on = append(on, identity+literal(i))
	}
	if s.ConfigurationSet != "" {
		on = append(on, ses+"configuration-set/"+literal(s.ConfigurationSet))
	}
	call := need.Call{Service: "sesv2", Operation: "SendEmail"}
	only := Conditions{"StringEquals": {"ses:FromAddress": {literal(from)}}}
	if name := b.unknown(from); name != "" {
		b.noteUnset(true, name)
		on, only = append(slices.DeleteFunc(on, func(arn string) bool { return strings.HasPrefix(arn, identity) }), identity+everything), nil
	}
	b.add(want{class: telling, permission: call.Permission(), on: on, elsewhere: true, central: true, more: only}, u)
}

// sortedChannels are the channels of a set by name.
func sortedChannels(set *policy.Set) []*policy.Channel {
	var out []*policy.Channel
	for _, name := range slices.Sorted(maps.Keys(set.Channels)) {
		out = append(out, set.Channels[name])
	}
	return out
}

// region is one that a policy file names, or that of the AWS configuration,
// which nothing tells here.
func region(named string) string {
	if named == "" {
		return everything
	}
	return named
}

// tableARN names a table by its name or its ARN.
func tableARN(name, in string) string {
	if strings.HasPrefix(name, "arn:") {
		return literal(name)
	}
	return "arn:{partition}:dynamodb:" + region(in) + ":{account}:table/" + literal(name)
}

// functionARN names a function by its name, in the region of the resource that
// it is told of, or its ARN.
func functionARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return literal(name)
	}
	return "arn:{partition}:lambda:{region}:{account}:function:" + literal(name)
}

// documentARN names a document. Those that AWS provides are in no account.
func documentARN(name string) string {
	switch {
	case strings.HasPrefix(name, "arn:"):
		return literal(name)
	case strings.HasPrefix(name, "AWS"):
		return "arn:{partition}:ssm:{region}:*:document/" + literal(name)
	default:
		return "arn:{partition}:ssm:{region}:{account}:document/" + literal(name)
	}
}
