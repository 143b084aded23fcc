package deploy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The names of Terraform's files. All are always written: what is left of an
// earlier time would count.
const (
	versionsFile   = "versions.tf"
	providersFile  = "providers.tf"
	variablesFile  = "variables.tf"
	mainFile       = "main.tf"
	elsewhereFile  = "forwarding.tf"
	outputsFile    = "outputs.tf"
	forwardingRoot = "forwarding/main.tf"
	memberRoot     = "member/main.tf"
)

// TerraformFiles are the names of the files of a deployment. Others in the folder
// are somebody else's.
func TerraformFiles() []string {
	return []string{versionsFile, providersFile, variablesFile, mainFile, elsewhereFile, outputsFile, forwardingRoot, memberRoot}
}

// head is above every file.
const head = "Made by tagwarden deploy terraform; made anew, it is written over.\ndocs/terraform.md of tagwarden says how it is applied and what is in it."

// enabled are the regions that are enabled in every account ("AWS Regions" in
// the reference guide of account management).
var enabled = []string{"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
	"eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"}

// regionName is what a region's name looks like.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// Terraform writes the files of a deployment for Terraform, and the names of
// those in folders have a slash. Regions are those whose events are sent on
// where the policies are about all regions; none: those that every account has.
// The error says what HCL cannot hold, or which region is none.
func Terraform(d *Deployment, regions []string) ([]File, error) {
	regions, err := d.forwarded(regions)
	if err != nil {
		return nil, err
	}
	t := &terraform{d: d, regions: regions, taken: map[string]bool{}, used: map[string]bool{}}
	t.variables()
	t.parameters()
	t.resources()
	w := &hclWriter{}
	elsewhere, others := head, head+"\nThe module is for each region of each other account, with a provider for it."
	if len(regions) == 0 {
		elsewhere += "\nNo event of another region is wanted."
	}
	if d.Members == nil {
		others = head + "\nNo other account is governed."
	}
	files := []File{
		{versionsFile, w.hcl(head, []block{{kind: "terraform", body: required(">= 1.5")}})},
		{providersFile, w.hcl(head+"\nWhatever else the providers are to know is for a file that ends in _override.tf.", t.providers())},
		{variablesFile, w.hcl(head+"\nValues are for terraform.tfvars, or whatever else Terraform reads them from.", t.params)},
		{mainFile, w.hcl(head, t.things)},
		{elsewhereFile, w.hcl(elsewhere, t.forwarding())},
		{outputsFile, w.hcl(head, t.outputs)},
		{forwardingRoot, w.hcl(elsewhere, t.module())},
		{memberRoot, w.hcl(others, memberModule(d))},
	}
	return files, errors.Join(w.errs...)
}

// forwarded are the regions whose events are sent on to that of the function,
// which may be among them.
func (d *Deployment) forwarded(asked []string) ([]string, error) {
	switch {
	case len(asked) > 0 && (!d.Everywhere || !d.forwards()):
		return nil, errors.New("regions can be chosen where the settings say regions: [all] and events wake a policy; these policy files name their regions themselves, or need none")
	case !d.forwards():
		return nil, nil
	case !d.Everywhere:
		return d.Regions, nil
	case len(asked) == 0:
		d.Notes = append(d.Notes, fmt.Sprintf("events are sent on from the %d regions that every account has enabled: where others are, or some of these are not, name all regions with --regions", len(enabled)))
		return enabled, nil
	}
	for _, r := range asked {
		if !regionName.MatchString(r) {
			return nil, fmt.Errorf("%q is no name of a region: it looks like eu-west-1", r)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

// terraform writes the files of one deployment.
type terraform struct {
	d       *Deployment
	regions []string
	// taken are the names of variables.
	taken                   map[string]bool
	params, things, outputs []block
	// variable is the name of each variable's, and topicOf that of the topic of each
	// channel which names none.
	variable, topicOf map[string]string
	// used are the variables that were referred to.
	used map[string]bool
}

// required says which Terraform and which provider the files are for: the last
// of 5, by which tests hold them, and 6, which took nothing away that is in them
// ("Version 6 Upgrade Guide" of the provider). The youngest of what is asked of
// Terraform itself are preconditions, of 1.2.
func required(version string) object {
	providers := nested{{key: "aws", value: attributes("source", "hashicorp/aws", "version", ">= 5.100, < 7.0")}}
	if version == "" {
		return object{{key: "required_providers", value: providers}}
	}
	return object{{key: "required_version", value: version}, {key: "required_providers", value: providers}}
}

// providers are that of the region of the function, and one for each region
// whose events are sent on.
func (t *terraform) providers() []block {
	tags := func() member {
		return member{key: "default_tags", value: nested{{key: "tags", value: expr("var.tags")}}}
	}
	out := []block{{kind: "provider", labels: []string{"aws"}, body: object{{key: "region", value: expr("var.region")}, tags()}}}
	for _, r := range t.regions {
		out = append(out, block{kind: "provider", labels: []string{"aws"}, body: object{{key: "alias", value: snake(r)}, {key: "region", value: r}, tags()}})
	}
	return out
}

// resource adds one to main.tf.
func (t *terraform) resource(kind, name string, body object, comment ...string) {
	t.things = append(t.things, block{kind: "resource", labels: []string{kind, name}, body: body, comment: strings.Join(comment, "\n")})
}

// locals adds short names for what is said often.
func (t *terraform) locals(comment string, pairs ...any) {
	t.things = append(t.things, block{kind: "locals", body: attributes(pairs...), comment: comment})
}

// pseudoLocals are what stands for what only AWS knows, by mark.
var pseudoLocals = map[string]expr{"account": "local.account", "region": "var.region", "partition": "local.partition"}

// text writes text whose marks are references.
func (t *terraform) text(s string) any {
	places := marked.FindAllStringSubmatchIndex(s, -1)
	if len(places) == 0 {
		return s
	}
	if len(places) == 1 && places[0][0] == 0 && places[0][1] == len(s) {
		return t.reference(s[places[0][2]:places[0][3]])
	}
	var out template
	at := 0
	for _, p := range places {
		if p[0] > at {
			out = append(out, s[at:p[0]])
		}
		out = append(out, t.reference(s[p[2]:p[3]]))
		at = p[1]
	}
	if at < len(s) {
		out = append(out, s[at:])
	}
	return out
}

// reference is what a mark refers to.
func (t *terraform) reference(mark string) expr {
	if e, ok := pseudoLocals[mark]; ok {
		return e
	}
	switch "\x00" + mark + "\x00" {
	case QueueURL:
		return "aws_sqs_queue.retries.url"
	case WaitRole:
		return "aws_iam_role.waits.arn"
	case Organization:
		return "var.organization_id"
	}
	if channel, ok := strings.CutPrefix(mark, "topic:"); ok {
		return expr("local." + t.topicOf[channel] + "_topic")
	}
	variable := strings.TrimPrefix(mark, "variable:")
	name := t.variable[variable]
	t.used[variable] = true
	for _, v := range t.d.Variables {
		switch {
		case v.Name != variable:
		case v.Kind == Secret:
			return expr("data.aws_secretsmanager_secret_version." + name + ".secret_string")
		case v.Kind == ForTopic:
			return expr("local." + name + "_topic")
		}
	}
	return expr("var." + name)
}

// words divides a name of one of the model's things: TagChanges is Tag, Changes.
var words = regexp.MustCompile(`[A-Z]+[a-z]*[0-9]*|[a-z]+[0-9]*|[0-9]+`)

// snake writes what Terraform calls a thing: TagChanges and SES-FROM are
// tag_changes and ses_from.
func snake(s string) string { return strings.ToLower(strings.Join(words.FindAllString(s, -1), "_")) }

// named is the function's name with more after it, of at most so many characters
// in all: what is longer ends in a digest.
func (t *terraform) named(more string, most int) string {
	more = "-" + strings.ReplaceAll(more, "_", "-")
	if len(t.d.Name)+len(more) <= most {
		return t.d.Name + more
	}
	h := sha256.Sum256([]byte(t.d.Name))
	sum := "-" + hex.EncodeToString(h[:4])
	return t.d.Name[:most-len(more)-len(sum)] + sum + more
}

// prefix is the beginning of a name that no region has for itself, and which the
// provider ends in 26 characters of its own. most is what AWS takes of both.
func (t *terraform) prefix(what string, most int) string {
	what = "-" + what + "-"
	return t.d.Name[:min(len(t.d.Name), most-26-len(what))] + what
}

// choose is an expression that chooses between two.
func choose(when, yes, no string) expr { return expr(when + " ? " + yes + " : " + no) }

// one counts a resource that is made on a condition.
func one(when string) member { return member{key: "count", value: choose(when, "1", "0")} }

// kept is what is never to be deleted with the rest.
func kept() member {
	return member{key: "lifecycle", value: nested{{key: "prevent_destroy", value: true}}}
}

// output adds one.
func (t *terraform) output(name, about string, value any) {
	t.outputs = append(t.outputs, block{kind: "output", labels: []string{name}, body: attributes("description", about, "value", value)})
}

// tell says what whoever applies may want to know.
func (t *terraform) tell() {
	put := t.output
	put("function", "What events and schedules call.", expr("aws_lambda_alias.prod.arn"))
	put("version", "The version of the function that is called.", expr("aws_lambda_alias.prod.function_version"))
	if t.d.Members != nil {
		put("central_role", "The role of the function, which the module of other accounts asks for.", expr("aws_iam_role.function.arn"))
	}
	if t.d.bus() {
		put("central_bus", "The bus for events of other accounts, which that module asks for.", expr("aws_cloudwatch_event_bus.members.arn"))
	}
	put("ledger_table", "The table of the ledger.", marks(t.text).tableName(t.d.Ledger))
	put("dead_letters_queue", "The queue of what was given up.", expr("aws_sqs_queue.dead_letters.url"))
	names := map[string]bool{}
	for _, s := range t.d.Senders {
		name := free(names, "sender_"+snake(s.Channel), "_")
		put(name, "SES must have verified this sender, or its domain, in the region.", t.text(t.d.referring(s.From)+" in "+cmp.Or(s.Region, Region)))
	}
}
