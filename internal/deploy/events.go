package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// maxPattern is how many characters a pattern may have ("Amazon EventBridge
// quotas").
const maxPattern = 2048

// Pattern is what a rule of EventBridge catches. Its JSON is what EventBridge
// takes, but for marks.
type Pattern struct {
	Account []string       `json:"account,omitempty"`
	Region  []string       `json:"region,omitempty"`
	Source  []string       `json:"source"`
	Kind    []string       `json:"detail-type"`
	Detail  map[string]any `json:"detail"`
}

// size is how many characters EventBridge counts.
func (p Pattern) size() int {
	b, err := json.Marshal(p)
	if err != nil {
		return maxPattern + 1 // text alone: it cannot fail
	}
	return len(strings.ReplaceAll(string(b), `\u0000account\u0000`, "111122223333"))
}

// regions says which regions' events are wanted.
func (d *Deployment) regions(set *policy.Set) {
	if d.Everywhere = slices.Contains(set.Settings.Regions, "all"); !d.Everywhere {
		d.Regions = slices.Compact(slices.Sorted(slices.Values(set.Settings.Regions)))
	}
}

// rules makes the rules of the deployment's account, and of the others. Where
// that account is not governed, only what the function itself tells is of use.
func (d *Deployment) rules(set *policy.Set) (err error) {
	if d.Rules, err = d.rulesIn(set, []string{Account}); err != nil {
		return err
	}
	if !d.Own {
		d.Rules = slices.DeleteFunc(d.Rules, func(r Rule) bool { return !r.Here })
	}
	if d.Members != nil {
		return d.memberRules(set)
	}
	return nil
}

// rulesIn makes a rule for each kind of event that wakes a policy, in some
// accounts; none is any.
func (d *Deployment) rulesIn(set *policy.Set, accounts []string) ([]Rule, error) {
	of := &watched{regions: d.Regions, accounts: accounts}
	if err := of.calls(set); err != nil {
		return nil, err
	}
	for _, r := range append([]*Rule{of.states(set), of.tagChanges(set), of.configured(set)}, of.outcomes(set)...) {
		if r == nil {
			continue
		}
		if n := r.Pattern.size(); n > maxPattern {
			return nil, fmt.Errorf("the pattern of the rule for %s has %d characters, and EventBridge takes %d: name fewer regions, or write regions: [all]", r.About, n, maxPattern)
		}
		of.rules = append(of.rules, *r)
	}
	return of.rules, nil
}

// watched is where events are looked for, and the rules that do.
type watched struct {
	regions, accounts []string
	rules             []Rule
}

// pattern is one of an event.
func (w *watched) pattern(kind string, detail map[string]any, sources ...string) Pattern {
	return Pattern{Account: w.accounts, Region: w.regions, Source: sources, Kind: []string{kind}, Detail: detail}
}

// types are those of the policies that something wakes, with any for any.
func types(set *policy.Set, woken func(policy.Wakes) bool) []resource.Type {
	all := map[resource.Type]bool{}
	for _, p := range set.Policies {
		if woken(p.Wakes) {
			for _, t := range p.Types {
				all[t] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// callKeys are the calls that wake a policy: what creates its resources, and
// what it names.
func callKeys(set *policy.Set) map[string][]string {
	names := map[string]map[string]bool{}
	add := func(service, name string) {
		if names[service] == nil {
			names[service] = map[string]bool{}
		}
		names[service][name] = true
	}
	for _, t := range types(set, func(w policy.Wakes) bool { return w.Created }) {
		for row := range creation.All() {
			if row.Not == "" && (t == resource.Any || row.Type == t || slices.Contains(row.Brings, t)) {
				add(strings.TrimSuffix(row.Source, ".amazonaws.com"), row.Name)
			}
		}
	}
	for _, p := range set.Policies {
		for _, c := range p.Wakes.Calls {
			service, name, _ := strings.Cut(c, ":")
			add(service, name)
		}
	}
	out := map[string][]string{}
	for service, set := range names {
		out[service] = slices.Sorted(maps.Keys(set))
	}
	return out
}

// calls makes the rules for what CloudTrail records, as few as have room for
// it. A rule about several services catches a call of one that is named as
// another's; the function ignores it.
func (w *watched) calls(set *policy.Set) error {
	keys := callKeys(set)
	var now map[string][]string
	var all []map[string][]string
	for _, service := range slices.Sorted(maps.Keys(keys)) {
		for _, part := range w.fitting(service, keys[service]) {
			joined := maps.Clone(now)
			if joined == nil || len(joined[service]) > 0 {
				joined = map[string][]string{}
			}
			joined[service] = part
			if n := w.callPattern(joined).size(); n > maxPattern {
				joined = map[string][]string{service: part}
			}
			if n := w.callPattern(joined).size(); n > maxPattern {
				return fmt.Errorf("the pattern of a rule for %s:%s alone has %d characters, and EventBridge takes %d: name fewer regions, or write regions: [all]", service, part[0], n, maxPattern)
			}
			if len(all) > 0 && len(joined) > 1 {
				all = all[:len(all)-1]
			}
			now = joined
			all = append(all, joined)
		}
	}
	for i, services := range all {
		name := "Calls"
		if len(all) > 1 {
			name = fmt.Sprintf("Calls%d", i+1)
		}
		w.rules = append(w.rules, Rule{Name: name, About: "calls of " + strings.Join(slices.Sorted(maps.Keys(services)), ", ") + " that succeeded", Calls: true, Pattern: w.callPattern(services)})
	}
	return nil
}

// fitting divides the calls of one service so that each part has room in a
// pattern, or is one call.
func (w *watched) fitting(service string, names []string) [][]string {
	if len(names) <= 1 || w.callPattern(map[string][]string{service: names}).size() <= maxPattern {
		return [][]string{names}
	}
	half := len(names) / 2
	return append(w.fitting(service, names[:half]), w.fitting(service, names[half:])...)
}

// callPattern catches calls that succeeded: others have an errorCode. Nobody but
// AWS can put events of its sources on a bus.
func (w *watched) callPattern(services map[string][]string) Pattern {
	var sources []string
	var from, names []any
	seen := map[string]bool{}
	for _, s := range slices.Sorted(maps.Keys(services)) {
		sources, from = append(sources, "aws."+s), append(from, s+".amazonaws.com")
		for _, n := range services[s] {
			if !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	return w.pattern("AWS API Call via CloudTrail", map[string]any{"eventSource": from, "eventName": names,
		"errorCode": []any{map[string]any{"exists": false}}}, sources...)
}

// states catches instances that come into a state.
func (w *watched) states(set *policy.Set) *Rule {
	states := map[string]bool{}
	for _, p := range set.Policies {
		for _, s := range p.Wakes.States {
			states[s] = true
		}
	}
	if len(states) == 0 {
		return nil
	}
	return &Rule{Name: "States", About: "instances that come into a state", Pattern: w.pattern("EC2 Instance State-change Notification",
		map[string]any{"state": anys(slices.Sorted(maps.Keys(states)))}, "aws.ec2")}
}

// tagChanges catches changes of tags of the policies' services, but for those
// of nothing but the mark, which are tagwarden's own.
func (w *watched) tagChanges(set *policy.Set) *Rule {
	woken := types(set, func(w policy.Wakes) bool { return w.TagsChanged })
	if len(woken) == 0 {
		return nil
	}
	detail := map[string]any{}
	if set.Settings.Mark != "" {
		detail["changed-tag-keys"] = []any{map[string]any{"anything-but": []any{set.Settings.Mark}}}
	}
	if s := services(woken); len(s) > 0 {
		detail["service"] = anys(s)
	}
	return &Rule{Name: "TagChanges", About: "changes of tags", Pattern: w.pattern("Tag Change on Resource", detail, "aws.tag")}
}

// configNames begin AWS Config's names of types, by service.
var configNames = map[string]string{"autoscaling": "AWS::AutoScaling::", "dynamodb": "AWS::DynamoDB::", "ec2": "AWS::EC2::",
	"lambda": "AWS::Lambda::", "rds": "AWS::RDS::", "s3": "AWS::S3::"}

// configured catches what AWS Config saw change.
func (w *watched) configured(set *policy.Set) *Rule {
	woken := types(set, func(w policy.Wakes) bool { return w.Config })
	if len(woken) == 0 {
		return nil
	}
	detail := map[string]any{"messageType": []any{"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}}
	var names []any
	for _, s := range services(woken) {
		names = append(names, map[string]any{"prefix": configNames[s]})
	}
	if len(names) > 0 { // one that is too large is told of by a summary of it
		of := map[string]any{"resourceType": names}
		detail["$or"] = []any{map[string]any{"configurationItem": of}, map[string]any{"configurationItemSummary": of}}
	}
	return &Rule{Name: "ConfigItems", About: "changes that AWS Config saw", Pattern: w.pattern("Config Configuration Item Change", detail, "aws.config")}
}

// outcomes catches what other policies did, on the bus where it is published: in
// as few rules as have room for the policies' names.
func (w *watched) outcomes(set *policy.Set) []*Rule {
	policies, actions := map[string]bool{}, map[string]bool{}
	for _, p := range set.Policies {
		for _, o := range p.Wakes.Outcomes {
			policies[o.Policy], actions[o.Action.String()] = true, true
		}
	}
	if len(policies) == 0 {
		return nil
	}
	bus := set.Settings.Outcomes
	if bus == "default" {
		bus = ""
	}
	pattern := func(names []string) Pattern {
		p := w.pattern(trigger.OutcomeKind, map[string]any{"name": []any{set.Settings.Name}, "state": []any{"done"}, "policy": anys(names),
			"action": anys(slices.Sorted(maps.Keys(actions)))}, trigger.OutcomeSource)
		p.Region = nil
		return p
	}
	var out []*Rule
	all := slices.Sorted(maps.Keys(policies))
	for names := range slices.Chunk(all, most(all, pattern)) {
		out = append(out, &Rule{Name: "Outcomes", About: "what other policies did", Here: true, Bus: bus, Pattern: pattern(names)})
	}
	if len(out) > 1 {
		for i, r := range out {
			r.Name = fmt.Sprintf("Outcomes%d", i+1)
		}
	}
	return out
}

// most is how many names a pattern has room for at least, wherever they stand.
func most(names []string, of func([]string) Pattern) int {
	for n := len(names); n > 1; n-- {
		fits := true
		for part := range slices.Chunk(names, n) {
			fits = fits && of(part).size() <= maxPattern
		}
		if fits {
			return n
		}
	}
	return 1
}

// services are those of types, sorted; none where any type is among them.
func services(types []resource.Type) []string {
	all := map[string]bool{}
	for _, t := range types {
		if t == resource.Any {
			return nil
		}
		s, _, _ := strings.Cut(string(t), ":")
		all[s] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
