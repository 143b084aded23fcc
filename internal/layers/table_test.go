package layers

// The outside modules that packages of tagwarden may import, each named once.
const (
	sdk      = "github.com/aws/aws-sdk-go-v2"
	smithy   = "github.com/aws/smithy-go"
	cel      = "cel.dev/cel-go"
	yaml     = "github.com/goccy/go-yaml"
	sqlite   = "modernc.org/sqlite"
	cobra    = "github.com/spf13/cobra"
	flags    = "github.com/spf13/pflag" // cobra's own, for the types of its flags
	message  = "github.com/emersion/go-message"
	lipgloss = "charm.land/lipgloss/v2"
	progress = "github.com/schollz/progressbar/v3"
	holidays = "github.com/rickar/cal"
	rate     = "golang.org/x/time/rate"
	terminal = "golang.org/x/term"
	lambda   = "github.com/aws/aws-lambda-go"
	hcl      = "github.com/hashicorp/hcl/v2"
	cty      = "github.com/zclconf/go-cty" // the values of HCL
)

// testTools are what any test may import and nothing else may.
var testTools = []string{
	"github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak",
	"github.com/rogpeppe/go-internal", "github.com/santhosh-tekuri/jsonschema/v6",
	message,
}

// The layers, from the bottom. What a layer may not do is in forbidden.
const (
	vocabulary = "vocabulary" // words that all others share
	decide     = "decide"     // pure decisions
	act        = "act"        // what touches the world, through interfaces
	adapter    = "adapter"    // what implements those interfaces
	assembly   = "assembly"   // what puts it together
	tests      = "tests"      // what only tests use; it may use test tools
)

// rule is what one package may import, beside the standard library and, above
// vocabulary, every vocabulary package.
type rule struct {
	layer    string
	internal []string // packages of tagwarden, as keys of table
	outside  []string // modules or packages of others, with what is below them
	why      string   // what the package is for, so that its arrows make sense
}

// table holds every package of the module. A package that is not in it fails
// the test, and so does an entry without a package.
var table = map[string]rule{
	"internal/tag":    {layer: vocabulary, why: "keys, values and AWS's limits on them"},
	"internal/action": {layer: vocabulary, why: "the words for what can be done"},
	"internal/need":   {layer: vocabulary, why: "facts and the calls they cost", internal: in("span")},
	"internal/fault":  {layer: vocabulary, why: "what a failed call means, by class"},
	"internal/reason": {layer: vocabulary, why: "the codes of why something was decided"},
	"internal/span":   {layer: vocabulary, why: "lengths of time as people write them"},
	"internal/diag":   {layer: vocabulary, why: "a mistake and its place; safe text for terminals"},
	"internal/loose":  {layer: vocabulary, why: "JSON of others, whose shape nobody promises"},
	"internal/resource": {layer: vocabulary, why: "typed snapshots, and a table of fields for each type",
		internal: in("tag", "need", "action", "reason", "span")},
	"internal/document": {layer: vocabulary, why: "what policy files name and do not hold: tables and objects"},

	"internal/identity": {layer: decide, why: "who made a call, from the userIdentity of a CloudTrail record"},
	"internal/creation": {layer: decide, why: "what a call made, from a CloudTrail record and one table of events",
		internal: in("identity")},
	"internal/hours":    {layer: decide, why: "opening hours and public holidays; the only user of the calendars", outside: []string{holidays}},
	"internal/schedule": {layer: decide, why: "EventBridge's grammar of schedules, and when they are due"},
	"internal/expr":     {layer: decide, why: "the only user of CEL", internal: in("hours"), outside: []string{cel}},
	"internal/rules":    {layer: decide, why: "the rules in a table: what is wrong with them, and how they are written"},
	"internal/policy": {layer: decide, why: "bytes to a checked policy set; positions need the YAML parser",
		internal: in("expr", "hours", "rules", "creation", "schedule"), outside: []string{yaml}},
	"internal/eval": {layer: decide, why: "one resource against the policies",
		internal: in("policy", "expr", "hours")},
	"internal/cases": {layer: decide, why: "the history of a violation, and what is due from it",
		internal: in("eval", "policy")},
	"internal/plan": {layer: decide, why: "verdicts and cases in, a sorted plan out",
		internal: in("cases", "eval", "policy", "expr")},
	"internal/guard": {layer: decide, why: "what may be done; it is given the history it counts and never reads the ledger",
		internal: in("plan", "policy")},

	"internal/iam": {layer: decide, why: "the permissions that policies need, as documents of IAM",
		internal: in("policy", "expr")},

	"internal/trigger": {layer: act, why: "why we wake: what EventBridge, SQS, SNS and Config deliver",
		internal: in("creation")},
	"internal/queue": {layer: act, why: "messages that wait in a queue, and notes kept for later"},
	"internal/trail": {layer: act, why: "files of events, one event at a time"},
	"internal/outside": {layer: act, why: "reads documents outside the policy files, and edits the tables of rules among them",
		internal: in("rules")},
	"internal/doctor": {layer: act, why: "asks whether what a policy file needs is there",
		internal: in("policy", "iam", "inventory", "outside", "queue", "accounts")},
	"internal/inventory": {layer: act, why: "a request to snapshots, and what could not be read"},
	"internal/execute": {layer: act, why: "does what was approved, and nothing else; a command's parameters are the policy's, and an event says what eval found",
		internal: in("guard", "plan", "policy", "eval")},
	"internal/record": {layer: act, why: "the ledger's port: what is remembered between runs",
		internal: in("plan", "cases")},
	"internal/creators": {layer: act, why: "who made what, read once and remembered",
		internal: in("creation", "record")},
	"internal/accounts": {layer: act, why: "the accounts that are governed, and the way into each",
		internal: in("policy", "inventory", "execute", "creators")},
	"internal/view": {layer: act, why: "what people are told about a run, before it has a form",
		internal: in("plan", "policy", "eval", "expr")},
	"internal/pause": {layer: act, why: "lets real time pass"},
	"internal/notify": {layer: act, why: "digests to channels; outcomes to a bus, answers to AWS Config",
		internal: in("view", "policy", "plan", "eval", "pause"), outside: []string{message}},
	"internal/report": {layer: act, why: "plans and runs as text, JSON and files",
		internal: in("view", "plan", "eval", "policy"), outside: []string{lipgloss}},

	"internal/aws": {layer: adapter, why: "the only user of the AWS SDK",
		internal: in("accounts", "inventory", "execute", "notify", "creators", "outside", "rules", "record/dynamo", "queue", "doctor", "pause"), outside: []string{sdk, smithy, rate}},
	"internal/sim": {layer: adapter, why: "an account in memory, as strict as AWS",
		internal: in("accounts", "inventory", "execute", "notify", "creators", "outside", "rules")},
	"internal/record/sqlite": {layer: adapter, why: "the ledger in a file; the only user of SQLite",
		internal: in("record", "plan", "cases"), outside: []string{sqlite}},
	"internal/record/dynamo": {layer: adapter, why: "the ledger in a table; aws makes its calls",
		internal: in("record", "plan", "cases", "pause")},

	"internal/app": {layer: assembly, why: "the one pipeline",
		internal: in("accounts", "expr", "policy", "eval", "cases", "plan", "guard", "trigger", "creation", "inventory", "execute", "record", "view", "notify", "creators", "queue")},
	"internal/deploy": {layer: assembly, why: "what policies need in AWS, as templates; it computes, and knows the ledger's keys",
		internal: in("policy", "trigger", "creation", "iam", "rules", "record/dynamo"), outside: []string{yaml, hcl, cty}},
	"internal/serve": {layer: assembly, why: "the daemon: messages and schedules to the pipeline",
		internal: in("app", "queue", "trigger", "schedule", "policy", "plan", "record", "report")},
	"internal/cli": {layer: assembly, why: "one file for each verb; chooses the adapters",
		internal: in("app", "report", "aws", "sim", "record", "record/sqlite", "record/dynamo", "policy", "expr", "plan", "inventory",
			"execute", "notify", "view", "guard", "eval", "cases", "creators", "outside", "rules",
			"trigger", "creation", "trail", "iam", "doctor", "serve", "queue", "deploy", "accounts", "pause"),
		outside: []string{cobra, flags, lipgloss, progress, terminal}},
	"internal/function": {layer: assembly, why: "an invocation of a Lambda function to the pipeline, and its answer; links no SQLite and no command line",
		internal: in("app", "aws", "record", "record/dynamo", "policy", "plan", "eval", "inventory", "execute", "notify", "creators", "outside", "trigger", "queue", "accounts", "pause")},
	"cmd/tagwarden": {layer: assembly, why: "main: signals and the exit code", internal: in("cli")},
	"cmd/tagwarden-lambda": {layer: assembly, why: "main of the Lambda function: the only user of Lambda's library",
		internal: in("function"), outside: []string{lambda}},

	"examples":         {layer: tests, why: "the example policies, run as a user would"},
	"internal/layers":  {layer: tests, why: "this test"},
	"internal/iamtest": {layer: tests, why: "what policies of IAM allow, told by nothing that writes them"},
	"internal/aws/mototest": {layer: tests,
		why: "starts a server that speaks the AWS API, and reads what it did"},
	"internal/aws/cloudwatchtest": {layer: tests,
		why: "answers for CloudWatch's metrics, in the protocol that no emulator speaks", outside: []string{smithy}},
	"internal/sim/contract": {layer: tests, why: "what every account must do, real or not",
		internal: in("accounts", "inventory", "execute", "outside", "rules")},
	"internal/queue/contract": {layer: tests, why: "what every keeper of notes must do",
		internal: in("queue")},
	"internal/record/contract": {layer: tests, why: "what every ledger must do",
		internal: in("record", "cases", "plan")},
}

// in returns packages under internal/ by their full key.
func in(names ...string) []string {
	keys := make([]string, len(names))
	for i, n := range names {
		keys[i] = "internal/" + n
	}
	return keys
}

// below says which layers a layer may import. Adapters may import the ports of
// act; nothing below assembly knows an adapter.
var below = map[string][]string{
	vocabulary: {vocabulary},
	decide:     {vocabulary, decide},
	act:        {vocabulary, decide, act},
	adapter:    {vocabulary, decide, act, adapter},
	assembly:   {vocabulary, decide, act, adapter, assembly},
	tests:      {vocabulary, decide, act, adapter, assembly, tests},
}

// forbidden are packages of the standard library that a layer may not import,
// with what is below them, and why.
var forbidden = map[string]map[string]string{
	vocabulary: pure,
	decide:     pure,
	act:        program,
	adapter:    program,
	assembly:   program,
}

// program is what nothing that ends up in the program may see.
var program = map[string]string{
	"os/exec": "tagwarden starts no other program",
	"plugin":  "tagwarden runs no code that it was not built with",
	"testing": "a program links no test support",
	"unsafe":  "nothing here needs it",
}

// pure is what no package that only computes may see.
var pure = map[string]string{
	"context":     "a decision is never cancelled half way",
	"log":         "a decision returns its reason instead of logging it",
	"math/rand":   "the same input gives the same answer",
	"crypto/rand": "the same input gives the same answer",
	"net":         "facts are fetched before deciding",
	"os":          "files and the environment are read above and handed in",
	"os/exec":     "tagwarden starts no other program",
	"syscall":     "decisions know no operating system",
	"testing":     "a program links no test support",
	"unsafe":      "nothing here needs it",
}

// harmless are packages below a forbidden one that only compute.
var harmless = []string{"net/mail", "net/netip", "net/url"}

// timeless are the functions that ask the system for the time, or wait for it.
// The layers that only compute have none of them; elsewhere the time comes in
// as a parameter, except for clockOwners, where it enters.
var timeless = map[string][]string{
	vocabulary: {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	decide:     {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	act:        {"Now", "Since", "Until", "Sleep"},
	adapter:    {"Now", "Since", "Until", "Sleep"},
	assembly:   {"Now", "Since", "Until", "Sleep"},
}

// clockOwners may ask for the time: it enters here, as --at or from the system.
var clockOwners = []string{"internal/cli", "cmd/tagwarden", "cmd/tagwarden-lambda"}
