package deploy

import "strconv"

// bus says whether events of other accounts are waited for.
func (d *Deployment) bus() bool { return d.Members != nil && len(d.Members.Sent) > 0 }

// onBus is a pattern of the ARNs of the rules on the bus for other accounts, all
// of which are this stack's. One permission is for all of them: there may be more
// than a function's policy has room for.
func (c *cloudFormation) onBus() short {
	return sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/" + c.d.Members.Bus + "/*")
}

// members are the bus for the events of other accounts, and the rules on it.
func (c *cloudFormation) members() {
	m := c.d.Members
	c.resource("Bus", "AWS::Events::EventBus", attributes("Name", m.Bus), "The bus for the events of other accounts.")
	put := attributes("Effect", "Allow", "Principal", "*", "Action", "events:PutEvents", "Resource", attribute("Bus", "Arn"),
		"Condition", attributes("StringEquals", attributes("aws:PrincipalOrgID", ref("OrganizationId"))))
	if len(m.Accounts) > 0 {
		put = attributes("Effect", "Allow", "Principal", attributes("AWS", marks(c.text).texts(m.Accounts)), "Action", "events:PutEvents", "Resource", attribute("Bus", "Arn"))
	}
	c.resource("BusPolicy", "AWS::Events::EventBusPolicy", attributes("EventBusName", ref("Bus"), "StatementId", "members", "Statement", put))
	for _, r := range m.Rules {
		c.rule(r, ref("Bus"))
	}
	c.called("BusPermission", c.onBus())
}

// memberTemplate is the one for each other account: the role that the function takes
// on there, in the region of the function alone, and in every region the rules
// that send events on. EventBridge takes an event no further than one bus, so that
// each region sends to the function's own bus.
func memberTemplate(d *Deployment) []byte {
	const when = "IsHome"
	m := d.Members
	c := newCloudFormation(d)
	c.param("CentralRole", "String", "The role of the function: the output CentralRole of the stack that "+TemplateFile+" made.", attributes("AllowedPattern", "arn:aws[a-z-]*:iam::[0-9]{12}:role/.+"))
	if d.bus() {
		c.param("CentralBus", "String", "The bus for events: the output CentralBus of that stack.", attributes("AllowedPattern", "arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/.+"))
	}
	c.param("HomeRegion", "String", "The region of that stack. Only there the role is made, which is in no region.", attributes("AllowedPattern", "[a-z]{2}(-[a-z]+)+-[0-9]+"))
	c.variables()
	var name, path any = m.Role, m.Path
	if m.Role == "" {
		c.param("RoleName", "String", "What the policy file calls the role in this account, without its path.", attributes("AllowedPattern", "[A-Za-z0-9_+=,.@-]{1,64}"))
		c.param("RolePath", "String", "The path of the role, with a / at its beginning and end.", attributes("Default", "/", "AllowedPattern", "/([A-Za-z0-9_+=,.@-]+/)*"))
		name, path = ref("RoleName"), ref("RolePath")
	}
	c.when(when, equals(ref("AWS::Region"), ref("HomeRegion")))
	c.entered(name, path, when)
	if d.bus() {
		c.sends("SenderRole", nil, ref("CentralBus"))
	} else {
		c.nothing()
	}
	for _, r := range m.Sent {
		c.sent(r, "central", "SenderRole", nil, ref("CentralBus"))
	}
	c.people(when)
	for _, v := range d.Variables {
		if c.used[v.Name] {
			c.variable(v)
		}
	}
	return c.template("tagwarden: what an account needs to be governed by the policies of "+d.Settings, "docs/organisations.md of tagwarden says how it is deployed and what is in it.")
}

// entered is the role that the function takes on. Its session's own role is what
// is compared, so that the stack of the function can be made anew.
func (c *cloudFormation) entered(name, path any, when string) {
	m := c.d.Members
	whose := attributes("aws:PrincipalArn", ref("CentralRole"))
	var conditions any = attributes("ArnEquals", whose)
	if m.External {
		more := attributes("AllowedPattern", "[A-Za-z0-9_+=,.@:/-]{2,1224}")
		about := "The external id of the policy file for this account."
		without := conditions
		conditions = attributes("ArnEquals", whose, "StringEquals", attributes("sts:ExternalId", ref("ExternalId")))
		if !m.Always {
			more, about = attributes("Default", "", "AllowedPattern", "([A-Za-z0-9_+=,.@:/-]{2,1224})?"), about+" Empty: none."
			c.when("HasExternalId", not(equals(ref("ExternalId"), "")))
			conditions = either("HasExternalId", conditions, without)
		}
		c.param("ExternalId", "String", about, more)
	}
	var arns list
	for i := range m.Documents {
		arns = append(arns, ref("Permissions"+strconv.Itoa(i+1)))
	}
	central := short{"Select", list{4, short{"Split", list{":", ref("CentralRole")}}}}
	o := attributes("RoleName", name, "Path", path, "Description", "What the policies need in this account, and no more.",
		"AssumeRolePolicyDocument", document(list{attributes("Effect", "Allow", "Principal", attributes("AWS", central), "Action", "sts:AssumeRole", "Condition", conditions)}))
	if len(arns) > 0 {
		o.put("ManagedPolicyArns", arns)
	}
	c.resourceWith("Role", "AWS::IAM::Role", attributes("Condition", when), o, "The role that the function takes on.")
	c.permissions(m.Documents, attributes("Condition", when))
}
