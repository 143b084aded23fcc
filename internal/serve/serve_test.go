package serve_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/queue"
)

// stops is a policy that stops what comes to run.
const stops = `
settings: {mark: off, regions: [us-east-1]}
policies:
  - {name: stop, resource: ec2:instance, on: {state: running}, sweep: false, mode: enforce, match: 'true', enforce: [stop]}
`

// bubble runs a test in a time of its own.
func bubble(t *testing.T, file string, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, file)) })
}

func TestAMessageIsAcknowledgedOnceItWasHandled(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		defer w.start()()
		id := w.launch(1)
		w.inbox.put(w.running(id, "e-1"))
		w.inbox.put(w.running(id, "e-1")) // SQS delivers twice at times
		w.inbox.put(`{"detail-type":"Something Else","detail":{}}`)
		pass(t, 2*time.Minute)
		if left := w.inbox.left(); w.isRunning(id) || len(left) != 0 || w.calls("ec2:StopInstances") != 1 {
			t.Errorf("it runs: %t, %d stops, left: %v\n%s", w.isRunning(id), w.calls("ec2:StopInstances"), left, w.log)
		}
	})
}

func TestWhatFailsForAPassingReasonComesAgain(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		defer w.start()()
		id := w.launch(1)
		w.aws.Throttle("ec2:StopInstances", 2)
		w.inbox.put(w.running(id, "e-1"))
		pass(t, 10*time.Second)
		if !w.isRunning(id) || len(w.inbox.left()) != 1 {
			t.Fatalf("left: %v", w.inbox.left())
		}
		pass(t, 5*time.Minute)
		if left := w.inbox.left(); w.isRunning(id) || len(left) != 0 {
			t.Errorf("left: %v\n%s", left, w.log)
		}
	})
}

func TestWhatCannotBeReadIsLeftForTheQueueOfDeadLetters(t *testing.T) {
	for name, tt := range map[string]struct {
		dead bool
		left int
	}{"with one": {true, 1}, "without": {false, 0}} {
		bubble(t, stops, func(t *testing.T, w *world) {
			w.manner.DeadLetters = tt.dead
			defer w.start()()
			w.inbox.put("{\x1b[31m")
			pass(t, 10*time.Second)
			left := w.inbox.left()
			if len(left) != tt.left || !strings.Contains(w.log.String(), "message malformed") || strings.Contains(w.log.String(), "\x1b") {
				t.Errorf("%s: left: %v\n%s", name, left, w.log)
			}
		})
	}
}

// What cannot be seen two minutes after its event was deleted: a dead letter for
// each instance that did not live long would hide those that matter.
func TestWhatIsGoneIsAcknowledged(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		defer w.start()()
		w.inbox.put(w.running("i-0aaaaaaaaaaaaaaaa", "e-1"))
		pass(t, 10*time.Second)
		if left := w.inbox.left(); len(left) != 1 {
			t.Fatalf("at once: %v", left)
		}
		pass(t, 5*time.Minute)
		if left := w.inbox.left(); len(left) != 0 || strings.Contains(w.log.String(), "given up") {
			t.Errorf("left: %v\n%s", left, w.log)
		}
	})
}

// AWS Config waits for an answer about what no policy is about, too.
func TestARuleThatWakesNoPolicyIsAnswered(t *testing.T) {
	bubble(t, strings.Replace(stops, "{state: running}", "config", 1), func(t *testing.T, w *world) {
		defer w.start()()
		w.inbox.put(`{"invokingEvent":"{\"messageType\":\"ConfigurationItemChangeNotification\",\"configurationItem\":{\"resourceType\":\"AWS::S3::Bucket\",\"resourceId\":\"logs\",\"ARN\":\"arn:aws:s3:::logs\",\"awsAccountId\":\"` +
			account + `\",\"awsRegion\":\"us-east-1\",\"configurationItemStatus\":\"OK\"}}","configRuleName":"r","configRuleArn":"arn:aws:config:us-east-1:` + account + `:config-rule/r","resultToken":"t","accountId":"` + account + `"}`)
		pass(t, 10*time.Second)
		if left := w.inbox.left(); len(w.told.all) != 1 || w.told.all[0].Verdict != notify.NotApplicable || len(left) != 0 {
			t.Errorf("told %+v, left: %v\n%s", w.told.all, left, w.log)
		}
	})
}

func TestWithoutAQueueOfDeadLettersTryingEnds(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		w.manner.DeadLetters = false
		defer w.start()()
		w.aws.Throttle("ec2:StopInstances", 1000)
		w.inbox.put(w.running(w.launch(1), "e-1"))
		pass(t, 3*time.Hour+44*time.Minute)
		if left := w.inbox.left(); len(left) != 1 {
			t.Fatalf("after 3 hours and 44 minutes: %v", left)
		}
		pass(t, 16*time.Minute)
		if left := w.inbox.left(); len(left) != 0 || !strings.Contains(w.log.String(), `message given up`) {
			t.Errorf("left: %v\n%s", left, w.log)
		}
	})
}

func TestAMessageStaysHiddenWhileItIsWorkedAt(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		w.source = &slow{Source: w.aws, takes: 7 * time.Minute}
		defer w.start()()
		id := w.launch(1)
		w.inbox.put(w.running(id, "e-1"))
		pass(t, 8*time.Minute)
		if w.isRunning(id) && len(w.inbox.left()) == 0 {
			t.Error("it is acknowledged, and the instance runs")
		}
		pass(t, 8*time.Minute)
		if strings.Contains(w.log.String(), "comes again") || w.isRunning(id) {
			t.Errorf("left: %v\n%s", w.inbox.left(), w.log)
		}
	})
}

func TestWhatIsUnderWayIsFinishedAtTheEnd(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		w.source = &slow{Source: w.aws, takes: 5 * time.Second}
		end := w.start()
		id := w.launch(1)
		w.inbox.put(w.running(id, "e-1"))
		pass(t, 2*time.Second)
		end()
		if left := w.inbox.left(); w.isRunning(id) || len(left) != 0 {
			t.Errorf("left: %v\n%s", left, w.log)
		}
		w.inbox.put(w.running(id, "e-2"))
		pass(t, time.Hour)
		if left := w.inbox.left(); left[0] != "m-2 delivered 0, hidden 0s" {
			t.Errorf("after the end: %v", left)
		}
	})
}

func TestWhatTakesTooLongAtTheEndIsHandedBack(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		w.source = &slow{Source: w.aws, takes: time.Hour}
		end := w.start()
		id := w.launch(1)
		w.inbox.put(w.running(id, "e-1"))
		pass(t, 2*time.Second)
		began := time.Now()
		end()
		if took := time.Since(began); took != w.drain {
			t.Errorf("it took %s to end, of %s", took, w.drain)
		}
		if diff := cmp.Diff([]string{"m-1 delivered 1, hidden 0s"}, w.inbox.left()); diff != "" || !w.isRunning(id) {
			t.Errorf("left (-want +got)\n%s", diff)
		}
		// The next daemon does it: nothing of the first is in its way.
		w.source = w.aws
		defer w.start()()
		pass(t, 10*time.Second)
		if left := w.inbox.left(); w.isRunning(id) || len(left) != 0 {
			t.Errorf("left: %v\n%s", left, w.log)
		}
	})
}

func TestWhatSettlesInMemoryIsJudgedInTime(t *testing.T) {
	bubble(t, strings.Replace(stops, "sweep: false", "sweep: false, settle: 1h", 1), func(t *testing.T, w *world) {
		w.notes = &queue.Timer{}
		defer w.start()()
		id := w.launch(1)
		w.aws.Throttle("ec2:StopInstances", 1) // once the time is over
		w.inbox.put(w.running(id, "e-1"))
		pass(t, time.Hour-time.Second)
		if left := w.inbox.left(); len(left) != 0 || !w.isRunning(id) || w.notes.Len() != 1 {
			t.Fatalf("%d wait, left: %v\n%s", w.notes.Len(), left, w.log)
		}
		pass(t, 3*time.Minute)
		if w.isRunning(id) || w.notes.Len() != 0 {
			t.Errorf("%d wait\n%s", w.notes.Len(), w.log)
		}
	})
}

func TestWhatIsForgottenAtTheEndIsSaid(t *testing.T) {
	bubble(t, strings.Replace(stops, "sweep: false", "sweep: false, settle: 1h", 1), func(t *testing.T, w *world) {
		w.notes = &queue.Timer{}
		end := w.start()
		w.inbox.put(w.running(w.launch(1), "e-1"))
		pass(t, 10*time.Second)
		end()
		if !strings.Contains(w.log.String(), "what was to settle is forgotten") || !strings.Contains(w.log.String(), `no sweep finds what of it is forgotten at the end" policies=[stop]`) {
			t.Error(w.log)
		}
	})
}

func TestManyMessagesAreWorkedAtTogether(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		source := &slow{Source: w.aws, takes: time.Minute}
		w.source = source
		defer w.start()()
		var ids []string
		for n := range 30 {
			ids = append(ids, w.launch(n+1))
			w.inbox.put(w.running(ids[n], fmt.Sprint("e-", n)))
		}
		pass(t, 30*time.Minute)
		for _, id := range ids {
			if w.isRunning(id) {
				t.Errorf("%s runs", id)
			}
		}
		if left := w.inbox.left(); len(left) != 0 || source.most < 2 || source.most > 20 {
			t.Errorf("%d at once, left: %v", source.most, left)
		}
	})
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		end := w.start()
		w.inbox.put(w.running(w.launch(1), "e-1"))
		w.inbox.put("{")
		pass(t, 30*time.Second)
		ask := func(path string) (int, string) {
			r := httptest.NewRecorder()
			w.server.Handler().ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
			return r.Code, r.Body.String()
		}
		expect := func(path string, code int, text string) {
			t.Helper()
			if got, body := ask(path); got != code || !strings.Contains(body, text) {
				t.Errorf("%s: %d %s, want %d %s", path, got, body, code, text)
			}
		}
		expect("/healthz", 200, "ok")
		expect("/readyz", 200, "ok")
		for _, line := range []string{`tagwarden_messages_total{result="handled"} 1`, `tagwarden_messages_total{result="malformed"} 1`, `tagwarden_actions_total{action="stop",state="done"} 1`,
			"tagwarden_messages_in_hand 0", "tagwarden_ready 1", "# TYPE tagwarden_sweeps_total counter"} {
			expect("/metrics", 200, line+"\n")
		}
		expect("/else", 404, "")
		w.inbox.mu.Lock()
		w.inbox.fail = errors.New("no such queue\x1b[31m")
		w.inbox.mu.Unlock()
		pass(t, time.Minute)
		expect("/readyz", 503, `receiving messages: no such queue\u001b[31m`)
		expect("/healthz", 200, "ok")
		w.inbox.mu.Lock()
		w.inbox.fail = nil
		w.inbox.mu.Unlock()
		pass(t, 2*time.Minute)
		expect("/readyz", 200, "ok")
		expect("/metrics", 200, "tagwarden_receive_failures_total ")
		end()
		expect("/readyz", 503, "ending")
	})
}

func TestPoliciesThatCannotBeReadJudgeNothing(t *testing.T) {
	bubble(t, stops, func(t *testing.T, w *world) {
		defer w.start()()
		good := w.file
		w.write("policies: wrong")
		id := w.launch(1)
		pass(t, 11*time.Minute)
		w.inbox.put(w.running(id, "e-1"))
		pass(t, 10*time.Second)
		if !w.isRunning(id) || len(w.inbox.left()) != 1 {
			t.Fatalf("left: %v\n%s", w.inbox.left(), w.log)
		}
		w.write(good)
		pass(t, 2*time.Minute)
		if w.isRunning(id) {
			t.Error(w.log)
		}
	})
}
