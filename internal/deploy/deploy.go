// Package deploy says what a policy file needs in AWS to run there by itself:
// a function, rules of EventBridge, schedules, queues, tables, topics, alarms
// and a role. What it needs is a Deployment; CloudFormation writes it as
// templates, and Terraform as its files. It asks nobody, and the same policy files give the same bytes.
package deploy

import (
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Marks stand in the text of a Deployment for what only AWS knows, between two
// zero bytes, which nothing in a policy file can have. A renderer writes its own
// references for them.
const (
	Account   = "\x00account\x00"
	Region    = "\x00region\x00"
	Partition = "\x00partition\x00"
	// QueueURL is that of the queue which calls the function, WaitRole the ARN of
	// the role with which EventBridge Scheduler puts messages into it.
	QueueURL = "\x00queue\x00"
	WaitRole = "\x00waitrole\x00"
)

// VariableMark stands for the value of a variable, or of the topic made for it.
func VariableMark(name string) string { return "\x00variable:" + name + "\x00" }

// TopicMark stands for the ARN of the topic that is made for a channel which
// names none.
func TopicMark(channel string) string { return "\x00topic:" + channel + "\x00" }

// Options are what a policy file does not say.
type Options struct {
	// Name is the function's, and the beginning of other names; "": made of the
	// settings' name.
	Name string
	// Files are the paths of the policy files in the package, in order.
	Files []string
	// Variables are those that the policy files name.
	Variables []Variable
	// Package is the package that the function is made of, nil where it is made
	// by others.
	Package *Package
}

// Deployment is what a policy file needs in AWS.
type Deployment struct {
	// Name is the function's.
	Name string
	// Settings is the settings' name.
	Settings string
	// Digest tells releases apart: that of the policies, or of the package.
	Digest   string
	Function Function
	// Regions are those whose events are wanted; none: that of the deployment.
	Regions []string
	// Everywhere says that events of all regions are wanted, and Regions is empty.
	Everywhere bool
	// Own says that the account of the deployment is one of those governed.
	Own bool
	// Members are the others, nil for none.
	Members   *Members
	Rules     []Rule
	Schedules []Schedule
	// Waits says that policies let events settle, in the queue which calls the
	// function. WaitsLong says that some do for longer than a queue holds a message
	// back: EventBridge Scheduler keeps these, and puts them into it by WaitRole.
	Waits, WaitsLong bool
	// Ledger is always there; Tables are those of tag rules.
	Ledger Table
	Tables []Table
	// Topics are those that are made: of channels that name none, and where the
	// variable is left empty.
	Topics    []Topic
	Variables []Variable
	// Documents are the policies of the role, but for what the function needs to
	// run at all.
	Documents []iam.Document
	// fixed are the variables whose value is in the deployment itself.
	fixed []Variable
	// refers are the texts that are made of each variable whose value is known.
	refers map[string]map[string]bool
	// People is what people may do, nil where the files say nothing of access.
	People *iam.Document
	// Senders are the identities that SES must have verified.
	Senders []Sender
	// Notes are sentences for whoever deploys.
	Notes []string
}

// Function is the function of AWS Lambda.
type Function struct {
	// Architecture is arm64 or x86_64.
	Architecture string
	// Timeout is in seconds, Memory in megabytes.
	Timeout, Memory int
	// Environment is sorted by name; values may hold marks.
	Environment []Setting
	// SHA256 is that of the package, in base64 as Lambda has it; "" where the
	// package is not known.
	SHA256 string
}

// Setting is a variable of the function's environment.
type Setting struct{ Name, Value string }

// Rule is a rule of EventBridge.
type Rule struct {
	// Name is unique, of letters and digits.
	Name string
	// About says what it catches, for people.
	About string
	// Bus is the name of the bus, "" for the default one.
	Bus string
	// Here says that the events are put on the bus of the function's region
	// alone.
	Here bool
	// Calls says that it catches what CloudTrail records.
	Calls   bool
	Pattern Pattern
}

// Schedule runs policies at times.
type Schedule struct {
	// Expression is rate(…) or cron(…), Zone a name such as Europe/Berlin.
	Expression, Zone string
	Policies         []string
	// Input is what the function is given.
	Input string
}

// Table is a table of DynamoDB.
type Table struct {
	// Name may be an ARN where Made is false.
	Name string
	// Made says that the deployment can make it; else it is elsewhere.
	Made bool
	// RangeKey may be "".
	HashKey, RangeKey string
	// Kinds are the attributes in keys, and their types, in order.
	Kinds   []Setting
	Indexes []Index
	// TTL is the attribute of the time to live, "" for none.
	TTL string
	// Variable is the name of the variable that names it, "" where the file does.
	Variable string
}

// Index is a global secondary index that projects everything.
type Index struct{ Name, HashKey, RangeKey string }

// Topic is a topic of SNS. It is made where its variable is left empty; without
// one it is always made, for the one channel.
type Topic struct {
	Variable string
	Channels []string
}

// Sender is who sends mail, and from which region; "" is the deployment's.
type Sender struct{ Channel, From, Region string }

// Kind says what a variable of a policy file is.
type Kind int

// The kinds of variables.
const (
	// Plain values become parameters.
	Plain Kind = iota
	// Secret values are read from Secrets Manager.
	Secret
	// ForTopic values are the ARN of a topic, which is made where there is none.
	ForTopic
)

// Variable is a ${NAME} of the policy files.
type Variable struct {
	Name string
	Kind Kind
	// Default is the value that the policies were read with, "" for a secret and
	// where none is known.
	Default string
	// Known says that Default is one.
	Known bool
	// twin is how the files read with another value, nil where none fits.
	twin *twin
}

// The function's own settings. A sweep of a large account takes minutes, and
// Lambda ends a function after 15 ("Lambda quotas").
const (
	timeout = 900
	memory  = 512
)

// For works out what a set of policies needs. The error says everything that
// cannot be deployed.
func For(set *policy.Set, o Options) (*Deployment, error) {
	d := &Deployment{Name: o.Name, Settings: set.Settings.Name, Digest: set.Digest, Variables: o.Variables}
	if d.Name == "" {
		d.Name = nameOf(set.Settings.Name)
	}
	if err := check(set, d, o); err != nil {
		return nil, err
	}
	if err := d.fix(set); err != nil {
		return nil, err
	}
	d.follow(set)
	d.regions(set)
	d.govern(set)
	if err := d.rules(set); err != nil {
		return nil, err
	}
	if err := d.schedules(set); err != nil {
		return nil, err
	}
	d.tables(set)
	d.topics(set)
	d.senders(set)
	d.waits(set)
	d.function(set, o)
	if err := d.checkEnvironment(); err != nil {
		return nil, err
	}
	return d, d.role(set)
}

// function sets up the function.
func (d *Deployment) function(set *policy.Set, o Options) {
	d.Function = Function{Architecture: "arm64", Timeout: timeout, Memory: memory, Environment: d.environment(o.Files, set.Settings.Ledger)}
	if o.Package != nil {
		d.Function.Architecture, d.Function.SHA256, d.Digest = o.Package.Architecture, o.Package.SHA256(), o.Package.Digest()
	}
}
