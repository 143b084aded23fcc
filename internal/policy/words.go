package policy

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// The kinds of this file are strings that must look like something.

// filled is a string that is not empty.
var filled = kind[string]{want: text.want, schema: func(defs object) object { return object{"type": "string", "minLength": 1} },
	read: func(r *reporter, n *node) (string, bool) {
		s, ok := text.read(r, n)
		if ok && strings.TrimSpace(s) == "" {
			r.fault(n, "", "%q is empty", n.label)
			return "", false
		}
		return s, ok
	}}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// maxName keeps a policy's name short enough for the value of a mark and for
// the names AWS takes.
const maxName = 64

// policyName is the name of a policy.
var policyName = text.that(func(s string) (string, string) {
	switch {
	case !kebab.MatchString(s):
		return "is no policy name", "lower-case letters and digits, with single hyphens between words: stop-idle-instances"
	case len(s) > maxName:
		return fmt.Sprintf("is too long for a policy name: %d characters", len(s)), fmt.Sprintf("at most %d", maxName)
	}
	return "", ""
}).with(object{"pattern": kebab.String(), "maxLength": maxName})

var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// setName is the name of the whole set.
var setName = text.that(func(s string) (string, string) {
	if !identifier.MatchString(s) {
		return "is no name for a set of policies", "1 to 64 letters, digits, hyphens, dots and underscores"
	}
	return "", ""
}).with(object{"pattern": identifier.String()})

// tagKey is the key of a tag that tagwarden may write.
var tagKey = text.that(func(s string) (string, string) {
	return wrongTag(tag.CheckKey(s), tag.MaxKey)
}).with(object{"minLength": 1, "maxLength": tag.MaxKey})

// readKey is the key of a tag that is only looked at; AWS's own are good too.
var readKey = text.that(func(s string) (string, string) {
	if tag.IsReserved(s) {
		return "", ""
	}
	return wrongTag(tag.CheckKey(s), tag.MaxKey)
}).with(object{"minLength": 1, "maxLength": tag.MaxKey})

// tagValue is the value of a tag.
var tagValue = text.that(func(s string) (string, string) {
	return wrongTag(tag.CheckValue(s), tag.MaxValue)
}).with(object{"maxLength": tag.MaxValue})

// wrongTag says in words what tag's checks return. Their errors repeat the
// value, which may be the environment's.
func wrongTag(err error, most int) (wrong, hint string) {
	switch {
	case err == nil:
		return "", ""
	case errors.Is(err, tag.ErrEmptyKey):
		return "is no tag key: a key cannot be empty", ""
	case errors.Is(err, tag.ErrReserved):
		return "cannot be written", "keys that begin with aws: are AWS's own"
	case errors.Is(err, tag.ErrTooLong):
		return "is too long for a tag", fmt.Sprintf("at most %d characters", most)
	default:
		return "cannot be in a tag: it is not valid UTF-8", ""
	}
}

// regionShape is what the names of AWS's regions have in common; there is no
// closed list, so that a new region needs no new version.
var regionShape = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9]{1,2}$`)

// knownRegions only serve to suggest one.
var knownRegions = []string{"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
	"ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-central-1",
	"ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
	"eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
	"us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"}

// WrongRegion returns what is wrong with the name of a region, and what would be
// right; "" where nothing is, which does not say that there is such a region.
func WrongRegion(s string) (wrong, hint string) {
	if regionShape.MatchString(s) {
		return "", ""
	}
	hint = "a region is written like eu-central-1"
	if near := meant(s, knownRegions); near != "" {
		hint = near
	}
	return "is not the name of a region", hint
}

// region is one region; everywhere also takes the word all.
var (
	region     = text.that(WrongRegion).with(object{"pattern": regionShape.String()})
	everywhere = text.that(func(s string) (string, string) {
		if s == "all" {
			return "", ""
		}
		return WrongRegion(s)
	}).with(object{"examples": knownRegions})
)

// usualZones only serve to suggest one.
var usualZones = []string{"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires",
	"America/Bogota", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Santiago",
	"America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi",
	"Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Australia/Melbourne",
	"Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Dublin", "Europe/Istanbul",
	"Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Oslo", "Europe/Paris", "Europe/Prague",
	"Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland"}

// zone is the name of a time zone. Local would judge differently on every
// machine.
var zone = text.that(func(s string) (string, string) {
	if _, err := time.LoadLocation(s); err == nil && s != "" && s != "Local" {
		return "", ""
	}
	hint := "a time zone is written like Europe/Berlin"
	if near := meant(s, usualZones); near != "" {
		hint = near
	}
	return "is not a time zone", hint
}).with(object{"examples": usualZones})

// oneLine refuses what could smuggle a header into a mail.
func oneLine(s string) (wrong, hint string) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "has a line break or another control character in it", "write it in one line"
	}
	return "", ""
}

// address is a mail address, with or without a display name.
var address = text.that(wrongAddress)

func wrongAddress(s string) (wrong, hint string) {
	if wrong, hint = oneLine(s); wrong != "" {
		return wrong, hint
	}
	if _, err := mail.ParseAddress(s); err != nil {
		return "is not a mail address", `write ops@example.com or "Operations <ops@example.com>"`
	}
	return "", ""
}

// webURL is where a message is posted to. The text is a secret in itself, so
// it must not travel in the clear.
var webURL = text.that(func(s string) (string, string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return "is not a URL", "write https://…"
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return "", ""
	}
	return "is not an https URL", "http is taken for this machine alone (127.0.0.1, ::1, localhost)"
}).with(object{"pattern": `^https?://|\$\{`}).hidden()

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

var topicShape = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// topic is the ARN of an SNS topic.
var topic = text.that(WrongTopic)

// WrongTopic says why a text is not the ARN of a topic that a channel can publish
// to, and what would be; "" where it is one.
func WrongTopic(s string) (wrong, hint string) {
	m := topicShape.FindStringSubmatch(s)
	switch {
	case m == nil:
		return "is not the ARN of an SNS topic", "it is written like arn:aws:sns:us-east-1:111122223333:policy"
	case m[2] != "":
		return "is a FIFO topic, which a channel cannot publish to", "use a standard topic"
	}
	return wrongTopicRegion(m[1])
}

func wrongTopicRegion(s string) (wrong, hint string) {
	if wrong, hint = WrongRegion(s); wrong != "" {
		return "names a region that cannot be", hint
	}
	return "", ""
}

// sesWord is what SES takes as the name of a configuration set, or as the name
// or value of a message tag (MessageTag in its API reference).
func sesWord(most int) kind[string] {
	shape := regexp.MustCompile(fmt.Sprintf(`^[A-Za-z0-9_-]{1,%d}$`, most))
	return text.that(func(s string) (string, string) {
		if !shape.MatchString(s) {
			return "is not what SES takes here", fmt.Sprintf("1 to %d letters of the English alphabet, digits, _ and -", most)
		}
		return "", ""
	})
}
