package resource

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// Taken is the value of a tag as the service of a type takes it: what it
// refuses becomes "_". EC2 and Auto Scaling take any text ("Tag" in their API
// references); the others take what tag.Clean leaves ("Tag" in that of RDS).
func Taken(t Type, value string) string {
	if service, _, _ := strings.Cut(string(t), ":"); service == "ec2" || service == "autoscaling" {
		return value
	}
	return tag.Clean(value)
}
