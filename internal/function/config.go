package function

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/span"
)

// The variables of the environment that a function is set up with. Others of
// the same beginning are mistakes; docs/lambda.md describes these.
const (
	prefix    = "TAGWARDEN_"
	varPolicy = prefix + "POLICY"
	varLedger = prefix + "LEDGER"
	varReload = prefix + "RELOAD"
	varLevel  = prefix + "LOG_LEVEL"
	varQueue  = prefix + "QUEUE"
	varSender = prefix + "SCHEDULER_ROLE"
	varTopics = prefix + "TOPICS"
)

// Lambda's own.
const (
	varRoot     = "LAMBDA_TASK_ROOT"
	varAWSLevel = "AWS_LAMBDA_LOG_LEVEL"
)

const (
	defaultPolicy = "tagwarden.yaml"
	defaultReload = time.Minute
	// A call for each policy file at each look, and at the other end what people
	// expect of a change within the day.
	minReload = 10 * time.Second
	maxReload = 24 * time.Hour
)

// config is how a function is set up.
type config struct {
	policies []place
	// ledger is the table of the ledger for policy files that name none.
	ledger string
	// queue is the URL of the queue in which events wait until late tags have had
	// their time, and sender the ARN of the role with which EventBridge Scheduler
	// puts them into it; "" for none.
	queue, sender string
	// topics are the ARNs of the topics of channels that name none, by channel.
	topics map[string]string
	// reload is how often it is looked whether policies have changed.
	reload time.Duration
	level  slog.Level
	root   string // the folder of the package
}

// place is where a policy file is kept. One of the three is set.
type place struct {
	text      string // as it was written
	path      string // of a file or folder of the package
	object    document.Ref
	parameter string // the name or ARN of one in Parameter Store
}

// isTable says what the name of a DynamoDB table or its ARN looks like ("Naming
// rules" in the DynamoDB developer guide).
var isTable = regexp.MustCompile(`^(arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/)?[A-Za-z0-9_.-]{3,255}$`)

// environment is the variables by name.
func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	return env
}

// configure reads the environment. The error tells every mistake in it.
func configure(env map[string]string) (config, error) {
	c := config{reload: defaultReload, root: env[varRoot], ledger: env[varLedger], queue: env[varQueue], sender: env[varSender]}
	var errs []error
	for name := range env {
		known := []string{varPolicy, varLedger, varReload, varLevel, varQueue, varSender, varTopics}
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("%s is no setting of the function%s", name, meant(name, known)))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	var err error
	if c.policies, err = places(env, c.root); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", varPolicy, err))
	}
	if v, ok := env[varLedger]; ok && !isTable.MatchString(v) {
		errs = append(errs, fmt.Errorf("%s: %q is no table: write its name or its ARN", varLedger, v))
	}
	if c.sender != "" && c.queue == "" {
		errs = append(errs, fmt.Errorf("%s is of no use without %s, the queue that EventBridge Scheduler is to put events into", varSender, varQueue))
	}
	if v, ok := env[varTopics]; ok {
		if c.topics, err = topics(v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", varTopics, err))
		}
	}
	if v, ok := env[varReload]; ok {
		if c.reload, err = span.Parse(v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", varReload, err))
		} else if c.reload < minReload || c.reload > maxReload {
			errs = append(errs, fmt.Errorf("%s: %s is not between %s and %s", varReload, v, span.Format(minReload), span.Format(maxReload)))
		}
	}
	if c.level, err = level(env); err != nil {
		errs = append(errs, err)
	}
	return c, errors.Join(errs...)
}

// meant is what a name was probably meant to be, or what there is.
func meant(name string, known []string) string {
	if n := diag.Suggest(name, known); n != "" {
		return ": did you mean " + n + "?"
	}
	return "; there are: " + strings.Join(known, ", ")
}

// topics reads CHANNEL=ARN, several divided by commas.
func topics(v string) (map[string]string, error) {
	out := map[string]string{}
	for one := range strings.SplitSeq(v, ",") {
		channel, arn, ok := strings.Cut(strings.TrimSpace(one), "=")
		if !ok || channel == "" {
			return nil, fmt.Errorf("%q names no channel and its topic: write CHANNEL=ARN, several with commas between them", one)
		}
		if wrong, hint := policy.WrongTopic(arn); wrong != "" {
			return nil, fmt.Errorf("%q %s: %s", arn, wrong, hint)
		}
		if _, twice := out[channel]; twice {
			return nil, fmt.Errorf("the channel %s is there twice", channel)
		}
		out[channel] = arn
	}
	return out, nil
}

// places reads where the policy files are kept: one place or several, divided
// by commas.
func places(env map[string]string, root string) ([]place, error) {
	v, ok := env[varPolicy]
	if !ok {
		v = defaultPolicy
	}
	var out []place
	for one := range strings.SplitSeq(v, ",") {
		p := place{text: strings.TrimSpace(one)}
		switch {
		case p.text == "":
			return nil, errors.New("a place is empty: write FILE, s3://BUCKET/KEY or ssm:NAME, several with commas between them")
		case strings.HasPrefix(p.text, "s3:"):
			if p.object, ok = document.ObjectRef(p.text); !ok || strings.HasSuffix(p.text, "/") {
				return nil, fmt.Errorf("%q is no object: write s3://BUCKET/KEY, for each file of its own", p.text)
			}
		case strings.HasPrefix(p.text, "ssm:"):
			if p.parameter = strings.TrimPrefix(p.text, "ssm:"); p.parameter == "" {
				return nil, fmt.Errorf("%q names no parameter: write ssm:NAME, such as ssm:/tagwarden/policy, or ssm: and its ARN", p.text)
			}
		case strings.Contains(p.text, "://"):
			return nil, fmt.Errorf("policies are not read from %q: write FILE, s3://BUCKET/KEY or ssm:NAME", p.text)
		case filepath.IsAbs(p.text):
			p.path = filepath.Clean(p.text)
		default:
			p.path = filepath.Join(root, p.text)
		}
		out = append(out, p)
	}
	return out, nil
}

// level is from which level on lines are logged: as the variable says, else as
// the function's logging settings in Lambda do.
func level(env map[string]string) (slog.Level, error) {
	words := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	if v, ok := env[varLevel]; ok {
		l, ok := words[strings.ToLower(v)]
		if !ok {
			return l, fmt.Errorf("%s: %q is none of debug, info, warn, error", varLevel, v)
		}
		return l, nil
	}
	// Lambda has two words more, TRACE and FATAL.
	switch v := strings.ToLower(env[varAWSLevel]); v {
	case "trace":
		return slog.LevelDebug, nil
	case "fatal":
		return slog.LevelError, nil
	default:
		return words[v], nil // info for none
	}
}
