package expr

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/resource"
)

var launch = &Event{Time: now.Add(-2 * time.Minute), Name: "RunInstances", Source: "aws.ec2"}

func TestConditionsSeeTheEvent(t *testing.T) {
	for source, want := range map[string]struct {
		launch bool
		sweep  string // why it is unknown, "" where it is false
	}{
		`event.name == "RunInstances"`:                                     {true, noEvent},
		`event.name in ["CreateVolume", "RunInstances"]`:                   {true, noEvent},
		`event.source == "aws.rds"`:                                        {false, noEvent},
		`now - event.time < hours(1)`:                                      {true, noEvent},
		`event.time.getHours() >= 8`:                                       {true, noEvent},
		`resource.state == "stopped" && event.name == "x"`:                 {false, ""},
		`event.name == "x" && resource.state == "stopped"`:                 {false, ""},
		`!(event.name == "x")`:                                             {true, noEvent},
		`event.name != "x" || resource.state == "stopped"`:                 {true, noEvent},
		`(event.source == "aws.ec2" ? "a" : "b") == "a"`:                   {true, noEvent},
		`launched && resource.state == "running"`:                          {true, noEvent},
		`resource.state == "running" ? event.name != "" : days(1)>now-now`: {true, noEvent},
	} {
		p := compile(t, NewCompiler(time.UTC, []Define{{"launched", `event.name == "RunInstances"`}}), source, Bool, instanceOnly)
		in := on(instance())
		in.Event = launch
		if got, err := p.Bool(in); err != nil || got != want.launch {
			t.Errorf("%s, for a launch: %v, %v", source, got, err)
		}
		in.Event = nil
		got, err := p.Bool(in)
		if want.sweep == "" {
			if got || err != nil {
				t.Errorf("%s, in a sweep: %v, %v", source, got, err)
			}
			continue
		}
		if u := unknown(t, err); u.Reason != want.sweep || len(u.Facts) > 0 {
			t.Errorf("%s, in a sweep: %+v", source, u)
		}
	}
}

const noEvent = "no event is judged, but the resource as it is found"

func TestAnEventWithoutATimeLeavesIt(t *testing.T) {
	in := on(instance())
	in.Event = &Event{Name: "x"}
	_, err := condition(t, `event.time < now`).Bool(in)
	if u := unknown(t, err); u.Reason != "the event does not say when it happened" {
		t.Errorf("%+v", u)
	}
	if got, err := condition(t, `event.name == "x"`).Bool(in); !got || err != nil {
		t.Errorf("its name: %v, %v", got, err)
	}
}

func TestFieldsOfTheEventAreTold(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"fresh", `now - event.time < hours(1)`}, {"calm", `resource.state == "running"`}})
	for source, want := range map[string]struct {
		fields []string
		at     *Problem
	}{
		`calm && event.name == "x"`:           {[]string{"name"}, &Problem{Line: 1, Column: 9, Width: 5, Summary: "s", Hint: "h"}},
		`calm && fresh`:                       {[]string{"time"}, &Problem{Line: 1, Column: 9, Width: 5, Summary: "s", Hint: "h"}},
		`fresh || event.source == event.name`: {[]string{"name", "source", "time"}, &Problem{Line: 1, Column: 1, Width: 5, Summary: "s", Hint: "h"}},
		`["a"].exists(e, e == tag("event"))`:  {nil, nil},
		`calm`:                                {nil, nil},
	} {
		p := compile(t, c, source, Bool, instanceOnly)
		if diff := cmp.Diff(want.fields, p.EventFields()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
		got := p.AsksEvent("s", "h")
		if want.at == nil && len(got) > 0 || want.at != nil && !cmp.Equal([]Problem{*want.at}, got) {
			t.Errorf("%s asks for the event at %+v, want %+v", source, got, want.at)
		}
	}
}

func TestMistakesAboutTheEventAreTold(t *testing.T) {
	for source, want := range map[string]Problem{
		`event.nam == "x"`:       one(7, 3, `event has no field "nam"`, `did you mean "name"?`),
		`event.detail == "x"`:    one(7, 6, `event has no field "detail"`, "it has name, source, time"),
		`event.time == "x"`:      one(1, 17, "timestamp == string is not possible", `write a time as date("2026-12-31")`),
		`has(event.name)`:        one(1, 15, "has() cannot be asked of name: the field is always there", `compare it with what it is where there is none, such as ""`),
		`event() == "x"`:         one(1, 5, "event is a variable, not a function", "write event without brackets"),
		`event.name.foo == "x"`:  one(12, 3, `string has no fields, so there is no "foo"`, ""),
		`["a"].all(event, true)`: one(1, 22, "event already names a variable", "give the element another name, such as x"),
	} {
		_, got := NewCompiler(time.UTC, nil).Compile(source, Bool, instanceOnly)
		if diff := cmp.Diff([]Problem{want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
	if _, got := NewCompiler(time.UTC, nil).Compile(`event.name`, Text, nil); len(got) != 1 || got[0].Summary != "event is not known here" {
		t.Errorf("in subject and text: %+v", got)
	}
}

// Whatever the event would be, a sweep gives the answer only where every event
// gives the same one.
func TestASweepNeverGuessesAtTheEvent(t *testing.T) {
	var programs []*Program
	for _, source := range []string{
		`event.name == tag("K")`,
		`event.name == tag("K") || resource.state == tag("P")`,
		`event.source.startsWith(tag("P")) && !(tag("K") == "")`,
		`tag("K") == "" ? event.time < now : tag("P") == ""`,
		`[tag("K"), tag("P")].exists(x, x == event.name)`,
	} {
		programs = append(programs, condition(t, source))
	}
	words := rapid.SampledFrom([]string{"", "a", "running", "aws.ec2", "RunInstances"})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(programs).Draw(t, "program")
		i := with(func(i *resource.Instance) {
			i.TagSet = map[string]string{"K": words.Draw(t, "K"), "P": words.Draw(t, "P")}
		})
		swept, err := p.Bool(on(i))
		if err != nil {
			return
		}
		in := on(i)
		in.Event = &Event{Time: now.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "ago"))), Name: words.Draw(t, "name"), Source: words.Draw(t, "source")}
		if got, err := p.Bool(in); err != nil || got != swept {
			t.Fatalf("%s: %v in a sweep, %v, %v for %+v", p.Source(), swept, got, err, in.Event)
		}
	})
}
