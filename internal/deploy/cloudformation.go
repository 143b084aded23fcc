package deploy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// File is a file that is to be written.
type File struct {
	Name string
	Data []byte
}

// The names of the templates.
const (
	TemplateFile   = "template.yaml"
	ForwardingFile = "forwarding.yaml"
	MemberFile     = "member.yaml"
	PackageFile    = "function.zip"
)

// TemplateFiles are the names of all templates that there may be.
func TemplateFiles() []string { return []string{TemplateFile, ForwardingFile, MemberFile} }

// maxBody is how many bytes a template may have that is handed over with the
// call; a larger one is read from a bucket ("CloudFormation quotas").
const maxBody = 51200

// CloudFormation writes the templates of a deployment: the stack, where events of
// several regions are wanted that of each other region, and where other accounts
// are governed that of each of them.
func CloudFormation(d *Deployment) ([]File, error) {
	c := newCloudFormation(d)
	c.variables()
	c.parameters()
	c.resources()
	files := []File{{TemplateFile, c.template("tagwarden: the policies of "+d.Settings, "docs/cloudformation.md of tagwarden says how it is deployed and what is in it.")}}
	if d.forwards() {
		files = append(files, File{ForwardingFile, forwarding(d)})
	}
	if d.Members != nil {
		files = append(files, File{MemberFile, memberTemplate(d)})
	}
	const maxTemplate = 1 << 20 // of one that is read from a bucket
	for _, f := range files {
		if bytes.Contains(resolved.ReplaceAll(f.Data, nil), []byte("{{resolve:")) {
			return nil, errors.New("the policy files, or the values of their variables, have the text {{resolve:, for which CloudFormation puts in a secret or a parameter of the account, wherever it stands: take it out, or deploy with Terraform")
		}
		if len(f.Data) > maxTemplate {
			return nil, fmt.Errorf("%s has %d bytes, and CloudFormation takes %d: deploy some of the policies by themselves", f.Name, len(f.Data), maxTemplate)
		}
		if len(f.Data) > maxBody {
			d.Notes = append(d.Notes, fmt.Sprintf("%s has more than %d bytes: CloudFormation reads it from a bucket, which aws cloudformation deploy is told by --s3-bucket", f.Name, maxBody))
		}
	}
	return files, nil
}

// resolved is how a template of ours has a secret put in ("Dynamic references" in
// the user guide of CloudFormation).
var resolved = regexp.MustCompile(`\{\{resolve:secretsmanager:\$\{[A-Za-z0-9]+\}:SecretString\}\}`)

// forwards says whether events of another region than the stack's are wanted.
func (d *Deployment) forwards() bool {
	if !d.Everywhere && len(d.Regions) == 0 {
		return false
	}
	for _, r := range d.Rules {
		if !r.Here {
			return true
		}
	}
	return false
}

// records says whether a rule catches what CloudTrail records.
func (d *Deployment) records() bool {
	for _, r := range d.Rules {
		if r.Calls {
			return true
		}
	}
	return false
}

// cloudFormation writes one template.
type cloudFormation struct {
	d *Deployment
	// names are those of parameters and resources that are taken.
	names                      map[string]bool
	params, conditions, things object
	outputs                    object
	// parameter is the name of each variable's, and topicOf that of the topic of
	// each channel which names none.
	parameter, topicOf map[string]string
	// used are the variables that were referred to.
	used map[string]bool
}

func newCloudFormation(d *Deployment) *cloudFormation {
	return &cloudFormation{d: d, names: map[string]bool{}, used: map[string]bool{}}
}

// template is the whole. What comes after the first line above it says more.
func (c *cloudFormation) template(description string, more ...string) []byte {
	var t object
	t.put("AWSTemplateFormatVersion", "2010-09-09", append([]string{"Made by tagwarden deploy cloudformation; made anew, it is written over."}, more...)...)
	t.put("Description", description)
	t.put("Parameters", c.params)
	t.put("Conditions", c.conditions)
	t.put("Resources", c.things)
	if len(c.outputs) > 0 {
		t.put("Outputs", c.outputs)
	}
	return yaml(t)
}

// resource adds one.
func (c *cloudFormation) resource(name, kind string, properties object, comment ...string) {
	c.resourceWith(name, kind, nil, properties, comment...)
}

// resourceWith adds one with more beside its properties.
func (c *cloudFormation) resourceWith(name, kind string, more, properties object, comment ...string) {
	var o object
	o.put("Type", kind)
	o = append(o, more...)
	o.put("Properties", properties)
	c.things.put(name, o, comment...)
}

// attributes is a resource's other attributes: name and value in turn.
func attributes(pairs ...any) object {
	var o object
	for i := 0; i+1 < len(pairs); i += 2 {
		o.put(pairs[i].(string), pairs[i+1])
	}
	return o
}

func ref(name string) short              { return short{"Ref", name} }
func attribute(name, of string) short    { return short{"GetAtt", name + "." + of} }
func sub(text string) short              { return short{"Sub", text} }
func either(when string, a, b any) short { return short{"If", list{when, a, b}} }

// marked splits text at its marks.
var marked = regexp.MustCompile("\x00([^\x00]*)\x00")

// pseudo are CloudFormation's own parameters, by mark.
var pseudo = map[string]string{"account": "AWS::AccountId", "region": "AWS::Region", "partition": "AWS::Partition"}

// text writes text whose marks are references.
func (c *cloudFormation) text(s string) any {
	places := marked.FindAllStringSubmatchIndex(s, -1)
	if len(places) == 0 {
		return s
	}
	if len(places) == 1 && places[0][0] == 0 && places[0][1] == len(s) {
		return c.reference(s[places[0][2]:places[0][3]])
	}
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(strings.ReplaceAll(s[at:p[0]], "${", "${!"))
		b.WriteString("${" + c.named(s[p[2]:p[3]]) + "}")
		at = p[1]
	}
	b.WriteString(strings.ReplaceAll(s[at:], "${", "${!"))
	return sub(b.String())
}

// named is what !Sub has for a mark: a pseudo parameter, a parameter or a topic,
// whose reference is its ARN.
func (c *cloudFormation) named(mark string) string {
	if name, ok := pseudo[mark]; ok {
		return name
	}
	if channel, ok := strings.CutPrefix(mark, "topic:"); ok {
		return c.topicOf[channel] + "Topic"
	}
	variable := strings.TrimPrefix(mark, "variable:")
	c.used[variable] = true
	return c.parameter[variable]
}

// reference is what a whole mark refers to.
func (c *cloudFormation) reference(mark string) any {
	switch "\x00" + mark + "\x00" {
	case QueueURL:
		return ref(queue)
	case WaitRole:
		return attribute(waitRole, "Arn")
	case Organization:
		return ref("OrganizationId")
	}
	variable, name := strings.TrimPrefix(mark, "variable:"), c.named(mark)
	for _, v := range c.d.Variables {
		if v.Name != variable {
			continue
		}
		switch v.Kind {
		case Secret:
			return sub("{{resolve:secretsmanager:${" + name + "}:SecretString}}")
		case ForTopic:
			return either("Makes"+name+"Topic", ref(name+"Topic"), ref(name))
		case Plain:
		}
	}
	return ref(name)
}

// CodeKey is where in a bucket the package is looked for unless somebody says
// otherwise: another release is another object.
func (d *Deployment) CodeKey() string { return d.Name + "/" + d.release() + ".zip" }

// release names what is deployed: another name makes another version of the
// function.
func (d *Deployment) release() string {
	b, err := json.Marshal([]any{d.Digest, d.Function, d.Name})
	if err != nil {
		panic("deploy: " + err.Error()) // text and numbers alone: it cannot fail
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:6])
}
