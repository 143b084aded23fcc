package examples_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// tuesday is when a clock in Berlin shows a time on a certain Tuesday of next
// January, which is no holiday: the server keeps
// real time, and what is launched on it was launched now.
func tuesday(t *testing.T, clock string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(time.Now().Year()+1, 1, 14, 0, 0, 0, 0, zone)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	at, err := time.ParseInLocation(time.DateOnly+" 15:04", day.Format(time.DateOnly)+" "+clock, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestOfficeHoursOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-central-1")
	aws.Setenv(t)
	const sender = "hours@example.com"
	aws.VerifyIdentity(t, sender)
	dev := aws.Launch(t, 2, map[string]string{"Env": "dev"})
	slices.Sort(dev)
	always := aws.Launch(t, 1, map[string]string{"Env": "dev", "Schedule": "always"})[0]
	late := aws.Launch(t, 1, map[string]string{"Env": "dev", "Schedule": "Mon-Fri 06:00-22:00"})[0]
	wrong := aws.Launch(t, 1, map[string]string{"Env": "dev", "Schedule": "9 to 5"})[0]
	prod := aws.Launch(t, 1, map[string]string{"Env": "prod"})[0]
	u := newUser(t, "office-hours.yaml", map[string]string{"SES_FROM": sender})
	apply := func(at time.Time) document {
		return u.json(0, "apply", "--yes", "--at", at.UTC().Format(time.RFC3339))
	}

	d := apply(tuesday(t, "12:00"))
	same(t, "stopped at noon", []string(nil), d.with("stop", "done"))
	same(t, "mails at noon", 0, len(server.SentMail(t, sender)))
	d = apply(tuesday(t, "19:10"))
	same(t, "stopped in the evening", dev, d.with("stop", "done"))
	same(t, "waiting in the evening", slices.Sorted(slices.Values([]string{always, late})), d.with("stop", "waiting"))
	for _, id := range []string{always, late, wrong, prod} {
		same(t, "state of "+id, "running", states(t, aws)[id])
	}
	d = apply(tuesday(t, "19:40"))
	same(t, "stopped once more", []string(nil), d.with("stop", "done"))
	same(t, "mails in the evening", 1, len(server.SentMail(t, sender)))
	d = apply(tuesday(t, "22:10"))
	same(t, "stopped at ten", []string{late}, d.with("stop", "done"))

	d = apply(tuesday(t, "06:10").AddDate(0, 0, 1))
	same(t, "started at six", []string{late}, d.with("start", "done"))
	d = apply(tuesday(t, "08:10").AddDate(0, 0, 1))
	same(t, "started at eight", dev, d.with("start", "done"))
	same(t, "mails in all", 4, len(server.SentMail(t, sender)))
	for id, state := range states(t, aws) {
		same(t, "state of "+id, "running", state)
	}
}
