package serve_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// tags is a policy that a schedule runs every six hours.
const tags = `
settings: {mark: off, regions: [us-east-1]}
policies:
  - {name: tag, resource: ec2:instance, on: {schedule: rate(6 hours)}, mode: enforce, tags: {Owner: {default: nobody}}}
`

// sweeps is how many sweeps were done and failed, by the log.
func (w *world) sweeps() (done, failed int) {
	text := w.log.String()
	return strings.Count(text, `msg="sweep done"`), strings.Count(text, "sweep failed")
}

func (w *world) swept(t *testing.T, when string, want int) {
	t.Helper()
	if done, failed := w.sweeps(); done != want || failed != 0 {
		t.Fatalf("%s: %d sweeps and %d failed, want %d\n%s", when, done, failed, want, w.log)
	}
}

func TestASweepRunsAtItsTimes(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) { // time begins at midnight
		w.inbox = nil
		pass(t, time.Hour)
		defer w.start()()
		id := w.launch(1)
		pass(t, 5*time.Hour-time.Second)
		w.swept(t, "before the first time", 0)
		pass(t, 2*time.Second)
		w.swept(t, "at the first", 1)
		if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "nobody" {
			t.Errorf("it has the tags %v", i.TagSet)
		}
		pass(t, 24*time.Hour)
		w.swept(t, "a day later", 5)
	})
}

func TestWhatWasMissedIsCaughtUpWithOnce(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		end := w.start()
		pass(t, 6*time.Hour)
		w.swept(t, "at first", 1)
		end()
		pass(t, 3*24*time.Hour)
		defer w.start()()
		pass(t, time.Minute)
		w.swept(t, "three days later", 2)
		pass(t, 6*time.Hour)
		w.swept(t, "at the next time", 3)
	})
}

func TestARestartRepeatsNothing(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		for range 5 {
			end := w.start()
			pass(t, 2*time.Hour)
			end()
		}
		w.swept(t, "after five starts in ten hours", 1)
	})
}

func TestOfTwoDaemonsOneRunsASweep(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		defer w.start()()
		defer w.start()()
		pass(t, 24*time.Hour)
		w.swept(t, "a day of both", 4)
	})
}

func TestASweepThatFailsIsTriedAgain(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		defer w.start()()
		pass(t, time.Minute)
		scope := record.Scope{Name: "default", Account: account}
		if err := w.ledger.Begin(t.Context(), scope, record.RunInfo{ID: "other", Started: time.Now()}); err != nil {
			t.Fatal(err)
		}
		pass(t, 5*time.Hour+2*time.Minute)
		if done, failed := w.sweeps(); done != 0 || failed == 0 {
			t.Fatalf("while another runs: %d done, %d failed\n%s", done, failed, w.log)
		}
		if err := w.ledger.End(t.Context(), scope, "other", time.Now()); err != nil {
			t.Fatal(err)
		}
		pass(t, 20*time.Minute)
		if done, _ := w.sweeps(); done != 1 {
			t.Errorf("after it: %d done\n%s", done, w.log)
		}
	})
}

func TestPoliciesThatAreDueTogetherAreOneSweep(t *testing.T) {
	bubble(t, tags+`
  - {name: daily, resource: ec2:instance, mode: enforce, tags: {Team: {default: none}}}
  - {name: never, resource: ec2:instance, on: created, sweep: false, mode: enforce, tags: {X: {default: none}}}
  - {name: morning, resource: ec2:instance, on: {schedule: cron(0 6 * * ? *)}, mode: enforce, tags: {Y: {default: none}}}
`, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		defer w.start()()
		id := w.launch(1)
		pass(t, 24*time.Hour)
		w.swept(t, "after a day", 4)
		if i, _ := w.aws.Instance(id); fmt.Sprint(i.TagSet.Keys()) != "[Owner Team Y]" {
			t.Errorf("it has the tags %v", i.TagSet)
		}
	})
}

func TestASweepThatAMessageAsksForRunsOnceAndAlone(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		source := &slow{Source: w.aws, takes: 10 * time.Minute}
		w.source = source
		pass(t, time.Hour)
		defer w.start()()
		id := w.launch(1)
		for _, event := range []string{"x-1", "x-1", "x-2", "x-3"} {
			w.inbox.put(fmt.Sprintf(`{"tagwarden":"schedule","id":%q,"policies":["tag"]}`, event))
		}
		pass(t, 3*time.Hour)
		if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "nobody" {
			t.Errorf("it has the tags %v", i.TagSet)
		}
		if done, _ := w.sweeps(); done != 3 || source.most != 1 || len(w.inbox.left()) != 0 {
			t.Errorf("%d sweeps, %d at once, left: %v\n%s", done, source.most, w.inbox.left(), w.log)
		}
	})
}

func TestAScheduleOfAnotherAccountSweepsNothing(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		defer w.start()()
		id := w.launch(1)
		w.inbox.put(`{"id":"s-1","detail-type":"Scheduled Event","source":"aws.events","account":"999988887777","region":"us-east-1","resources":[],"detail":{}}`)
		pass(t, time.Minute)
		if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "" || len(w.inbox.left()) != 0 || !strings.Contains(w.log.String(), "it is about account 999988887777") {
			t.Errorf("it has the tags %v, left: %v\n%s", i.TagSet, w.inbox.left(), w.log)
		}
	})
}

func TestASweepIsInterruptedAtTheEndAndDoneByTheNextDaemon(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		w.source = &slow{Source: w.aws, takes: time.Hour}
		pass(t, time.Hour)
		end := w.start()
		id := w.launch(1)
		pass(t, 5*time.Hour+time.Minute)
		end()
		w.swept(t, "interrupted", 0)
		w.source = w.aws
		defer w.start()()
		pass(t, time.Minute)
		w.swept(t, "by the next", 1)
		if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "nobody" {
			t.Errorf("it has the tags %v", i.TagSet)
		}
	})
}

func TestASweepThatTakesHoursIsNotRunBesides(t *testing.T) {
	bubble(t, strings.Replace(tags, "rate(6 hours)", "rate(1 day)", 1), func(t *testing.T, w *world) {
		w.inbox = nil
		source := &slow{Source: w.aws, takes: 5 * time.Hour}
		w.source = source
		pass(t, time.Hour)
		defer w.start()()
		defer w.start()()
		pass(t, 36*time.Hour)
		w.swept(t, "a day and a half of both", 1)
		if source.most != 1 {
			t.Errorf("%d sweeps at once", source.most)
		}
	})
}

func TestASweepOfADaemonThatDiedIsCaughtUpWith(t *testing.T) {
	bubble(t, tags, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		w.start()() // it has seen the schedule
		scope := record.Scope{Name: "default", Account: account}
		tick := time.Now().Truncate(6 * time.Hour).Add(6 * time.Hour)
		pass(t, 5*time.Hour)
		now := time.Now()
		if _, err := w.ledger.Claim(t.Context(), scope, "sweep/tag/rate(6 hours)/"+tick.UTC().Format(time.RFC3339), "dead", now, now.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		defer w.start()()
		pass(t, 29*time.Minute)
		w.swept(t, "while it may live", 0)
		pass(t, 2*time.Minute)
		w.swept(t, "then", 1)
	})
}

// A policy that events alone wake is not swept, but where a schedule names it.
func TestAScheduleThatNamesNobodyLeavesOutWhatIsForEventsAlone(t *testing.T) {
	bubble(t, tags+`
  - {name: never, resource: ec2:instance, on: created, sweep: false, mode: enforce, tags: {X: {default: none}}}
`, func(t *testing.T, w *world) {
		pass(t, time.Hour)
		defer w.start()()
		id := w.launch(1)
		keys := func() string { i, _ := w.aws.Instance(id); return fmt.Sprint(i.TagSet.Keys()) }
		w.inbox.put(`{"tagwarden":"schedule","id":"s-1"}`)
		pass(t, time.Minute)
		if got := keys(); got != "[Owner]" {
			t.Errorf("it has the tags %s\n%s", got, w.log)
		}
		w.inbox.put(`{"tagwarden":"schedule","id":"s-2","policies":["never"]}`)
		pass(t, time.Minute)
		if got := keys(); got != "[Owner X]" {
			t.Errorf("named, it has the tags %s\n%s", got, w.log)
		}
	})
}

// A sweep of all policies knows that a case is of none of them.
func TestTheCasesOfAPolicyThatWasRemovedAreClosed(t *testing.T) {
	const old = `
  - {name: old, resource: ec2:instance, on: {schedule: rate(6 hours)}, mode: enforce, match: 'true', enforce: [stop: {after: 30d}]}
`
	bubble(t, tags+old, func(t *testing.T, w *world) {
		w.inbox = nil
		pass(t, time.Hour)
		defer w.start()()
		w.launch(1)
		expect := func(when string, closed bool) {
			t.Helper()
			cs, err := w.ledger.Cases(t.Context(), record.Scope{Name: "default", Account: account}, time.Now(), 365*24*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, c := range cs {
				if c.Policy == "old" && c.Closed.IsZero() != closed {
					n++
				}
			}
			if n != 1 {
				t.Fatalf("%s: %d cases that are closed: %t, want 1\n%s", when, n, closed, w.log)
			}
		}
		pass(t, 6*time.Hour)
		expect("at first", false)
		w.write(tags)
		pass(t, 6*time.Hour)
		expect("after it was removed", true)
	})
}
