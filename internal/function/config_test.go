package function

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/document"
)

func TestTheEnvironmentSetsAFunctionUp(t *testing.T) {
	for name, tt := range map[string]struct {
		env  []string
		want config
	}{
		"nothing": {nil, config{policies: []place{{text: "tagwarden.yaml", path: "/var/task/tagwarden.yaml"}}, reload: time.Minute}},
		"everything": {[]string{"TAGWARDEN_POLICY=policies, /opt/more.yaml,s3://bucket/a/b.yaml, ssm:/tagwarden/policy", "TAGWARDEN_LEDGER=acme", "TAGWARDEN_RELOAD=1h30m", "TAGWARDEN_LOG_LEVEL=DEBUG"},
			config{ledger: "acme", reload: 90 * time.Minute, level: slog.LevelDebug, policies: []place{{text: "policies", path: "/var/task/policies"}, {text: "/opt/more.yaml", path: "/opt/more.yaml"},
				{text: "s3://bucket/a/b.yaml", object: document.Ref{Bucket: "bucket", Key: "a/b.yaml"}}, {text: "ssm:/tagwarden/policy", parameter: "/tagwarden/policy"}}}},
		"topics": {[]string{"TAGWARDEN_TOPICS=ops=arn:aws:sns:us-east-1:111122223333:a, on.call=arn:aws:sns:us-east-1:111122223333:b"},
			config{policies: []place{{text: "tagwarden.yaml", path: "/var/task/tagwarden.yaml"}}, reload: time.Minute,
				topics: map[string]string{"ops": "arn:aws:sns:us-east-1:111122223333:a", "on.call": "arn:aws:sns:us-east-1:111122223333:b"}}},
		"the ARN of a parameter": {[]string{"TAGWARDEN_POLICY=ssm:arn:aws:ssm:eu-west-1:111122223333:parameter/p"},
			config{reload: time.Minute, policies: []place{{text: "ssm:arn:aws:ssm:eu-west-1:111122223333:parameter/p", parameter: "arn:aws:ssm:eu-west-1:111122223333:parameter/p"}}}},
		"Lambda's own level": {[]string{"AWS_LAMBDA_LOG_LEVEL=FATAL"}, config{policies: []place{{text: "tagwarden.yaml", path: "/var/task/tagwarden.yaml"}}, reload: time.Minute, level: slog.LevelError}},
		"both levels":        {[]string{"AWS_LAMBDA_LOG_LEVEL=TRACE", "TAGWARDEN_LOG_LEVEL=warn"}, config{policies: []place{{text: "tagwarden.yaml", path: "/var/task/tagwarden.yaml"}}, reload: time.Minute, level: slog.LevelWarn}},
	} {
		tt.want.root = "/var/task"
		got, err := configure(environment(append(tt.env, "LAMBDA_TASK_ROOT=/var/task", "PATH=/bin")))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(config{}, place{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestMistakesInTheEnvironmentAreAllTold(t *testing.T) {
	for env, want := range map[string]string{
		"TAGWARDEN_POLICIES=a.yaml":         "TAGWARDEN_POLICIES is no setting of the function: did you mean TAGWARDEN_POLICY?",
		"TAGWARDEN_VERBOSENESS_OF_MAIL=1":   "TAGWARDEN_VERBOSENESS_OF_MAIL is no setting of the function; there are: TAGWARDEN_POLICY, TAGWARDEN_LEDGER, TAGWARDEN_RELOAD, TAGWARDEN_LOG_LEVEL, TAGWARDEN_QUEUE, TAGWARDEN_SCHEDULER_ROLE, TAGWARDEN_TOPICS",
		"TAGWARDEN_POLICY=":                 "TAGWARDEN_POLICY: a place is empty: write FILE, s3://BUCKET/KEY or ssm:NAME, several with commas between them",
		"TAGWARDEN_POLICY=a.yaml,":          "TAGWARDEN_POLICY: a place is empty: write FILE, s3://BUCKET/KEY or ssm:NAME, several with commas between them",
		"TAGWARDEN_POLICY=s3://bucket/dir/": `TAGWARDEN_POLICY: "s3://bucket/dir/" is no object: write s3://BUCKET/KEY, for each file of its own`,
		"TAGWARDEN_POLICY=s3:bucket/a":      `TAGWARDEN_POLICY: "s3:bucket/a" is no object: write s3://BUCKET/KEY, for each file of its own`,
		"TAGWARDEN_POLICY=ssm:":             `TAGWARDEN_POLICY: "ssm:" names no parameter: write ssm:NAME, such as ssm:/tagwarden/policy, or ssm: and its ARN`,
		"TAGWARDEN_POLICY=https://a/b.yaml": `TAGWARDEN_POLICY: policies are not read from "https://a/b.yaml": write FILE, s3://BUCKET/KEY or ssm:NAME`,
		"TAGWARDEN_RELOAD=5":                `TAGWARDEN_RELOAD: "5" is no length of time: write it as 7d, 36h, 1d12h or 30m`,
		"TAGWARDEN_RELOAD=1s":               "TAGWARDEN_RELOAD: 1s is not between 10s and 1d",
		"TAGWARDEN_LEDGER=":                 `TAGWARDEN_LEDGER: "" is no table: write its name or its ARN`,
		"TAGWARDEN_LEDGER=a b":              `TAGWARDEN_LEDGER: "a b" is no table: write its name or its ARN`,
		"TAGWARDEN_TOPICS=":                 `TAGWARDEN_TOPICS: "" names no channel and its topic: write CHANNEL=ARN, several with commas between them`,
		"TAGWARDEN_TOPICS=ops=x":            `TAGWARDEN_TOPICS: "x" is not the ARN of an SNS topic: it is written like arn:aws:sns:us-east-1:111122223333:policy`,
		"TAGWARDEN_TOPICS=a=arn:aws:sns:us-east-1:111122223333:a,a=arn:aws:sns:us-east-1:111122223333:b": "TAGWARDEN_TOPICS: the channel a is there twice",
		"TAGWARDEN_LOG_LEVEL=loud": `TAGWARDEN_LOG_LEVEL: "loud" is none of debug, info, warn, error`,
	} {
		if _, err := configure(environment([]string{env})); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", env, err, want)
		}
	}
	l := newLambda(t, unexcepted, "TAGWARDEN_RELOAD=5", "TAGWARDEN_X=1")
	_, err := l.invoke(running("e-1", "i-1"))
	if e, ok := err.(*Error); !ok || e.Name != Misconfigured || !strings.Contains(e.Error(), "TAGWARDEN_RELOAD") || !strings.Contains(e.Error(), "TAGWARDEN_X") {
		t.Errorf("%v", err)
	}
	if len(l.logged("the function is not set up as it should be")) != 1 {
		t.Errorf("the log:\n%s", l.log.String())
	}
}
