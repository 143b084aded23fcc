package policy

import (
	"slices"
	"strings"
)

// rawChannel is one channel as the file has it. One of its parts is set.
type rawChannel struct {
	ses       val[rawSES]
	sns       val[rawSNS]
	slack     val[rawHook]
	teams     val[rawHook]
	webhook   val[rawWebhook]
	file      val[rawFolder]
	by        val[string]
	choice    val[[]entry[string]]
	otherwise val[string]
}

var channelSection = section[rawChannel]{name: "a channel", doc: "A way to tell people: one of ses, sns, slack, teams, webhook and file, or a router (by, map, otherwise).",
	fields: []field[rawChannel]{
		key("ses", "Mail through Amazon SES.", sesSection.kind(), func(c *rawChannel) *val[rawSES] { return &c.ses }),
		key("sns", "A topic of Amazon SNS.", snsSection.kind(), func(c *rawChannel) *val[rawSNS] { return &c.sns }),
		key("slack", "An incoming webhook of Slack.", slackSection.kind(), func(c *rawChannel) *val[rawHook] { return &c.slack }),
		key("teams", "A Workflows webhook of Microsoft Teams.", teamsSection.kind(), func(c *rawChannel) *val[rawHook] { return &c.teams }),
		key("webhook", "JSON, posted to a URL.", webhookSection.kind(), func(c *rawChannel) *val[rawWebhook] { return &c.webhook }),
		key("file", "A folder in which each message becomes a file.", fileSection.kind(), func(c *rawChannel) *val[rawFolder] { return &c.file }),
		key("by", "CEL, a string: each resource's news go to the channel that map has for it.", filled, func(c *rawChannel) *val[string] { return &c.by }),
		key("map", "The channel for each value of by.", mapOf(filled), func(c *rawChannel) *val[[]entry[string]] { return &c.choice }),
		key("otherwise", "The channel for every other value.", filled, func(c *rawChannel) *val[string] { return &c.otherwise }),
	},
	check: func(r *reporter, n *node, c *rawChannel) {
		router := []string{"by", "map", "otherwise"}
		var ways []string
		for _, p := range n.pairs {
			if !slices.Contains(ways, p.key.text) && !slices.Contains(router, p.key.text) {
				ways = append(ways, p.key.text)
			}
		}
		has := func(name string) bool {
			return slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key.text == name })
		}
		routes := slices.ContainsFunc(router, has)
		switch {
		case len(ways) > 1:
			r.fault(n, "give each a name of its own", "a channel is one way to tell people, this is %s", strings.Join(ways, " and "))
		case len(ways) == 1 && routes:
			r.fault(n, "a router names other channels: by, map, otherwise", "a channel is a way to tell people or a router, this is both")
		case len(ways) == 0 && !routes:
			r.fault(n, "write ses, sns, slack, teams, webhook or file under it, or by and map", "the channel says no way to tell people")
		case routes && (!has("by") || !has("map")):
			r.fault(n, `for example {by: tag("Team"), map: {payments: pay-slack}}`, `a router needs both "by" and "map"`)
		}
	},
	refine: func(o object) {
		var ways []any
		for _, w := range []string{"ses", "sns", "slack", "teams", "webhook", "file"} {
			ways = append(ways, object{"required": []string{w}, "maxProperties": 1})
		}
		o["oneOf"] = append(ways, object{"required": []string{"by", "map"}})
	}}

// rawSES is mail.
type rawSES struct {
	from, returnPath, set, region val[string]
	to, cc, bcc, replyTo          val[[]val[string]]
	tags                          val[[]entry[string]]
}

// maxSESWord is how long SES lets the name and value of a message tag be, and
// maxSESSet the name of a configuration set (their pages in the API reference).
const (
	maxSESWord = 256
	maxSESSet  = 64
)

var sesSection = section[rawSES]{name: "ses", doc: "Mail through Amazon SES.", fields: []field[rawSES]{
	must(key("from", "The sender, an identity that is verified in SES.", address, func(s *rawSES) *val[string] { return &s.from })),
	key("to", "Who gets it.", listOf(address), func(s *rawSES) *val[[]val[string]] { return &s.to }),
	key("cc", "Who gets a copy.", listOf(address), func(s *rawSES) *val[[]val[string]] { return &s.cc }),
	key("bcc", "Who gets a copy that the others do not know of.", listOf(address), func(s *rawSES) *val[[]val[string]] { return &s.bcc }),
	key("reply_to", "Where answers go.", listOf(address), func(s *rawSES) *val[[]val[string]] { return &s.replyTo }),
	key("return_path", "Where bounces go.", address, func(s *rawSES) *val[string] { return &s.returnPath }),
	key("configuration_set", "The configuration set to send with.", sesWord(maxSESSet), func(s *rawSES) *val[string] { return &s.set }),
	key("tags", "Message tags, by name.", mapOf(sesWord(maxSESWord)), func(s *rawSES) *val[[]entry[string]] { return &s.tags }),
	key("region", "The region to send from; that of the AWS configuration unless set.", region, func(s *rawSES) *val[string] { return &s.region }),
}}

// rawSNS is a topic.
type rawSNS struct{ topic, region val[string] }

var snsSection = section[rawSNS]{name: "sns", doc: "A topic of Amazon SNS.", fields: []field[rawSNS]{
	key("topic", "The topic's ARN; without it, tagwarden deploy makes one.", topic, func(s *rawSNS) *val[string] { return &s.topic }),
	key("region", "The topic's region; its ARN says it already.", region, func(s *rawSNS) *val[string] { return &s.region }),
}, refine: func(o object) { o["dependentRequired"] = object{"region": []string{"topic"}} }}

// rawHook is a webhook whose URL is all there is to it.
type rawHook struct{ webhook val[string] }

// hook is the section of a service that is told through one secret URL.
func hook(name, doc string) section[rawHook] {
	return section[rawHook]{name: name, doc: doc, fields: []field[rawHook]{
		must(key("webhook", "The webhook's URL, best from the environment: ${NAME}.", webURL, func(h *rawHook) *val[string] { return &h.webhook })),
	}}
}

var (
	slackSection = hook("slack", "An incoming webhook of Slack.")
	teamsSection = hook("teams", "A Workflows webhook of Microsoft Teams.")
)

// rawWebhook is any receiver of JSON.
type rawWebhook struct{ url, secret val[string] }

var webhookSection = section[rawWebhook]{name: "webhook", doc: "JSON, posted to a URL.", fields: []field[rawWebhook]{
	must(key("url", "Where to post to.", webURL, func(h *rawWebhook) *val[string] { return &h.url })),
	key("secret", "Signs each message with HMAC-SHA256; best from the environment: ${NAME}.", filled.hidden(), func(h *rawWebhook) *val[string] { return &h.secret }),
}}

// rawFolder is a folder for messages.
type rawFolder struct{ dir val[string] }

var fileSection = section[rawFolder]{name: "file", doc: "A folder in which each message becomes a file.", fields: []field[rawFolder]{
	must(key("dir", "The folder; a relative path starts at the policy file.", filled, func(f *rawFolder) *val[string] { return &f.dir })),
}}
