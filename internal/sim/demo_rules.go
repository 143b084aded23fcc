package sim

import (
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// DemoRules is the table of tag rules of the demo, in Home.
const DemoRules = "acme_cloud_policy_tagging_def"

// addDemoRules gives the demo its table of rules.
func addDemoRules(a *Account) {
	hash := outside.Key{Name: rules.RuleID, Type: "N"}
	a.AddTable(Home, DemoRules, hash,
		rules.Encode(rules.Rule{ID: 1, TagKey: "ProjectCode", Action: rules.Update, Required: true, Default: "Proj007"}),
		rules.Encode(rules.Rule{ID: 2, TagKey: "CreatedBy", Action: rules.UserLookup, Required: true}),
		rules.Encode(rules.Rule{ID: 3, TagKey: "Expires", Action: rules.Function, Default: "today()"}))
}
