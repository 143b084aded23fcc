package policy

import "testing"

func TestSchedulesOfEventBridge(t *testing.T) {
	good := []string{"rate(1 minute)", "rate(1 hour)", "rate(1 day)", "rate(5 minutes)", "rate(36 hours)", "rate(7 days)",
		"cron(0 10 * * ? *)", "cron(15 12 * * ? *)", "cron(0 18 ? * MON-FRI *)", "cron(0 8 1 * ? *)", "cron(0/15 * * * ? *)",
		"cron(0/10 * ? * mon-fri *)", "cron(0 9 ? * 2#1 *)", "cron(0 0 L * ? *)", "cron(0 0 3W * ? *)", "cron(0 0 LW * ? *)",
		"cron(0 0 ? * 6L *)", "cron(0 0 ? * FRI-MON *)", "cron(0 6,18 ? 1,JUL-SEP * 2026-2030)", "cron(0 0 ? * L *)"}
	for _, s := range good {
		if p := checkSchedule(s); p != nil {
			t.Errorf("%s: %s", s, p.summary)
		}
	}
	bad := []string{"", "daily", "rate 1 day", "rate()", "rate(1)", "rate(0 days)", "rate(-1 days)", "rate(1 days)", "rate(2 day)", "rate(1 week)",
		"rate(1.5 days)", "rate(1  day)", "every(1 day)", "cron()", "cron(0 10 * * ?)", "cron(0 10 * * ? * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)",
		"cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 * 13 ? *)", "cron(0 0 ? * 8 *)",
		"cron(0 0 ? * MON#6 *)", "cron(0 0 ? * FOO *)", "cron(0 0 * * ? 1969)", "cron(0/0 0 * * ? *)", "cron(5-1 0 * * ? *)", "cron(0 ? * * ? *)",
		"cron(0 L * * ? *)", "cron(, 0 * * ? *)", "cron(0 0 ?W * ? *)", "cron(0 0 * * ? *) ", "cron(0 0 * * ? *"}
	for _, s := range bad {
		if checkSchedule(s) == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
