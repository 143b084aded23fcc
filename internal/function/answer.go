package function

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The status codes of an answer.
const (
	statusDone      = 200
	statusMalformed = 400
	statusFailed    = 500 // something failed that another delivery would not mend
)

const (
	// maxListed is how many violations an answer lists: one takes some 500 bytes.
	maxListed = 5000
	// maxAnswer is how many bytes it may have: a function may answer 6 MB ("Lambda
	// quotas").
	maxAnswer = 6_000_000
)

// Answer is what an invocation comes to. docs/lambda.md describes it.
type Answer struct {
	StatusCode int `json:"statusCode"`
	// Body is the same in a sentence.
	Body string `json:"body"`
	// Violations counts pairs of policy and resource.
	Violations int `json:"violations_found"`
	// Instances are the violations of EC2 instances, and Resources of all others;
	// Omitted is how many of either are left out, as there are too many.
	Instances []Violation `json:"instances"`
	Resources []Violation `json:"resources"`
	Omitted   int         `json:"omitted"`
	// Actions counts actions by their kind and how they ended.
	Actions map[string]map[plan.State]int `json:"actions"`
	// Unread is how many regions and types could not be read.
	Unread int `json:"unread"`
	// Events is what each event came to, in the order they came in.
	Events []Event `json:"events"`
	// Warnings are what somebody should look at.
	Warnings []string `json:"warnings"`
	// Failures are the messages of a queue that are to be delivered again.
	Failures []Failure `json:"batchItemFailures"`
}

// Violation is a violation as a report lists it.
type Violation struct {
	ID      string `json:"id"`
	ARN     string `json:"arn"`
	Type    string `json:"type"`
	Account string `json:"account"`
	Region  string `json:"region"`
	Policy  string `json:"policy"`
	// Details are what messages show of it, by name: of an instance launched_utc,
	// type, name, owner, private_ip and days_running.
	Details map[string]string `json:"details"`
	Reasons []string          `json:"reasons"`
	// Actions are its actions and how they ended, such as "stop": "done".
	Actions map[string]plan.State `json:"actions"`
}

// Event is what one event came to.
type Event struct {
	// Message is its id in the queue, "" where it came without one.
	Message string `json:"message_id"`
	// Cause is what happened, and ID the event's own.
	Cause string `json:"cause"`
	ID    string `json:"id"`
	Run   string `json:"run"`
	// Policies are those it woke.
	Policies []string `json:"policies"`
	// Ignored is why nothing came of it.
	Ignored string `json:"ignored"`
	// Error is the name of what went wrong, and Text the rest of it.
	Error string `json:"error"`
	Text  string `json:"text"`
	// Again says that it is to be delivered again.
	Again bool `json:"again"`
}

// Failure names a message in the words of SQS.
type Failure struct {
	Message string `json:"itemIdentifier"`
}

// newAnswer returns one whose lists are never null.
func newAnswer() *Answer {
	return &Answer{StatusCode: statusDone, Instances: []Violation{}, Resources: []Violation{}, Actions: map[string]map[plan.State]int{},
		Events: []Event{}, Warnings: []string{}, Failures: []Failure{}}
}

// Encode writes the answer, with as many violations as fit. Nothing in it
// changes a terminal.
func (a *Answer) Encode() ([]byte, error) {
	for {
		b, err := a.encode()
		if err != nil || len(b) <= maxAnswer || !a.shorten() {
			return b, err
		}
	}
}

// shorten leaves out half of the violations, and is false where there are none.
func (a *Answer) shorten() bool {
	n := len(a.Instances) + len(a.Resources)
	a.Instances, a.Resources = a.Instances[:len(a.Instances)/2], a.Resources[:len(a.Resources)/2]
	a.Omitted += n - len(a.Instances) - len(a.Resources)
	return n > 0
}

func (a *Answer) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		return nil, err
	}
	return diag.JSON(bytes.TrimSpace(b.Bytes())), nil
}

// take adds what was done about an event.
func (a *Answer) take(h *app.Handling, report *app.Report) {
	if h.Plan == nil {
		return
	}
	a.Unread += len(h.Plan.Unread)
	for i := range h.Plan.Findings {
		f := &h.Plan.Findings[i]
		for j := range f.Actions {
			a.count(&f.Actions[j])
		}
		if f.Status == eval.Violating {
			a.violation(f)
		}
	}
	if report == nil {
		return
	}
	for _, d := range report.Deliveries {
		if d.Err != nil {
			a.Warnings = append(a.Warnings, "the channel "+d.Channel+" was not told: "+d.Err.Error())
		}
	}
	for _, p := range report.Problems {
		a.Warnings = append(a.Warnings, p.What+": "+p.Text)
	}
}

func (a *Answer) count(x *plan.Action) {
	kind := x.Action.String()
	if a.Actions[kind] == nil {
		a.Actions[kind] = map[plan.State]int{}
	}
	a.Actions[kind][x.State]++
	if x.State == plan.Failed {
		a.StatusCode = statusFailed
	}
}

// violation adds one to the list that it belongs to.
func (a *Answer) violation(f *plan.Finding) {
	a.Violations++
	if len(a.Instances)+len(a.Resources) == maxListed {
		a.Omitted++
		return
	}
	r := f.Resource
	v := Violation{ID: r.ID, ARN: r.ARN, Type: string(r.Type), Account: r.Account, Region: r.Region, Policy: f.Policy,
		Details: map[string]string{}, Reasons: []string{}, Actions: map[string]plan.State{}}
	for _, d := range r.Details {
		v.Details[name(d.Title)] = d.Text
	}
	for _, why := range f.Reasons {
		v.Reasons = append(v.Reasons, why.Text)
	}
	for _, x := range f.Actions {
		v.Actions[x.Action.String()] = x.State
	}
	if r.Type == resource.EC2Instance {
		a.Instances = append(a.Instances, v)
	} else {
		a.Resources = append(a.Resources, v)
	}
}

// failed notes a message of a queue that is to be delivered again, once for all
// that failed in it.
func (a *Answer) failed(id string) {
	if n := len(a.Failures); n == 0 || a.Failures[n-1].Message != id {
		a.Failures = append(a.Failures, Failure{id})
	}
}

// name makes the title of a column the name of a field: "Launched (UTC)" is
// launched_utc.
func name(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "_")
}

// sum writes the body.
func (a *Answer) sum() {
	if a.Body != "" {
		return
	}
	if len(a.Events) == 1 && a.Events[0].Ignored != "" {
		a.Body = "nothing to do: " + a.Events[0].Ignored
		return
	}
	done, failed, held := 0, 0, 0
	for _, states := range a.Actions {
		done += states[plan.Done]
		failed += states[plan.Failed]
		held += states[plan.Held]
	}
	a.Body = counted(a.Violations, "violation") + "; " + counted(done, "action") + " done, " +
		strconv.Itoa(failed) + " failed, " + strconv.Itoa(held) + " held"
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
