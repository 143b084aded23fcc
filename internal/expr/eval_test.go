package expr

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/hours"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestConditionsAreAnswered(t *testing.T) {
	stopped := with(func(i *resource.Instance) { i.State = "stopped" })
	grouped := with(func(i *resource.Instance) { i.TagSet = tag.Set{"aws:autoscaling:groupName": "asg-1"} })
	tests := []struct {
		source string
		on     *resource.Instance
		want   bool
	}{
		{`resource.state == "running" && resource.running_for > days(7)`, instance(), true},
		{`resource.running_for > days(7)`, stopped, false},
		{`resource.running_for == days(10)`, instance(), true},
		{`now - resource.launched_at >= hours(240)`, instance(), true},
		{`resource.launched_at + days(10) == now`, instance(), true},
		{`tag("Project") == ""`, instance(), true},
		{`tag("Env") in ["prod", "live"]`, instance(), true},
		{`!("SPECIAL_EXCEPTION" in resource.tags)`, instance(), true},
		{`resource.tags["Env"] == "prod"`, instance(), true},
		{`resource.tags.Env == "prod"`, instance(), true},
		{`has(resource.tags.Env) && !has(resource.tags.Nope)`, instance(), true},
		{`resource.tags.exists(k, k.startsWith("Own"))`, instance(), true},
		{`resource.tags.all(k, resource.tags[k] != "")`, instance(), true},
		{`resource.volumes.exists(v, v == "vol-2") && resource.volumes.size() == 2`, instance(), true},
		{`resource.volumes.map(v, v.upperAscii()).join("+") == "VOL-1+VOL-2"`, instance(), true},
		{`resource.security_groups == []`, instance(), true},
		{`resource.parent.id == "" && resource.parent.type == ""`, instance(), true},
		{`resource.parent.id == "asg-1" && resource.managed_by == "autoscaling"`, grouped, true},
		{`account.id == resource.account && account.id == "111122223333"`, instance(), true},
		{`resource.arn.startsWith("arn:aws:ec2:") && resource.region == "eu-central-1"`, instance(), true},
		{`resource.type == "ec2:instance" && resource.id == "i-0abc" && resource.name == "web-1"`, instance(), true},
		{`resource.name.matches("^web-[0-9]+$")`, instance(), true},
		{`resource.name.matches(tag("Name"))`, instance(), true},
		{`resource.name.replace("web", "db") == "db-1"`, instance(), true},
		{`resource.name.split("-")[1] == "1" && resource.name.indexOf("-") == 3 && resource.name.lastIndexOf("w") == 0`, instance(), true},
		{`"%s/%d".format([resource.name, resource.volumes.size()]) == "web-1/2"`, instance(), true},
		{`today() == date("2026-11-18") && date("2026-11-18T12:00:00Z") == now`, instance(), true},
		// now is a Wednesday noon in UTC, and a holiday in Saxony.
		{`office_hours("Mon-Fri 08:00-19:00", "Europe/Berlin", "DE")`, instance(), true},
		{`office_hours("Mon-Fri 08:00-19:00", "Europe/Berlin", "DE-SN")`, instance(), false},
		{`office_hours("Mon-Fri 08:00-19:00", "Asia/Tokyo", "")`, instance(), false},
		{`office_hours(tag("Schedule"), "UTC", "")`, with(func(i *resource.Instance) { i.TagSet = tag.Set{"Schedule": "wed 12:00-12:01"} }), true},
		{`{"prod": days(1)}["prod"] == hours(24)`, instance(), true},
		{`now.getHours() == 12 && now.getDayOfWeek() == 3`, instance(), true},
		{`days(-1) < days(0)`, instance(), true},
		{`(resource.state == "running" ? tag("Env") : "") == "prod"`, instance(), true},
	}
	for _, tt := range tests {
		got, err := condition(t, tt.source).Bool(on(tt.on))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %v", tt.source, got, err, tt.want)
		}
	}
}

func TestWhatCannotBeAnsweredIsUnknownWithAReason(t *testing.T) {
	countryHint := "there are those of " + strings.Join(hours.Countries(), ", ") + `; "" is for none`
	unread := with(func(i *resource.Instance) {
		i.VPCTags = resource.Unread[map[string]string](errors.New("denied\x1b[31m"))
	})
	forged := with(func(i *resource.Instance) { i.TagSet = tag.Set{"Expires": "\x1b]0;owned\a", "K": "\u202e"} })
	tests := []struct {
		source string
		on     *resource.Instance
		want   Unknown
	}{
		{`resource.tags["Nope"] == ""`, instance(), Unknown{Reason: `resource has no tag "Nope"`}},
		{`resource.tags.Nope == ""`, instance(), Unknown{Reason: `resource has no tag "Nope"`}},
		{`resource.tags["No" + "pe"] == ""`, instance(), Unknown{Reason: `no such key: Nope`}},
		{`{"a": 1}["b"] == 1`, instance(), Unknown{Reason: `there is no key "b"`}},
		{`{"a": 1}.b == 1`, instance(), Unknown{Reason: `there is no key "b"`}},
		{`resource.tags[tag("K")] == ""`, forged, Unknown{Reason: `no such key: \u202e`}},
		{`resource.age > days(1)`, instance(), Unknown{Reason: "its creation is not known"}},
		{`resource.created_at < now`, instance(), Unknown{Reason: "its creation is not known"}},
		{`resource.vpc_tags["Name"] == "acme"`, instance(), Unknown{Reason: "vpc_tags was not fetched", Facts: []need.Fact{need.VPCTags}}},
		{`resource.vpc_tags["Name"] == "acme"`, unread, Unknown{Reason: `reading vpc_tags: denied\u001b[31m`}},
		{`resource.vpc_tags["Name"] == "acme"`, with(func(i *resource.Instance) { i.VPC = "" }), Unknown{Reason: `vpc_tags has no key "Name"`}},
		{`date(tag("Expires")) < now`, instance(), Unknown{Reason: `"" is no date: write it as 2026-01-31 or 2026-01-31T09:00:00Z`}},
		{`date(tag("Expires")) < now`, forged, Unknown{Reason: `"\x1b]0;owned\a" is no date: write it as 2026-01-31 or 2026-01-31T09:00:00Z`}},
		{`office_hours(tag("Env"), "UTC", "")`, instance(), Unknown{Reason: `"prod" is no hours: "prod" is no day: the days are Mon, Tue, Wed, Thu, Fri, Sat and Sun`}},
		{`office_hours("Mon 08:00-19:00", tag("K"), "")`, forged, Unknown{Reason: `there is no time zone "\u202e": write a name such as Europe/Berlin, or UTC`}},
		{`office_hours("Mon 08:00-19:00", "UTC", tag("Env"))`, instance(), Unknown{Reason: `there is no calendar of holidays for "prod": ` + countryHint}},
		{`days(int(tag("N"))) > days(1)`, with(func(i *resource.Instance) { i.TagSet = tag.Set{"N": "-999999999"} }), Unknown{Reason: "days(-999999999) is out of range: at most 106751"}},
		{`resource.name.matches(tag("K") + "(")`, instance(), Unknown{Reason: `"(" is no regular expression: missing closing )`}},
		{`resource.volumes[2] == ""`, instance(), Unknown{Reason: "index out of bounds: 2"}},
		{`1 / int(tag("N")) == 1`, with(func(i *resource.Instance) { i.TagSet = tag.Set{"N": "0"} }), Unknown{Reason: "division by zero"}},
	}
	for _, tt := range tests {
		_, err := condition(t, tt.source).Bool(on(tt.on))
		if diff := cmp.Diff(&tt.want, unknown(t, err)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestFactsAreAskedForOnlyWhereTheAnswerIsOpen(t *testing.T) {
	acme := with(func(i *resource.Instance) { i.VPCTags = resource.Known(map[string]string{"Name": "acme"}) })
	const lazy = `resource.vpc_tags["Name"] == "acme"`
	yes, no := true, false
	missing := []need.Fact{need.VPCTags}
	tests := []struct {
		name   string
		source string
		on     *resource.Instance
		want   *bool // nil: unknown
		facts  []need.Fact
	}{
		{"false and missing", `false && ` + lazy, instance(), &no, nil},
		{"missing and false", lazy + ` && resource.state == "stopped"`, instance(), &no, nil},
		{"true or missing", `true || ` + lazy, instance(), &yes, nil},
		{"missing or true", lazy + ` || resource.state == "running"`, instance(), &yes, nil},
		{"true and missing", `resource.state == "running" && ` + lazy, instance(), nil, missing},
		{"false or missing", `false || ` + lazy, instance(), nil, missing},
		{"other error first", `resource.tags["Nope"] == "" || ` + lazy, instance(), nil, missing},
		{"other error last", lazy + ` || resource.age > days(1)`, instance(), nil, missing},
		{"other error, fetched", `resource.tags["Nope"] == "" || ` + lazy, acme, &yes, nil},
		{"fetched", `resource.state == "running" && ` + lazy, acme, &yes, nil},
		{"not taken branch", `resource.state == "running" ? true : ` + lazy, instance(), &yes, nil},
		{"taken branch", `resource.state == "stopped" ? true : ` + lazy, instance(), nil, missing},
		{"absorbed in a loop", `["a", "b"].exists(x, x == "b" || resource.vpc_tags[x] == "")`, instance(), &yes, nil},
		{"open in a loop", `["a", "b"].all(x, resource.vpc_tags[x] == "")`, instance(), nil, missing},
		{"by a definition", `resource.state == "running" && acme`, instance(), nil, missing},
		{"by a definition, absorbed", `resource.state == "running" || acme`, instance(), &yes, nil},
		{"by a definition, absorbed after", `acme || resource.state == "running"`, instance(), &yes, nil},
	}
	c := NewCompiler(time.UTC, []Define{{"acme", lazy}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := compile(t, c, tt.source, Bool, instanceOnly).Bool(on(tt.on))
			if tt.want != nil {
				if err != nil || got != *tt.want {
					t.Fatalf("got %v, %v, want %v", got, err, *tt.want)
				}
				return
			}
			if diff := cmp.Diff(tt.facts, unknown(t, err).Facts); diff != "" {
				t.Errorf("facts (-want +got)\n%s", diff)
			}
		})
	}
}

func TestTextsAreWritten(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCompiler(berlin, nil)
	late := Input{Resource: instance(), Now: time.Date(2026, 11, 18, 23, 30, 0, 0, time.UTC)}
	for source, want := range map[string]string{
		`today()`:                      "2026-11-19",
		`now`:                          "2026-11-19",
		`today() + days(30)`:           "2026-12-19",
		`date("2026-11-18")`:           "2026-11-18",
		`date("2026-11-18T23:30:00Z")`: "2026-11-19",
		`tag("Owner")`:                 "ada@example.com",
		`string(resource.launched_at)`: "2026-11-08T12:00:00Z",
	} {
		got, err := compile(t, c, source, TagValue, instanceOnly).TagValue(late)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", source, got, err, want)
		}
	}
	if got, err := compile(t, c, `tag("Owner") + "!"`, Text, instanceOnly).Text(late); err != nil || got != "ada@example.com!" {
		t.Errorf("Text: got %q, %v", got, err)
	}
	_, err = compile(t, c, `string(resource.created_at)`, Text, instanceOnly).Text(late)
	if u := unknown(t, err); u.Reason != "its creation is not known" {
		t.Errorf("Text: got %q", u.Reason)
	}
}

// In São Paulo the 4th of November 2018 began at one o'clock.
func TestADayWithoutMidnightBeginsAnHourLater(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, NewCompiler(zone, nil), `date("2018-11-04")`, TagValue, instanceOnly)
	if got, err := p.TagValue(on(instance())); err != nil || got != "2018-11-04" {
		t.Errorf("got %q, %v", got, err)
	}
	p = compile(t, NewCompiler(zone, nil), `today() == timestamp("2018-11-04T03:00:00Z")`, Bool, instanceOnly)
	if got, err := p.Bool(Input{Resource: instance(), Now: time.Date(2018, 11, 4, 12, 0, 0, 0, time.UTC)}); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestLengthsAreNotNegative(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"prod", `tag("Env") == "prod"`}})
	p := compile(t, c, `prod ? days(30) : days(7)`, Length, instanceOnly)
	if got, err := p.Length(on(instance())); err != nil || got != 30*24*time.Hour {
		t.Errorf("got %v, %v", got, err)
	}
	p = compile(t, c, `resource.launched_at - now`, Length, instanceOnly)
	_, err := p.Length(on(instance()))
	if u := unknown(t, err); u.Reason != "the length of time is negative: -10d" {
		t.Errorf("got %q", u.Reason)
	}
}

func TestTheRunIsSeenByText(t *testing.T) {
	run := &Run{Policy: "cost-center", Violations: 3, Fixed: 1, Done: 2, Held: 4, Failed: 5, Items: []Item{
		{ID: "i-1", ARN: "arn:1", Type: "ec2:instance", Account: "1", Region: "r", Name: "web", Owner: "ada", Status: "held", Action: "stop", Reason: "why"},
		{ID: "i-2", Status: "failed"},
	}}
	c := NewCompiler(time.UTC, nil)
	for source, want := range map[string]string{
		`run.policy + " " + string(run.violations + run.fixed + run.done + run.held + run.failed)`:                "cost-center 15",
		`run.items.map(i, i.id + "=" + i.status).join(", ")`:                                                      "i-1=held, i-2=failed",
		`run.items.filter(i, i.status == "held").map(i, i.arn + i.type + i.account + i.region + i.name).join("")`: "arn:1ec2:instance1rweb",
		`run.items[0].owner + run.items[0].action + run.items[0].reason`:                                          "adastopwhy",
		`"%d of %s on %s".format([run.items.size(), run.policy, today()])`:                                        "2 of cost-center on 2026-11-18T00:00:00Z",
		`run.items.exists(i, i.status == "failed") ? "bad" : "good"`:                                              "bad",
	} {
		got, err := compile(t, c, source, Text, nil).Text(Input{Now: now, Run: run})
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", source, got, err, want)
		}
	}
	_, err := compile(t, c, `run.policy`, Text, nil).Text(Input{Now: now})
	if u := unknown(t, err); u.Reason != "there is no run to speak of" {
		t.Errorf("got %q", u.Reason)
	}
}

func TestAProgramSaysWhatItNames(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{
		{"acme", `resource.vpc_tags["Name"] == tag("Acme")`},
		{"wide", `acme || "Wide" in resource.tags`},
		{"unused", `resource.subnet == tag("Unused")`},
	})
	tests := []struct {
		source string
		types  []resource.Type
		want   Want
		facts  []need.Fact
		fields []string
		keys   []string
	}{
		{`true`, instanceOnly, Bool, []need.Fact{need.Instances}, nil, nil},
		{`resource.state == tag("State")`, instanceOnly, Bool, []need.Fact{need.Instances}, []string{"state"}, []string{"State"}},
		{`wide && resource.tags["B"] == "" && has(resource.tags.C) && resource.tags.D == "" && tag("No" + "t") == ""`, instanceOnly, Bool,
			[]need.Fact{need.Instances, need.VPCTags}, []string{"tags", "vpc_tags"}, []string{"Acme", "B", "C", "D", "Wide"}},
		{`resource.vpc_tags["NotATag"] == ""`, instanceOnly, Bool, []need.Fact{need.Instances, need.VPCTags}, []string{"vpc_tags"}, nil},
		{`resource.volumes.exists(x, x == resource.vpc)`, instanceOnly, Bool, []need.Fact{need.Instances}, []string{"volumes", "vpc"}, nil},
		{`run.policy`, nil, Text, nil, nil, nil},
	}
	for _, tt := range tests {
		p := compile(t, c, tt.source, tt.want, tt.types)
		got := []any{p.Source(), p.Facts(), p.Fields(), p.TagKeys()}
		if diff := cmp.Diff([]any{tt.source, tt.facts, tt.fields, tt.keys}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestAProgramIsOnlyForItsInput(t *testing.T) {
	p := condition(t, `resource.state == "running"`)
	_, err := p.Bool(Input{Now: now})
	if u := unknown(t, err); u.Reason != "there is no resource to judge" {
		t.Errorf("got %q", u.Reason)
	}
	_, err = p.Bool(on(with(func(i *resource.Instance) { i.Reference.Type = "ec2:volume" })))
	if u := unknown(t, err); u.Reason != "the expression is not for resources of type ec2:volume" {
		t.Errorf("got %q", u.Reason)
	}
	_, err = p.Text(on(instance()))
	if u := unknown(t, err); u.Reason != "the expression gives bool where a string is wanted" {
		t.Errorf("got %q", u.Reason)
	}
	_, err = p.Length(on(instance()))
	if u := unknown(t, err); !strings.Contains(u.Reason, "a duration is wanted") {
		t.Errorf("got %q", u.Reason)
	}
	_, err = compile(t, NewCompiler(time.UTC, nil), `tag("a")`, Text, instanceOnly).Bool(on(instance()))
	if u := unknown(t, err); !strings.Contains(u.Reason, "a condition (bool) is wanted") {
		t.Errorf("got %q", u.Reason)
	}
}
