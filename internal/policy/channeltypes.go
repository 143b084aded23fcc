package policy

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// OwnerChannel is the word in To that sends to each resource's owner.
const OwnerChannel = "owner"

// Channel is one way to tell people. Exactly one of the pointers is set.
type Channel struct {
	Name    string
	SES     *SES
	SNS     *SNS
	Slack   *Slack
	Teams   *Teams
	Webhook *Webhook
	File    *File
	Router  *Router
	Pos     diag.Pos
}

// Kind is the channel's word in the policy file.
func (c *Channel) Kind() string {
	switch {
	case c.SES != nil:
		return "ses"
	case c.SNS != nil:
		return "sns"
	case c.Slack != nil:
		return "slack"
	case c.Teams != nil:
		return "teams"
	case c.Webhook != nil:
		return "webhook"
	case c.File != nil:
		return "file"
	default:
		return "router"
	}
}

// Topicless are the channels whose topic deploy makes, by name. Nobody can be
// told through one before it is known.
func (s *Set) Topicless() []*Channel {
	var out []*Channel
	for _, name := range slices.Sorted(maps.Keys(s.Channels)) {
		if c := s.Channels[name]; c.SNS != nil && c.SNS.Topic == "" {
			out = append(out, c)
		}
	}
	return out
}

// SES sends mail through Amazon SES. Addresses may have a display name.
type SES struct {
	From             string
	To, CC, BCC      []string
	ReplyTo          []string
	ReturnPath       string
	ConfigurationSet string
	Tags             tag.Set // SES message tags
	Region           string  // "": that of the AWS configuration
}

// SNS publishes to a topic.
type SNS struct {
	Topic  string // its ARN; "": the one that deploy makes
	Region string // "": the topic's own
}

// Slack posts to an incoming webhook. The URL is a secret.
type Slack struct{ Webhook string }

// Teams posts an adaptive card to a Workflows webhook. The URL is a secret.
type Teams struct{ Webhook string }

// Webhook posts JSON, signed with HMAC-SHA256 where there is a secret.
type Webhook struct {
	URL    string
	Secret string
}

// File leaves each message in a folder.
type File struct{ Dir string }

// Router sends each resource's news to a channel by a computed value.
type Router struct {
	By        map[resource.Type]*expr.Program // expr.Text, compiled for each type that uses it
	Source    string
	Map       map[string]string // value to channel name
	Otherwise string            // "": those are not told, which is reported
}
