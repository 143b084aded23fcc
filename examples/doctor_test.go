package examples_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// checks are what doctor says of everything but permissions, by check and name.
func (u *user) checks(code int, args ...string) map[string]string {
	u.t.Helper()
	u.unwatched = true // its questions are not those of the example
	got, stdout, stderr := u.run(append([]string{"doctor", "-o", "json"}, args...)...)
	if got != code {
		u.t.Fatalf("exit code %d, want %d\n%s%s", got, code, stdout, stderr)
	}
	var report struct {
		Checks []struct{ Outcome, Check, Name string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		u.t.Fatalf("%v\n%s", err, stdout)
	}
	out := map[string]string{}
	for _, c := range report.Checks {
		switch c.Check {
		case "permission":
		case "credentials", "clock", "region":
			out[c.Check] = c.Outcome
		default:
			out[c.Check+" "+c.Name] = c.Outcome
		}
	}
	return out
}

func TestDoctorSaysWhatAnExampleLacksOnMoto(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "us-west-2")
	aws.Setenv(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto fails at some dry runs
	topic := aws.Topic(t, "doctor")
	url, _ := aws.Queue(t, "doctor-inbox", 3)
	u := newUser(t, "s2-dynamodb.yaml", map[string]string{"SNS_TOPIC_ARN": topic.ARN})
	same(t, "the checks", map[string]string{"credentials": "ok", "clock": "ok", "region": "ok",
		"table of rules acme_cloud_policy_tagging_def": "missing", "topic managers": "missing", "queue " + url: "ok"}, u.checks(1, "--queue", url))

	acmeTable(t, aws, "acme_cloud_policy_tagging_def")
	u.ahead = time.Hour
	got := u.checks(1, "--queue", url+"x")
	same(t, "the checks", map[string]string{"credentials": "ok", "clock": "missing", "region": "ok",
		"table of rules acme_cloud_policy_tagging_def": "ok", "topic managers": "missing", "queue " + url + "x": "missing"}, got)
}
