package iam

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// settings adds what is needed whatever the policies are.
func (b *builder) settings() {
	if b.where.all {
		b.add(want{class: reading, permission: "ec2:DescribeRegions", elsewhere: true}, Use{For: "which regions are there?", Plan: true})
	}
	for i := range b.set.Settings.Exempt {
		b.facts(b.set.Settings.Exempt[i].When, Use{For: "the exemptions of the settings", Plan: true})
	}
}

// policy adds what one policy needs.
func (b *builder) policy(p *policy.Policy) {
	use := func(what string) Use { return Use{Policy: p.Name, For: what, Plan: true} }
	for _, t := range slices.Concat(p.Types, p.Children) {
		b.list(t, use("reading "+string(t)))
	}
	b.expressions(p, use("expressions"))
	if p.TagsFrom != "" && b.set.Unread && b.ruled(p) {
		b.fact(need.Creator, use("UserLookup in its table of rules"))
		b.note(false, "the rules of "+p.Name+" are in a table, which is not read here: it may write tags of any key, and a Function in it may need more than reading what the policy is about")
	}
	if p.Mode == policy.Enforce {
		for i := range p.Steps {
			b.look(p, &p.Steps[i])
		}
	}
	if b.readOnly {
		return
	}
	for _, t := range slices.Concat(p.Types, p.Children) {
		b.readAgain(p, t)
	}
	if p.Wakes.Any() && p.Concerns(resource.Any) {
		b.named(Use{Policy: p.Name, For: "reading what an event names, whatever its type"})
	}
	if p.Mode == policy.Enforce {
		b.repairs(p)
		b.marks(p)
		for i := range p.Steps {
			b.step(p, &p.Steps[i])
		}
	}
	b.notices(p)
}

// ruled says whether the policy has rules from a table in DynamoDB.
func (b *builder) ruled(p *policy.Policy) bool {
	return slices.ContainsFunc(b.set.Outside, func(o policy.Outside) bool { return o.Policy == p.Name })
}

// listing is the fact of what listing a type gives.
func listing(t resource.Type) need.Fact {
	s, _ := resource.SchemaOf(t) // a policy is about no other
	f, _ := s.Field("id")
	return f.Fact
}

func (b *builder) list(t resource.Type, u Use) { b.fact(listing(t), u) }

// readAgain adds what reading single resources needs, before they are acted on
// and where a plan was saved.
func (b *builder) readAgain(p *policy.Policy, t resource.Type) {
	types := []resource.Type{t}
	what := "reading again " + string(t)
	if t == resource.Any {
		types = nil
		for _, s := range resource.Schemas() {
			if s.Type != resource.Any {
				types = append(types, s.Type)
			}
		}
		what = "reading again, whatever its type"
	}
	for _, t := range types {
		b.list(t, Use{Policy: p.Name, For: what})
		for _, permission := range again[t] {
			b.add(want{class: reading, permission: permission}, Use{Policy: p.Name, For: what})
		}
	}
}

// fact adds the calls of a fact.
func (b *builder) fact(f need.Fact, u Use) {
	c, _ := need.Of(f) // every fact has a cost
	for _, call := range c.Calls {
		b.add(want{class: reading, permission: call.Permission()}, u)
	}
	if f == need.Creator {
		b.creators = true
		b.archive(u)
		// Behind a service is who made what it made things for, or the owner of that.
		b.list(resource.AutoScalingGroup, u)
		b.fact(need.Tags, u)
	}
}

// named adds the calls about what an event names of types that tagwarden does
// not have.
func (b *builder) named(u Use) {
	b.fact(need.Tags, u)
	for _, call := range need.ReadIAMTags {
		b.add(want{class: reading, permission: call.Permission()}, u)
	}
}

// facts adds those of an expression; nil needs none.
func (b *builder) facts(p *expr.Program, u Use) {
	if p == nil {
		return
	}
	for _, f := range p.Facts() {
		if c, _ := need.Of(f); c.Lazy { // the others come with listing
			b.fact(f, Use{Policy: u.Policy, For: string(f) + " in " + u.For, Plan: u.Plan})
		}
	}
}

// expressions adds the facts of all expressions of a policy, and of the routers
// that it reaches.
func (b *builder) expressions(p *policy.Policy, u Use) {
	b.facts(p.Match, u)
	for i := range p.Exempt {
		b.facts(p.Exempt[i].When, u)
	}
	for i := range p.Tags {
		b.facts(p.Tags[i].Value, u)
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		b.facts(s.When, u)
		b.facts(s.Rule, u)
		if s.After != nil {
			b.facts(s.After.Prog, u)
		}
		if s.Action != action.Notify {
			continue
		}
		for _, c := range b.set.Reached(s) {
			if c.Router == nil {
				continue
			}
			for _, t := range append(slices.Clone(p.Types), resource.Any) {
				b.facts(c.Router.By[t], u)
			}
		}
	}
}

// look adds what is read because it could forbid a step.
func (b *builder) look(p *policy.Policy, s *policy.Step) {
	for _, t := range p.Types {
		facts := looks[t][s.Action]
		if s.Backup {
			facts = slices.Concat(facts, looks[t][action.Backup])
		}
		for _, f := range facts {
			b.fact(f, Use{Policy: p.Name, For: string(f) + " before " + s.ID, Plan: true})
		}
	}
}

// change adds the permissions of an action on resources of a type.
func (b *builder) change(t resource.Type, k action.Kind, ks *keys, u Use) {
	if t == resource.Any {
		b.note(false, "the tags of other types than tagwarden's own take the permissions of their services too, such as sqs:TagQueue: the managed policy ResourceGroupsTaggingAPITagUntagSupportedResources of AWS has them")
	}
	for _, r := range changes[t][k] {
		w := want{class: r.class, permission: r.permission, on: r.on, more: r.more}
		if r.keyed {
			w.keys = ks
		}
		b.add(w, u)
	}
	for _, permission := range beforehand[t][k] {
		b.add(want{class: reading, permission: permission}, u)
	}
}

// retag adds what changing tags of resources of some types takes.
func (b *builder) retag(types []resource.Type, write, drop *keys, u Use) {
	for _, t := range types {
		if !write.empty() {
			b.change(t, action.Tag, write, u)
		}
		if !drop.empty() {
			b.change(t, action.Untag, drop, u)
		}
	}
}

// repairs adds what writing the tags of the rules takes.
func (b *builder) repairs(p *policy.Policy) {
	write, drop := keysOf(), keysOf()
	for i := range p.Tags {
		r := &p.Tags[i]
		renames := r.AnyCase || len(r.Aliases) > 0
		if r.Default != nil || r.Value != nil || r.Fallback != nil || renames {
			write.names[r.Key] = true
		}
		for _, a := range r.Aliases {
			drop.names[a] = true
		}
		if r.AnyCase {
			drop.names[r.Key], drop.anyCase = true, true
		}
	}
	if b.set.Unread && b.ruled(p) {
		write.unknown = true
	}
	b.retag(slices.Concat(p.Types, p.Children), write, drop, Use{Policy: p.Name, For: "repairing tags"})
}

// marks adds what showing deadlines takes. A mark is written where a step can be
// waited for, and may be there still from when one was.
func (b *builder) marks(p *policy.Policy) {
	key := b.set.Settings.Mark
	acts := slices.ContainsFunc(p.Steps, func(s policy.Step) bool { return s.Action != action.Notify })
	if key == "" || !acts {
		return
	}
	var write *keys
	if waits(p.Steps) {
		write = keysOf(key)
	}
	b.retag(p.Types, write, keysOf(key), Use{Policy: p.Name, For: "the mark"})
}

// waits says whether one of the steps can be waited for: for its time, or for
// another one that destroys and has failed. The edges of hours are not shown.
func waits(steps []policy.Step) bool {
	destroys := action.Kind(0)
	for i := range steps {
		s := &steps[i]
		switch {
		case s.Action == action.Notify:
		case s.After != nil, s.Since != "":
			return true
		case s.Action.Destructive() && destroys != 0 && destroys != s.Action:
			return true
		case s.Action.Destructive():
			destroys = s.Action
		}
	}
	return false
}

// step adds what a step does.
func (b *builder) step(p *policy.Policy, s *policy.Step) {
	u := Use{Policy: p.Name, For: s.ID}
	switch s.Action {
	case action.Notify:
		return
	case action.Tag:
		b.retag(p.Types, keysOf(s.Tags.Keys()...), nil, u)
		return
	case action.Untag:
		b.retag(p.Types, nil, keysOf(s.Keys...), u)
		return
	case action.Invoke:
		b.add(want{class: running, permission: "lambda:InvokeFunction", on: []string{functionARN(s.Function)}, elsewhere: strings.HasPrefix(s.Function, "arn:")}, u)
		return
	case action.RunCommand:
		b.add(want{class: running, permission: "ssm:SendCommand", on: []string{documentARN(s.Document)}}, u)
	case action.Isolate:
		for _, group := range s.Groups {
			b.add(want{class: acting, permission: "ec2:ModifyNetworkInterfaceAttribute", on: []string{strings.TrimSuffix(ec2("security-group"), "*") + literal(group)}}, u)
		}
	}
	for _, t := range p.Types {
		b.change(t, s.Action, nil, u)
		if s.Backup {
			b.change(t, action.Backup, keysOf(resource.BackupTag), Use{Policy: u.Policy, For: "the backup before " + s.ID})
		}
		if t == resource.AutoScalingGroup {
			b.sizes(s, u)
		}
	}
}

// sizes adds the note of a group's sizes: a stop writes it, a start takes it
// away.
func (b *builder) sizes(s *policy.Step, u Use) {
	types := []resource.Type{resource.AutoScalingGroup}
	switch s.Action {
	case action.Stop:
		b.retag(types, keysOf(resource.SizesTag), nil, u)
	case action.Start:
		b.retag(types, nil, keysOf(resource.SizesTag), u)
	}
}
