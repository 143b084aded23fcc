package policy

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// maxRecipients is how many recipients SES takes for one mail (Destination in
// its API reference).
const maxRecipients = 50

// buildChannels makes the channels, routers without their programs.
func (l *loader) buildChannels() {
	for _, name := range l.order {
		e := l.channels[name]
		c := &Channel{Name: name, Pos: e.key.pos()}
		switch raw := e.v; {
		case raw.ses.set():
			c.SES = l.buildSES(raw.ses)
		case raw.sns.set():
			c.SNS = l.buildSNS(raw.sns.v)
		case raw.slack.set():
			c.Slack = &Slack{Webhook: raw.slack.v.webhook.v}
		case raw.teams.set():
			c.Teams = &Teams{Webhook: raw.teams.v.webhook.v}
		case raw.webhook.set():
			c.Webhook = &Webhook{URL: raw.webhook.v.url.v, Secret: raw.webhook.v.secret.v}
		case raw.file.set():
			c.File = &File{Dir: beside(e.key.src.dir, raw.file.v.dir.v)}
		case raw.by.set():
			c.Router = &Router{By: map[resource.Type]*expr.Program{}, Source: raw.by.v, Map: map[string]string{}, Otherwise: raw.otherwise.v}
			for _, m := range raw.choice.v {
				c.Router.Map[m.key.text] = m.v
			}
		default:
			continue // wrong, and reported
		}
		l.set.Channels[name] = c
	}
}

func (l *loader) buildSES(raw val[rawSES]) *SES {
	v := raw.v
	s := &SES{From: v.from.v, To: values(v.to), CC: values(v.cc), BCC: values(v.bcc), ReplyTo: values(v.replyTo),
		ReturnPath: v.returnPath.v, ConfigurationSet: v.set.v, Region: v.region.v}
	for _, t := range v.tags.v {
		if _, ok := sesWord(maxSESWord).read(l.reporter, quoted(t.key)); ok && t.set() {
			if s.Tags == nil {
				s.Tags = tag.Set{}
			}
			s.Tags[t.key.text] = t.v
		}
	}
	if n := len(s.To) + len(s.CC) + len(s.BCC); n > maxRecipients {
		at := v.to.at
		if at == nil {
			at = raw.at
		}
		l.fault(at, "write to a distribution list, or make two channels", "the channel has %d recipients; SES takes %d", n, maxRecipients)
	}
	return s
}

func (l *loader) buildSNS(raw rawSNS) *SNS {
	if raw.region.set() && !raw.topic.set() {
		l.fault(raw.region.at, "leave it out, or write topic: …", "the topic that deploy makes is where the function is, and the channel names no other")
	}
	if m := topicShape.FindStringSubmatch(raw.topic.v); m != nil && raw.region.set() && raw.region.v != m[1] {
		l.fault(raw.region.at, "leave it out", "the topic is in another region, as its ARN says")
	}
	return &SNS{Topic: raw.topic.v, Region: raw.region.v}
}

// values are the plain values of a list that was read.
func values[T any](list val[[]val[T]]) []T {
	var out []T
	for _, v := range list.v {
		out = append(out, v.v)
	}
	return out
}

// target checks that a channel's name is one that there is.
func (l *loader) target(name val[string]) (entry[rawChannel], bool) {
	if !name.set() {
		return entry[rawChannel]{}, false
	}
	e, ok := l.channels[name.v]
	if !ok && !l.partial {
		l.fault(name.at, l.hintChannel(name.v), "there is no channel %s", name.at.show())
	}
	return e, ok
}

// checkTargets checks every place that names a channel, and that each mail
// channel that is sent to has somebody to send to.
func (l *loader) checkTargets() {
	told := map[string]bool{}
	owner := l.settings.owner.v
	if e, ok := l.target(owner.via); ok && e.set() && !e.v.ses.set() {
		l.fault(owner.via.at, "name a channel with ses", "owners are mailed, and %s is no ses channel", owner.via.at.show())
	}
	if _, ok := l.target(owner.otherwise); ok {
		told[owner.otherwise.v] = true
	}
	for _, name := range l.order {
		for _, to := range l.channels[name].v.routes() {
			told[to.v] = true
			if e, ok := l.target(to); ok && (e.v.by.set() || e.v.choice.set()) {
				l.fault(to.at, "name a channel that tells people itself", "a router cannot lead to a router, and %s is one", to.at.show())
			}
		}
	}
	for _, p := range l.policies {
		for _, s := range p.raw.steps.v {
			if s.v.action != action.Notify {
				continue
			}
			told[s.v.to.v] = true
			l.checkTo(s.v.to)
		}
	}
	for _, name := range l.order {
		if name != owner.via.v || told[name] {
			l.checkRecipients(l.channels[name].v.ses)
		}
	}
}

// checkRecipients checks that a mail channel has somebody to send to.
func (l *loader) checkRecipients(ses val[rawSES]) {
	nobody := ses.set() && !ses.v.to.set() && !ses.v.cc.set() && !ses.v.bcc.set()
	if nobody && !l.namesRecipients(ses.at) {
		l.fault(ses.at, "write to: [ADDRESS]", "the channel has no recipient")
	}
}

// namesRecipients says whether the file at least tries to name some, so that
// what is wrong with them is already reported.
func (l *loader) namesRecipients(ses *node) bool {
	return slices.ContainsFunc(ses.pairs, func(p pair) bool { return slices.Contains([]string{"to", "cc", "bcc"}, p.key.text) })
}

// checkTo checks whom a notify step tells.
func (l *loader) checkTo(to val[string]) {
	if to.v != OwnerChannel {
		l.target(to)
		return
	}
	tried := slices.ContainsFunc(l.files, func(f rawFile) bool { return f.settings.set() && f.settings.at.child("owner") != nil })
	if l.set.Settings.Owner == nil && !tried && !l.partial {
		l.fault(to.at, "write settings.owner: {tags: [Owner], via: CHANNEL}", "nothing says how owners are found")
	}
}

// routes are the channels that a router leads to.
func (c rawChannel) routes() []val[string] {
	var out []val[string]
	for _, m := range c.choice.v {
		if m.set() {
			out = append(out, m.val)
		}
	}
	if c.otherwise.set() {
		out = append(out, c.otherwise)
	}
	return out
}

// compileRouters compiles each router's by for each type whose news it can
// get; for all types where it gets none yet.
func (l *loader) compileRouters() {
	for _, name := range l.order {
		c := l.set.Channels[name]
		if c == nil || c.Router == nil {
			continue
		}
		types := l.typesTold(name)
		if len(types) == 0 {
			types = l.types()
		}
		for _, t := range types {
			if p := l.compile(l.channels[name].v.by, expr.Text, []resource.Type{t}); p != nil {
				c.Router.By[t] = p
			}
		}
	}
}

// typesTold are the types of the policies that tell the channel.
func (l *loader) typesTold(channel string) []resource.Type {
	otherwise := l.settings.owner.v.otherwise.v
	var types []resource.Type
	for _, p := range l.policies {
		for _, s := range p.Steps {
			if s.Action == action.Notify && (s.To == channel || s.To == OwnerChannel && otherwise == channel) {
				types = append(types, p.Types...)
			}
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}
