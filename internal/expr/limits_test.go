package expr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// bounded fails the test where something takes longer than any machine should
// need. What is bounded takes milliseconds; what is not, hours.
func bounded(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s goes on and on", cut(what))
	}
}

func TestAnEvaluationIsStoppedWhereItCostsTooMuch(t *testing.T) {
	tags := tag.Set{"Long": strings.Repeat("é", 256)}
	for i := range 49 {
		tags[fmt.Sprintf("k%02d", i)] = strings.Repeat("x", 256)
	}
	full := with(func(i *resource.Instance) { i.TagSet = tags })
	const long = `tag("Long")`
	nested := `resource.tags.all(a, resource.tags.all(b, resource.tags.all(c, resource.tags.all(d, a + b + c + d != ""))))`
	tests := []struct{ source, reason string }{
		{nested, "it takes too long to work out"},
		{`true || ` + nested, ""},
		{nested + ` || true`, "it takes too long to work out"}, // stopped is stopped
		{long + `.replace("", ` + long + `).replace("", ` + long + `).size() > 0`, "replace makes or reads too much text"},
		{`[` + strings.Repeat(long+`.replace("", `+long+`), `, 30) + `""].join("").size() > 0`, "it takes too long to work out"},
		{`resource.tags.all(a, resource.tags.all(b, !office_hours(a + b, b, a)))`, "it takes too long to work out"},
		{long + `.matches(` + long + `.replace("", "a")+"{1000}")`, `the regular expression "`},
		{long + `.matches("(" + ` + long + `.replace("é", "(x+)*") + ")")`, `the regular expression "`},
		{long + `.replace("é", "(a*)*").matches("^(a|a)*$") `, ""},
	}
	for _, tt := range tests {
		bounded(t, tt.source, func() {
			_, err := condition(t, tt.source).Bool(on(full))
			if tt.reason == "" {
				if err != nil {
					t.Errorf("%s: got %v", cut(tt.source), err)
				}
				return
			}
			if u := unknown(t, err); !strings.HasPrefix(u.Reason, tt.reason) || len(u.Facts) > 0 {
				t.Errorf("%s: got %+v", cut(tt.source), u)
			}
		})
	}
}

// Definitions that each double the one before make exponentially much of what
// is not counted as it is made.
func TestDefinitionsCannotDoubleWithoutEnd(t *testing.T) {
	chain := func(first, step string) []Define {
		defines := []Define{{"d0", first}}
		for i := range 60 {
			defines = append(defines, Define{fmt.Sprintf("d%d", i+1), strings.ReplaceAll(step, "§", fmt.Sprintf("d%d", i))})
		}
		return defines
	}
	tests := []struct {
		name, first, step, use, reason string
	}{
		{"text", `tag("Name")`, `§ + §`, `d60 == ""`, "the definition d"},
		{"replaced text", `tag("Name")`, `§.replace("", §)`, `d60 == ""`, "replace makes or reads too much text"},
		{"joined text", `tag("Name")`, `[§, §, §].join(§)`, `d60 == ""`, "the definition d7: it takes too long to work out"},
		{"formatted text", `tag("Name")`, `"%s%s".format([§, §])`, `d60 == ""`, "format makes or reads too much text"},
		{"searched text", `tag("Long").replace("", tag("Long"))`, `§.indexOf(§) == 0 ? § : ""`, `d60 == ""`, "indexOf makes or reads too much text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := compile(t, NewCompiler(time.UTC, chain(tt.first, tt.step)), tt.use, Bool, instanceOnly)
			bounded(t, tt.name, func() {
				long := tag.Set{"Name": "web-1", "Long": strings.Repeat("x", 256)}
				_, err := p.Bool(on(with(func(i *resource.Instance) { i.TagSet = long })))
				if u := unknown(t, err); !strings.HasPrefix(u.Reason, tt.reason) {
					t.Errorf("got %q", u.Reason)
				}
			})
		})
	}
	for _, step := range []string{`[§, §]`, `§ + §`, `{"a": §, "b": §}`} {
		bounded(t, step, func() {
			_, problems := NewCompiler(time.UTC, chain(`resource.volumes`, step)).Compile(`d60 == d60`, Bool, instanceOnly)
			if len(problems) == 0 {
				t.Errorf("%s can be compared after 60 steps", step)
			}
		})
	}
}

func TestManyItemsFitIntoATextsLimit(t *testing.T) {
	run := &Run{Items: make([]Item, 20_000)}
	for i := range run.Items {
		run.Items[i] = Item{ID: fmt.Sprintf("i-%05d", i), Status: "held"}
	}
	p := compile(t, NewCompiler(time.UTC, nil), `run.items.filter(i, i.status == "held").map(i, i.id).join(", ")`, Text, nil)
	got, err := p.Text(Input{Now: now, Run: run})
	if err != nil || len(got) != 20_000*9-2 {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	p = compile(t, NewCompiler(time.UTC, nil), `run.items.all(a, run.items.all(b, a.id + b.id != "")) ? "a" : "b"`, Text, nil)
	bounded(t, p.Source(), func() {
		_, err := p.Text(Input{Now: now, Run: run})
		if u := unknown(t, err); u.Reason != tooCostly {
			t.Errorf("got %q", u.Reason)
		}
	})
}

func TestAnExpressionIsNoLargerThanItsLimits(t *testing.T) {
	ids := make([]string, 700)
	for i := range ids {
		ids[i] = fmt.Sprintf("%q", fmt.Sprintf("i-%017x", i))
	}
	fits := []string{
		`resource.id in [` + strings.Join(ids, ",") + `]`,
		strings.Repeat("(", 20) + "true" + strings.Repeat(")", 20),
		"true" + strings.Repeat(" && true", 500),
		strings.Repeat(`tag("a") == "b" ? true : `, 20) + "false",
	}
	for _, source := range fits {
		if _, problems := NewCompiler(time.UTC, nil).Compile(source, Bool, instanceOnly); len(problems) > 0 {
			t.Errorf("%s: %+v", cut(source), problems)
		}
	}
	tests := []struct{ source, summary string }{
		{strings.Repeat(" ", MaxSource) + "x", fmt.Sprintf("the expression is too long: %d characters where %d are allowed", MaxSource+1, MaxSource)},
		{strings.Repeat("(", 5000) + "true" + strings.Repeat(")", 5000), tooComplex},
		{strings.Repeat("[", 5000), tooComplex},
		{strings.Repeat("true?true:", 1000) + "true", tooComplex},
		{"resource" + strings.Repeat(".a", 5000), tooComplex},
		{strings.Repeat("-", 10000) + "x", "there is no variable x"},
		{"resource.state.matches('x{1000}x{1000}')", `the regular expression "x{1000}x{1000}" is too large: 2002 steps where 1000 are allowed`},
		{"true \xff", "the expression is not valid UTF-8"},
	}
	for _, tt := range tests {
		bounded(t, tt.source, func() {
			_, problems := NewCompiler(time.UTC, nil).Compile(tt.source, Bool, instanceOnly)
			if len(problems) != 1 || problems[0].Summary != tt.summary {
				t.Errorf("%s: got %.300v, want %q", cut(tt.source), problems, tt.summary)
			}
		})
	}
}
