package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// told are the channels that a step of some policy can reach, by name.
func (d *doctor) told() []*policy.Channel {
	found := map[string]*policy.Channel{}
	for _, p := range d.Set.Policies {
		for i := range p.Steps {
			if p.Steps[i].Action == action.Notify {
				for _, c := range d.Set.Reached(&p.Steps[i]) {
					found[c.Name] = c
				}
			}
		}
	}
	var out []*policy.Channel
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

// channels looks at what people are told by.
func (d *doctor) channels(ctx context.Context) {
	sandbox := map[string]bool{}
	for _, c := range d.told() {
		switch {
		case c.SES != nil:
			region := cmp.Or(c.SES.Region, d.Region)
			if _, asked := sandbox[region]; !asked {
				sandbox[region] = d.quota(ctx, region)
			}
			d.mail(ctx, c, region, sandbox[region])
		case c.SNS != nil:
			d.add(d.topic(ctx, c))
		case c.Slack != nil, c.Teams != nil, c.Webhook != nil:
			d.note("the channel %s is a webhook, which is not tried: only a message shows whether it works", c.Name)
		}
	}
}

// quota asks what SES lets the account do, and whether it is in the sandbox.
func (d *doctor) quota(ctx context.Context, region string) (sandbox bool) {
	s, err := d.Account.Sending(ctx, region)
	c := Check{Outcome: OK, What: AboutMail, Name: "SES", Found: "the account may send to anybody"}
	switch {
	case err != nil:
		c = failed(c.What, c.Name, err, "")
	case !s.Enabled:
		c.Outcome, c.Found, c.Do = Missing, "SES has stopped sending for the account", "see the SES console in "+region
	case s.Most >= 0 && s.Sent >= s.Most:
		c.Outcome, c.Found, c.Do = Missing, fmt.Sprintf("the day's %.0f mails are sent", s.Most), "wait, or request a higher quota"
	case s.Sandbox:
		c.Found = fmt.Sprintf("the account is in the sandbox: %.0f mails a day, to verified recipients alone", s.Most)
		c.Do = "to tell others too, request production access: aws sesv2 put-account-details --production-access-enabled, or the SES console in " + region
	case s.Most >= 0:
		c.Found = fmt.Sprintf("the account may send %.0f mails a day, to anybody; %.0f are sent", s.Most, s.Sent)
	}
	c.Regions = []string{region}
	d.add(c)
	return err == nil && s.Sandbox
}

// mail asks for what a channel sends from and with, and in the sandbox for whom
// it sends to.
func (d *doctor) mail(ctx context.Context, ch *policy.Channel, region string, sandbox bool) {
	ses := ch.SES
	checks := []Check{d.identity(ctx, ch.Name, "sender", ses.From, region)}
	if sandbox {
		for _, to := range slices.Concat(ses.To, ses.CC, ses.BCC) {
			checks = append(checks, d.identity(ctx, ch.Name, "recipient", to, region))
		}
		if o := d.Set.Settings.Owner; o != nil && o.Via == ch.Name {
			d.note("the account is in the SES sandbox in %s: owners are told whose addresses are verified there, and no others", region)
		}
	}
	if name := ses.ConfigurationSet; name != "" {
		c := Check{Outcome: OK, What: AboutMail, Name: ch.Name, Found: "the configuration set " + name + " is there"}
		if err := d.Account.ConfigurationSet(ctx, region, name); err != nil {
			c = failed(AboutMail, ch.Name, err, "make the configuration set "+name+", or name another")
		}
		checks = append(checks, c)
	}
	for i := range checks {
		checks[i].Regions = []string{region}
	}
	d.add(checks...)
}

// identity asks for what SES takes an address by: the first that there is must be
// verified.
func (d *doctor) identity(ctx context.Context, channel, part, address, region string) Check {
	identities := iam.Identities(address)
	address = identities[0]
	c := Check{What: AboutMail, Name: channel}
	for _, identity := range identities {
		verified, err := d.Account.Sender(ctx, region, identity)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			continue
		case err != nil:
			return failed(c.What, c.Name, err, "")
		case verified:
			c.Outcome, c.Found = OK, "the "+part+" "+address+" is verified, by "+identity
		default:
			c.Outcome, c.Found = Missing, "the identity "+identity+" of the "+part+" is not verified yet"
			c.Do = "follow what SES has written to it, or set the records in DNS that it asks for"
		}
		return c
	}
	c.Outcome, c.Found = Missing, "the "+part+" "+address+" is not verified"
	c.Do = "aws sesv2 create-email-identity --region " + region + " --email-identity " + address + ", and follow what SES writes to it"
	return c
}

func (d *doctor) topic(ctx context.Context, ch *policy.Channel) Check {
	if ch.SNS.Topic == "" {
		return Check{Outcome: Missing, What: AboutTopic, Name: ch.Name, Found: "the channel names no topic, and only where tagwarden deploy has made one does the function know it",
			Do: "deploy the policies, or write topic: ARN"}
	}
	t, err := d.Account.Topic(ctx, ch.SNS.Topic, ch.SNS.Region)
	c := Check{Outcome: OK, What: AboutTopic, Name: ch.Name, Found: fmt.Sprintf("%s has subscriptions: %d", ch.SNS.Topic, t.Confirmed)}
	switch {
	case err != nil:
		return failed(c.What, c.Name, err, "make the topic, or name another in the channel")
	case t.Confirmed == 0:
		c.Outcome, c.Found = Missing, ch.SNS.Topic+" has no confirmed subscription: nobody hears what is published"
		c.Do = "aws sns subscribe, and confirm what it sends"
	}
	return c
}

// systems looks at the bus and the queues.
func (d *doctor) systems(ctx context.Context) {
	if bus := d.Set.Settings.Outcomes; bus != "" {
		c := Check{Outcome: OK, What: AboutBus, Name: bus, Found: "it is there"}
		if err := d.Account.Bus(ctx, bus); err != nil {
			c = failed(c.What, bus, err, "make the bus, or name another in settings.outcomes")
		}
		d.add(c)
	}
	for _, url := range d.Queues {
		d.add(d.queue(ctx, url))
	}
}

func (d *doctor) queue(ctx context.Context, url string) Check {
	m, err := d.Account.Inbox(ctx, url)
	c := Check{Outcome: OK, What: AboutQueue, Name: url, Found: "it is there, with a queue for dead letters"}
	switch {
	case err != nil:
		return failed(c.What, url, err, "")
	case !m.DeadLetters:
		c.Outcome, c.Found = Missing, "it has no queue for dead letters: what cannot be handled comes back until it is lost"
		c.Do = "set a RedrivePolicy: aws sqs set-queue-attributes"
	}
	return c
}
