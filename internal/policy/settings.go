package policy

import (
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
)

// rawSettings are the settings as the file has them.
type rawSettings struct {
	name, zone, mark val[string]
	creators         val[rawCreators]
	outcomes         val[rawOutcomes]
	regions          val[[]val[string]]
	ledger           val[rawLedger]
	exempt           val[[]val[rawExempt]]
	limits           val[rawLimits]
	owner            val[rawOwner]
	accounts         val[rawAccounts]
}

var settingsSection = section[rawSettings]{name: "settings", doc: "What holds for all policies.", fields: []field[rawSettings]{
	key("name", "Whose cases and marks these are; \"default\" unless set.", setName, func(s *rawSettings) *val[string] { return &s.name }),
	key("zone", "The time zone of dates and of today(), such as Europe/Berlin; UTC unless set.", zone,
		func(s *rawSettings) *val[string] { return &s.zone }),
	key("regions", "The regions to look at, or all; that of the AWS configuration unless set.", listOf(everywhere),
		func(s *rawSettings) *val[[]val[string]] { return &s.regions }),
	key("ledger", "Where cases and history are kept: {sqlite: PATH}, {dynamodb: TABLE}, or none; tagwarden.db beside the policy file unless set.", ledgerKind,
		func(s *rawSettings) *val[rawLedger] { return &s.ledger }),
	key("exempt", "What no policy acts on.", listOf(exemptSection.kind()), func(s *rawSettings) *val[[]val[rawExempt]] { return &s.exempt }),
	key("limits", "How much one policy may do in any 24 hours.", limitsSection.kind(), func(s *rawSettings) *val[rawLimits] { return &s.limits }),
	key("owner", "How the owner of a resource is found and told.", ownerSection.kind(), func(s *rawSettings) *val[rawOwner] { return &s.owner }),
	key("mark", "The key of the tag that shows a resource's earliest deadline, or off; tagwarden unless set.", tagKey,
		func(s *rawSettings) *val[string] { return &s.mark }),
	key("creators", "Where it is found who made what CloudTrail no longer tells of; nowhere unless set.", creatorsSection.kind(),
		func(s *rawSettings) *val[rawCreators] { return &s.creators }),
	key("outcomes", "Where what was done is published as events; unless set, what other policies follow, on the default bus.", outcomesSection.kind(),
		func(s *rawSettings) *val[rawOutcomes] { return &s.outcomes }),
	key("accounts", "The accounts to look at: a list, or {organization: …}; that of the credentials unless set.", accountsKind,
		func(s *rawSettings) *val[rawAccounts] { return &s.accounts }),
}}

// rawLedger is where cases are kept.
type rawLedger struct {
	none             bool
	sqlite, dynamodb val[string]
}

var ledgerSection = section[rawLedger]{name: "ledger", doc: "A file that SQLite keeps, or a table in DynamoDB.", fields: []field[rawLedger]{
	key("sqlite", "The file's path; a relative one starts at the policy file.", filled, func(l *rawLedger) *val[string] { return &l.sqlite }),
	key("dynamodb", "The name of a DynamoDB table in the region of the AWS configuration, or its ARN; tagwarden ledger init makes it.", tableName,
		func(l *rawLedger) *val[string] { return &l.dynamodb }),
}, check: func(r *reporter, n *node, _ *rawLedger) { r.exactlyOne(n, "a ledger", "sqlite", "dynamodb") },
	refine: oneOf("sqlite", "dynamodb")}

// ledgers are what a ledger can be.
const ledgers = "{sqlite: PATH}, {dynamodb: TABLE} or none"

// ledgerKind is a mapping, or the word none.
var ledgerKind = kind[rawLedger]{want: ledgers,
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"enum": []string{"none"}}, ledgerSection.schema(defs)}}
	},
	read: func(r *reporter, n *node) (rawLedger, bool) {
		if n.shape == mapping {
			l, ok := ledgerSection.kind().read(r, n)
			return l, ok && (l.sqlite.set() || l.dynamodb.set())
		}
		if n.isText() && n.text == "none" {
			return rawLedger{none: true}, !n.broken
		}
		hint := ""
		if n.isText() {
			hint = "write ledger: {sqlite: PATH}"
		}
		r.wrong(n, ledgers, hint)
		return rawLedger{}, false
	}}

// rawOwner is how owners are found and told.
type rawOwner struct {
	tags                    val[[]val[string]]
	address, via, otherwise val[string]
}

var ownerSection = section[rawOwner]{name: "owner", doc: "How the owner of a resource is found and told.", fields: []field[rawOwner]{
	must(key("tags", "The tags that can name the owner; the first that is there and not empty does.", listOf(readKey),
		func(o *rawOwner) *val[[]val[string]] { return &o.tags })),
	key("address", "Makes a mail address of a value that is none: {value} in it is replaced.",
		text.that(func(s string) (string, string) {
			const example = `for example "{value}@example.com"`
			if !strings.Contains(s, "{value}") {
				return "has no {value} in it", example
			}
			if wrong, _ := wrongAddress(strings.ReplaceAll(s, "{value}", "someone")); wrong != "" {
				return "does not give a mail address", example
			}
			return "", ""
		}), func(o *rawOwner) *val[string] { return &o.address }),
	must(key("via", "The ses channel that owners are mailed through, its recipients replaced.", filled,
		func(o *rawOwner) *val[string] { return &o.via })),
	key("otherwise", "The channel for what has no owner.", filled, func(o *rawOwner) *val[string] { return &o.otherwise }),
}}

// rawExempt is one reason to leave a resource alone.
type rawExempt struct {
	tag, value, when, untilTag val[string]
	atMost                     val[time.Duration]
}

var exemptSection = section[rawExempt]{name: "an exemption", doc: "A reason to leave a resource alone: one of tag, when and until_tag.",
	fields: []field[rawExempt]{
		key("tag", "Resources with this tag, whatever its value.", readKey, func(e *rawExempt) *val[string] { return &e.tag }),
		key("value", "With tag: only where it has this value.", tagValue, func(e *rawExempt) *val[string] { return &e.value }),
		key("when", "CEL, a condition: resources for which it is true. What cannot be known counts as exempt.", filled,
			func(e *rawExempt) *val[string] { return &e.when }),
		key("until_tag", "Resources with this tag, until the date (YYYY-MM-DD) that is its value.", readKey,
			func(e *rawExempt) *val[string] { return &e.untilTag }),
		key("at_most", "With until_tag: how far ahead the date may be.", length.that(func(d time.Duration) (string, string) {
			if d == 0 {
				return "lets no date count", "write how far ahead a date may be: 90d"
			}
			return "", ""
		}), func(e *rawExempt) *val[time.Duration] { return &e.atMost }),
	},
	check: func(r *reporter, n *node, e *rawExempt) {
		given, unknown := 0, false
		for _, p := range n.pairs {
			switch p.key.text {
			case "tag", "when", "until_tag":
				given++
			case "value", "at_most":
			default:
				unknown = true // it may be meant to be one of them
			}
		}
		if given > 1 || given == 0 && !unknown {
			r.fault(n, "several exemptions are several list items", "an exemption has one of tag, when and until_tag, this has %d", given)
			return
		}
		if e.value.set() && !e.tag.set() {
			r.fault(e.value.at, "", `"value" belongs to "tag"`)
		}
		if e.atMost.set() && !e.untilTag.set() {
			r.fault(e.atMost.at, "", `"at_most" belongs to "until_tag"`)
		}
	},
	refine: func(o object) {
		o["oneOf"] = []any{object{"required": []string{"tag"}}, object{"required": []string{"when"}}, object{"required": []string{"until_tag"}}}
		o["dependentRequired"] = object{"value": []string{"tag"}, "at_most": []string{"until_tag"}}
	}}

// rawLimits bound what one policy may do.
type rawLimits struct {
	counts map[action.Kind]val[int]
	share  val[float64]
}

var limitsSection = limitsFields()

func limitsFields() section[rawLimits] {
	s := section[rawLimits]{name: "limits", doc: "How much one policy may do in any 24 hours."}
	for _, k := range action.All() {
		if k.DefaultLimit() == 0 {
			continue
		}
		s.fields = append(s.fields, field[rawLimits]{key: k.String(), schema: count.schema,
			doc: "How many times " + k.String() + " may be done; " + strconv.Itoa(k.DefaultLimit()) + " unless set.",
			read: func(r *reporter, n *node, into *rawLimits) {
				v, ok := count.read(r, n)
				if !ok {
					return
				}
				if into.counts == nil {
					into.counts = map[action.Kind]val[int]{}
				}
				into.counts[k] = val[int]{v, n}
			}})
	}
	s.fields = append(s.fields, key("share", "How large a part of the examined resources of a type may be stopped, isolated, terminated or deleted; 25% unless set.", percent,
		func(l *rawLimits) *val[float64] { return &l.share }))
	return s
}

// percent is a share of a whole, written 25%.
var percent = kind[float64]{want: "a percentage such as 25%",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"type": "string", "pattern": `^(100|[0-9]{1,2}(\.[0-9]+)?) ?%$`}, variableSchema()}}
	},
	read: func(r *reporter, n *node) (float64, bool) {
		const want = "a percentage such as 25%"
		if n.shape != scalar || n.null {
			r.wrong(n, want, "")
			return 0, false
		}
		digits, found := strings.CutSuffix(n.text, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		switch {
		case !found && err == nil:
			r.wrong(n, want, "write the % with it")
			return 0, false
		case err != nil:
			r.fault(n, "write it like 25%", "%s is no percentage", n.show())
			return 0, false
		case !(v >= 0 && v <= 100):
			r.fault(n, "", "%s is not between 0%% and 100%%", n.show())
			return 0, false
		}
		return v, !n.broken
	}}
