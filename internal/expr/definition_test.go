package expr

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// volume is a second type, to see expressions over several.
type volume struct{ resource.Base }

func (*volume) Ended() bool                           { return false }
func (*volume) Refuses(action.Kind) *resource.Refusal { return nil }
func (*volume) Already(action.Kind) bool              { return false }

// fakeField reads the same value of every resource.
func fakeField(name string, t resource.FieldType, f need.Fact, v any) resource.Field {
	return resource.Field{Name: name, Type: t, Fact: f, Get: func(resource.Resource, time.Time) (any, error) { return v, nil }}
}

// twoTypes is a compiler over instances and volumes of a made-up shape.
func twoTypes(defines ...Define) (*Compiler, []resource.Type) {
	c := NewCompiler(time.UTC, defines)
	c.schemas = append([]*resource.Schema{}, c.schemas...)
	c.schemas = append(c.schemas, &resource.Schema{Type: "test:disk", Fields: []resource.Field{
		fakeField("attached", resource.Bool, "volumes", true),
		fakeField("id", resource.String, "volumes", "vol-9"),
		fakeField("state", resource.Bool, "volumes", true),
		fakeField("vpc", resource.String, "volume_vpcs", "vpc-9"),
	}})
	return c, []resource.Type{"test:disk", resource.EC2Instance}
}

func TestSeveralTypesHaveTheFieldsTheyShare(t *testing.T) {
	c, both := twoTypes()
	_, got := c.Compile(`resource.attached && resource.subnet == "" && resource.state && resource.nope`, Bool, both)
	want := []Problem{
		one(10, 8, `ec2:instance and test:disk share no field "attached"`, "only test:disk has it; an expression over several types has the fields they share"),
		one(31, 6, `ec2:instance and test:disk share no field "subnet"`, "only ec2:instance has it; an expression over several types has the fields they share"),
		one(56, 5, `ec2:instance and test:disk share no field "state"`, "it is of another type in each of them; an expression over several types has the fields they share"),
		one(74, 4, `ec2:instance and test:disk share no field "nope"`, `tagwarden schema ec2:instance lists the fields; a tag is read with tag("nope")`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, got = c.Compile(`resource.attached`, Bool, instanceOnly)
	if diff := cmp.Diff([]Problem{one(10, 8, `ec2:instance has no field "attached"`, "ec2:elastic-ip, ec2:network-interface, ec2:volume and test:disk have it")}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEachTypeIsReadByItsOwnGetter(t *testing.T) {
	c, both := twoTypes()
	p := compile(t, c, `resource.id + " " + resource.vpc`, Text, both)
	v := &volume{resource.Base{Reference: resource.Ref{Type: "test:disk"}}}
	for _, tt := range []struct {
		r    resource.Resource
		want string
	}{{instance(), "i-0abc vpc-abc123c1"}, {v, "vol-9 vpc-9"}} {
		got, err := p.Text(Input{Resource: tt.r, Now: now})
		if err != nil || got != tt.want {
			t.Errorf("got %q, %v, want %q", got, err, tt.want)
		}
	}
	if diff := cmp.Diff([]need.Fact{need.Instances, "volume_vpcs", "volumes"}, p.Facts()); diff != "" {
		t.Errorf("facts (-want +got)\n%s", diff)
	}
}

func TestDefinitionsAreVariables(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{
		{"worked_out", `prod && !exempt`}, // before what it uses
		{"prod", `tag("Env") in envs`},
		{"envs", `["prod", "live"]`},
		{"exempt", `"SPECIAL" in resource.tags`},
		{"grace", `prod ? days(30) : days(7)`},
	})
	p := compile(t, c, `worked_out && prod && resource.volumes.exists(x, prod)`, Bool, instanceOnly)
	if got, err := p.Bool(on(instance())); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
	l := compile(t, c, `grace`, Length, instanceOnly)
	if got, err := l.Length(on(instance())); err != nil || got != 30*24*time.Hour {
		t.Errorf("got %v, %v", got, err)
	}
	if problems := c.CheckDefines(instanceOnly); problems != nil {
		t.Errorf("got %+v", problems)
	}
}

func TestADefinitionsReasonIsItsOwn(t *testing.T) {
	// The lookups of the definition and of the expression have the same ids.
	c := NewCompiler(time.UTC, []Define{{"d", `resource.tags["InDefinition"] == ""`}})
	_, err := compile(t, c, `d || resource.tags["Env"] == ""`, Bool, instanceOnly).Bool(on(instance()))
	if u := unknown(t, err); u.Reason != `resource has no tag "InDefinition"` {
		t.Errorf("got %q", u.Reason)
	}
}

func TestMistakesInDefinitionsAreToldWhereTheyAreUsed(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{
		{"wrong", `resource.vcp == "x" && nope`},
		{"user", `wrong || prod`},
		{"prod", `tag("Env") == "prod"`},
		{"typed", `days(7)`},
	})
	wrong := []Problem{
		{Define: "wrong", Line: 1, Column: 10, Width: 3, Summary: `ec2:instance has no field "vcp"`, Hint: `did you mean "vpc"?`},
		{Define: "wrong", Line: 1, Column: 24, Width: 4, Summary: "there is no variable nope", Hint: `text is written in quotes: "nope"`},
	}
	typo := one(1, 3, "there is no variable pod", `did you mean "prod"?`)
	cond := one(1, 5, "a condition (bool) is wanted here, but this is duration", comparison)
	for source, want := range map[string][]Problem{
		`user`:        wrong,
		`wrong`:       wrong,
		`pod || user`: append([]Problem{typo}, wrong...),
		`prod`:        nil,
		`typed`:       {cond},
		`undef`:       {one(1, 5, "there is no variable undef", `text is written in quotes: "undef"`)},
	} {
		_, got := c.Compile(source, Bool, instanceOnly)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
	if diff := cmp.Diff(wrong, c.CheckDefines(instanceOnly)); diff != "" {
		t.Errorf("CheckDefines (-want +got)\n%s", diff)
	}
}

func TestADefinitionIsWrongOnlyForTheTypesThatLackItsFields(t *testing.T) {
	c, both := twoTypes(Define{"d", `resource.attached`})
	if _, problems := c.Compile(`d`, Bool, []resource.Type{"test:disk"}); problems != nil {
		t.Errorf("got %+v", problems)
	}
	if problems := c.CheckDefines(both); len(problems) != 1 || problems[0].Define != "d" {
		t.Errorf("got %+v", problems)
	}
	if problems := c.CheckDefines(nil); len(problems) != 1 || problems[0].Summary != "resource is not known here" {
		t.Errorf("got %+v", problems)
	}
}

func TestDefinitionsDoNotUseThemselves(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"a", `true && b`}, {"b", `c || foo`}, {"c", `a`}, {"self", `!self`}, {"user", `a`}})
	want := []Problem{
		{Define: "a", Line: 1, Column: 9, Width: 1, Summary: "the definition uses itself: a → b → c → a"},
		{Define: "b", Line: 1, Column: 1, Width: 1, Summary: "the definition uses itself: b → c → a → b"},
		{Define: "b", Line: 1, Column: 6, Width: 3, Summary: "there is no variable foo", Hint: `text is written in quotes: "foo"`},
		{Define: "c", Line: 1, Column: 1, Width: 1, Summary: "the definition uses itself: c → a → b → c"},
		{Define: "self", Line: 1, Column: 2, Width: 4, Summary: "the definition uses itself: self → self"},
	}
	if diff := cmp.Diff(want, c.CheckDefines(instanceOnly)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, got := c.Compile("user", Bool, instanceOnly)
	if diff := cmp.Diff(want[:4], got); diff != "" {
		t.Errorf("where it is used (-want +got)\n%s", diff)
	}
}

func TestNamesOfDefinitions(t *testing.T) {
	const letters = "a name is letters, digits and _, and begins with a letter"
	for name, want := range map[string]Problem{
		"":           whole(`"" cannot be the name of a definition`),
		"my-name":    whole(`"my-name" cannot be the name of a definition`),
		"in":         whole("in cannot be the name of a definition: it is a word of the language"),
		"resource":   whole("resource cannot be the name of a definition: it is a variable of the language"),
		"run":        whole("run cannot be the name of a definition: it is a variable of the language"),
		"creator":    whole("creator cannot be the name of a definition: it is a variable of the language"),
		"lookup":     whole("lookup cannot be the name of a definition: it is a function of the language"),
		"days":       whole("days cannot be the name of a definition: it is a function of the language"),
		"startsWith": whole("startsWith cannot be the name of a definition: it is a function of the language"),
		"exists":     whole("exists cannot be the name of a definition: it is a function of the language"),
		"string":     whole("string cannot be the name of a definition: it is a function of the language"),
		"list":       whole("list cannot be the name of a definition: it is a type of the language"),
	} {
		want.Define = name
		if name == "" || name == "my-name" {
			want.Hint = letters
		}
		got := NewCompiler(time.UTC, []Define{{name, "true"}}).CheckDefines(nil)
		if diff := cmp.Diff([]Problem{want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	got := NewCompiler(time.UTC, []Define{{"twice", "true"}, {"twice", "false"}}).CheckDefines(nil)
	want := whole("twice is defined twice")
	want.Define = "twice"
	if diff := cmp.Diff([]Problem{want}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
