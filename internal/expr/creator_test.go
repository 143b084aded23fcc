package expr

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var ada = resource.Creator{Name: "ada@example.com", PrincipalID: "AROAEXAMPLE:ada@example.com",
	ARN: "arn:aws:sts::111122223333:assumed-role/dev/ada@example.com", Kind: resource.PersonCreator}

// madeBy is an instance with what is known of who made it.
func madeBy(o resource.Lazy[resource.Origin]) Input {
	return on(with(func(i *resource.Instance) { i.SetOrigin(o) }))
}

var (
	byAda    = madeBy(resource.Known(resource.Origin{Creator: ada}))
	byNobody = madeBy(resource.Known(resource.Nobody("it is too old")))
	byUnread = madeBy(resource.Unread[resource.Origin](errors.New("denied")))
)

func TestConditionsSeeWhoMadeTheResource(t *testing.T) {
	for source, want := range map[string]struct{ ada, nobody bool }{
		`creator.name == "ada@example.com"`:                       {true, false},
		`creator.principal_id.endsWith(":ada@example.com")`:       {true, false},
		`creator.arn.contains("assumed-role/dev")`:                {true, false},
		`creator.kind == "person"`:                                {true, false},
		`creator.kind == "unknown"`:                               {false, true},
		`creator.name == ""`:                                      {false, true},
		`creator.name + creator.principal_id + creator.arn == ""`: {false, true},
	} {
		p := condition(t, source)
		for name, in := range map[string]struct {
			in   Input
			want bool
		}{"ada": {byAda, want.ada}, "nobody": {byNobody, want.nobody}} {
			if got, err := p.Bool(in.in); err != nil || got != in.want {
				t.Errorf("%s, made by %s: %v, %v", source, name, got, err)
			}
		}
		if diff := cmp.Diff([]need.Fact{need.Creator, need.Instances}, p.Facts()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
}

func TestTheCreatorIsAskedForOnlyWhereItDecides(t *testing.T) {
	for source, want := range map[string][]need.Fact{
		`creator.name == "x"`:                                   {need.Creator},
		`resource.state == "running" && creator.name == "x"`:    {need.Creator},
		`resource.state == "stopped" && creator.name == "x"`:    nil,
		`creator.name == "x" && resource.state == "stopped"`:    nil,
		`creator.kind == "role" || resource.state != "stopped"`: nil,
	} {
		_, err := condition(t, source).Bool(on(instance()))
		var got []need.Fact
		if err != nil {
			got = unknown(t, err).Facts
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
}

func TestACreatorThatCouldNotBeReadIsUnknown(t *testing.T) {
	for _, want := range []Want{Text, TagValue} {
		_, err := compile(t, NewCompiler(time.UTC, nil), `creator.name`, want, instanceOnly).text(byUnread, want)
		if u := unknown(t, err); u.Unfound || len(u.Facts) > 0 || u.Reason != "reading creator: denied" {
			t.Errorf("%s: %+v", want, u)
		}
	}
}

// What is to be written takes a name; a condition can ask whether there is one.
func TestNobodyIsNoAnswerInWhatIsWritten(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"people", `creator.name == "bob"`}})
	const why = "nobody is known to have made it: it is too old"
	for source, want := range map[string]string{
		`creator.name`:                                              "",
		`"by " + creator.name`:                                      "",
		`creator.name == "ada" ? "a" : "b"`:                         "",
		`people ? "people" : "others"`:                              "",
		`creator.arn.split("/")[1]`:                                 "",
		`creator.kind`:                                              "unknown",
		`creator.kind == "unknown" ? "nobody" : creator.name`:       "nobody",
		`creator.name == "ada" || tag("Env") == "prod" ? "a" : "b"`: "a",
	} {
		got, err := compile(t, c, source, TagValue, instanceOnly).TagValue(byNobody)
		switch {
		case want != "":
			if err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", source, got, err, want)
			}
		case err == nil:
			t.Errorf("%s: %q", source, got)
		default:
			if u := unknown(t, err); !u.Unfound || u.Reason != why {
				t.Errorf("%s: %+v", source, u)
			}
		}
	}
	if got, err := compile(t, c, `"by " + creator.name`, TagValue, instanceOnly).TagValue(byAda); err != nil || got != "by ada@example.com" {
		t.Errorf("made by ada: %q, %v", got, err)
	}
}

// A fact that is still to be fetched may make the creator irrelevant.
func TestNobodyIsNoAnswerYetWhileAnotherFactIsMissing(t *testing.T) {
	_, err := compile(t, NewCompiler(time.UTC, nil), `creator.name == "x" || resource.vpc_tags["Name"] == "y" ? "a" : "b"`, TagValue, instanceOnly).TagValue(byNobody)
	if u := unknown(t, err); u.Unfound || !cmp.Equal(u.Facts, []need.Fact{need.VPCTags}) {
		t.Errorf("got %+v", u)
	}
}

func TestFieldsOfTheCreatorAreTold(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"own", `creator.kind == "person"`}})
	p := compile(t, c, `own && creator.name != ""`, Bool, instanceOnly)
	if diff := cmp.Diff([]string{"kind", "name"}, p.CreatorFields()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{}, p.Fields(), cmp.Comparer(func(a, b []string) bool { return len(a) == len(b) })); diff != "" {
		t.Error(diff)
	}
}
