package deploy

import "slices"

// atHome is the condition for what a member has once, and in no region.
const atHome = "var.region == var.home_region"

// members are the bus for the events of other accounts, and the rules on it. One
// permission is for all of them: there may be more than a function's policy has
// room for.
func (t *terraform) members() {
	m := t.d.Members
	t.resource("aws_cloudwatch_event_bus", "members", attributes("name", m.Bus), "The bus for the events of other accounts.")
	on := expr("aws_cloudwatch_event_bus.members.arn")
	put := attributes("Sid", "members", "Effect", "Allow", "Principal", "*", "Action", "events:PutEvents", "Resource", on,
		"Condition", attributes("StringEquals", attributes("aws:PrincipalOrgID", expr("var.organization_id"))))
	if len(m.Accounts) > 0 {
		var roots list
		for _, id := range m.Accounts {
			roots = append(roots, t.rootOf(id))
		}
		put = attributes("Sid", "members", "Effect", "Allow", "Principal", attributes("AWS", roots), "Action", "events:PutEvents", "Resource", on)
	}
	t.resource("aws_cloudwatch_event_bus_policy", "members", attributes("event_bus_name", expr("aws_cloudwatch_event_bus.members.name"), "policy", encoded{document(list{put})}))
	for _, r := range m.Rules {
		t.rule(r, expr("aws_cloudwatch_event_bus.members.name"))
	}
	t.called("members", "Members", t.onBus())
}

// onBus is a pattern of the ARNs of the rules on the bus for other accounts.
func (t *terraform) onBus() template { return t.here("events", "rule/"+t.d.Members.Bus+"/*") }

// memberModule is the module of each other account and region: the role that the
// function takes on, in one region of each account alone, and the rules that send
// events on. EventBridge takes an event no further than one bus, so that each
// region sends to the function's own bus.
func memberModule(d *Deployment) []block {
	if d.Members == nil {
		return nil
	}
	m := d.Members
	t := &terraform{d: d, taken: map[string]bool{}, used: map[string]bool{}}
	t.variables()
	t.param("region", "string", "The region of the provider that the module is given.", object{looksLikeRegion})
	t.param("home_region", "string", "The region of the function. Only there the role is made, which is in no region.", nil)
	t.param("central_role", "string", "The role of the function: the output central_role.", object{valid(`can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.central_role))`, "It is the ARN of a role.")})
	if d.bus() {
		t.param("central_bus", "string", "The bus for events: the output central_bus.", object{valid(`can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/", var.central_bus))`, "It is the ARN of a bus.")})
	}
	var name, path any = m.Role, m.Path
	if m.Role == "" {
		t.param("role_name", "string", "What the policy file calls the role in this account, without its path.", nil)
		t.param("role_path", "string", "The path of the role, with a / at its beginning and end.", attributes("default", "/"))
		name, path = expr("var.role_name"), expr("var.role_path")
	}
	if d.bus() {
		t.sends("sender", "Lets rules send events on to the bus of tagwarden.", "var.central_bus", "Whatever a rule catches here goes to the bus of the function.")
	}
	for _, r := range m.Sent {
		t.sent(r, "central", "var.central_bus", "aws_iam_role.sender.arn")
	}
	t.entered(name, path)
	t.people(atHome)
	for _, v := range d.Variables {
		if t.used[v.Name] {
			t.forVariable(v)
		}
	}
	return slices.Concat([]block{{kind: "terraform", body: required("")}}, t.params, pseudoBlocks(), t.things, t.outputs)
}

// sends is the role with which rules send events on to a bus.
func (t *terraform) sends(name, about string, bus expr, comment ...string) {
	t.resource("aws_iam_role", name, attributes("name_prefix", t.prefix(name, 64), "description", about,
		"assume_role_policy", t.assumedBy("events.amazonaws.com", attributes("aws:SourceAccount", expr("local.account")))), comment...)
	t.resource("aws_iam_role_policy", name, attributes("name", "send", "role", expr("aws_iam_role."+name+".id"), "policy",
		encoded{document(list{attributes("Effect", "Allow", "Action", "events:PutEvents", "Resource", bus)})}))
}

// entered is the role that the function takes on. Its session's own role is what
// is compared, so that the function's can be made anew.
func (t *terraform) entered(name, path any) {
	m := t.d.Members
	makes := one(atHome)
	whose := attributes("aws:PrincipalArn", expr("var.central_role"))
	with := func(condition object) encoded {
		return encoded{document(list{attributes("Effect", "Allow", "Principal", attributes("AWS", t.rootOf(expr(`split(":", var.central_role)[4]`))), "Action", "sts:AssumeRole", "Condition", condition)})}
	}
	var trust any = with(attributes("ArnEquals", whose))
	if m.External {
		about, more := "The external id of the policy file for this account.", object{valid("length(var.external_id) >= 2", "The policy file has an external id for this account.")}
		without := trust
		trust = with(attributes("ArnEquals", whose, "StringEquals", attributes("sts:ExternalId", expr("var.external_id"))))
		if !m.Always {
			about, more = about+" Empty: none.", attributes("default", "")
			trust = choice{`var.external_id == ""`, without, trust}
		}
		t.param("external_id", "string", about, more)
	}
	t.resource("aws_iam_role", "entered", object{makes, {key: "name", value: name}, {key: "path", value: path}, {key: "description", value: "What the policies need in this account, and no more."},
		{key: "assume_role_policy", value: trust}},
		"The role that the function takes on.")
	t.permissions(m.Documents, "aws_iam_role.entered[0].name", object{makes})
}

// rootOf is the ARN of an account, which is everybody in it.
func (t *terraform) rootOf(account any) template {
	return template{"arn:", expr("local.partition"), ":iam::", account, ":root"}
}
