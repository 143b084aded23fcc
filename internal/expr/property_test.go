package expr

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// hostileConditions read tags in every way there is.
var hostileConditions = []string{
	typical,
	`tag("K").matches(tag("P"))`,
	`date(tag("K")) < now || timestamp(tag("K")) < now`,
	`days(int(tag("K"))) > duration(tag("P"))`,
	`now + days(int(tag("K"))) > now && now - duration(tag("P")) < now`,
	`resource.tags.exists(k, resource.tags[k].replace(k, tag("K")).size() > 3)`,
	`tag("K").split(tag("P")).map(x, x.lowerAscii()).join(tag("K")) == ""`,
	`tag("K").substring(int(tag("P"))) == tag("P").charAt(1) || tag("K").trim().reverse() == ""`,
	`"%s %s".format([tag("K"), resource.tags]) != "" && tag("K").indexOf(tag("P")) > 0`,
	`resource.tags[tag("K")] == resource.tags[tag("P")]`,
	`now.getHours(tag("K")) > 3 || double(tag("P")) > 1.0 || bytes(tag("K")).size() > 2`,
	`resource.vpc_tags[tag("K")] == "" && resource.age > days(1)`,
}

func TestAnswersAreTheSameEachTime(t *testing.T) {
	var programs []*Program
	for _, source := range hostileConditions {
		programs = append(programs, condition(t, source))
	}
	values := rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,20}`), rapid.SampledFrom([]string{
		"", "(", "a{1000}{1000}", "\xff", "2026-01-31", "9999-12-31", "0000-01-01", "9223372036854775807h", "-1ns", "UTC", "../../etc/passwd", "K", "%s%d"}))
	rapid.Check(t, func(t *rapid.T) {
		i := instance()
		i.TagSet = tag.Set(rapid.MapOf(rapid.OneOf(rapid.SampledFrom([]string{"K", "P", "Project"}), rapid.String()), values).Draw(t, "tags"))
		if rapid.Bool().Draw(t, "fetched") {
			i.VPCTags = resource.Known(map[string]string{"K": "v"})
		}
		p := rapid.SampledFrom(programs).Draw(t, "program")
		one, err1 := p.Bool(on(i))
		two, err2 := p.Bool(on(i))
		if one != two || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("%s: first %v, %v, then %v, %v", p.Source(), one, err1, two, err2)
		}
		var u *Unknown
		if err1 != nil && (!errors.As(err1, &u) || u.Reason == "" || one) {
			t.Fatalf("%s: got %v, %#v", p.Source(), one, err1)
		}
		if u != nil && (diag.Printable(u.Reason) != u.Reason || !utf8.ValidString(u.Reason)) {
			t.Fatalf("%s: the reason %q cannot be shown", p.Source(), u.Reason)
		}
	})
}

// A program asks for the same facts whatever is fetched in between, and none
// that it did not announce.
func TestAskingAgainWithTheFactsComesToAnEnd(t *testing.T) {
	leaf := rapid.SampledFrom([]string{"true", "false", `resource.state == "running"`, `tag("No") != ""`,
		`resource.vpc_tags["Name"] == "acme"`, `resource.vpc_tags["No"] == ""`, `resource.age > days(1)`})
	c := NewCompiler(time.UTC, nil)
	rapid.Check(t, func(t *rapid.T) {
		source := leaf.Draw(t, "leaf")
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			sign := rapid.SampledFrom([]string{"%s && %s", "%s || %s", "(%s) ? %s : true", "!(%s) || %s"}).Draw(t, "sign")
			source = fmt.Sprintf(sign, "("+source+")", leaf.Draw(t, "leaf"))
		}
		p, problems := c.Compile(source, Bool, instanceOnly)
		if problems != nil {
			t.Fatalf("%s: %+v", source, problems)
		}
		i := instance()
		lazy, errLazy := p.Bool(on(i))
		i.VPCTags = resource.Known(map[string]string{"Name": "acme"})
		full, errFull := p.Bool(on(i))
		var u *Unknown
		if errors.As(errFull, &u) && len(u.Facts) > 0 {
			t.Fatalf("%s: asks for %v that is there", source, u.Facts)
		}
		switch {
		case errLazy == nil && (errFull != nil || full != lazy):
			t.Fatalf("%s: %v without the fact and %v, %v with it", source, lazy, full, errFull)
		case errors.As(errLazy, &u) && errFull == nil && !reflect.DeepEqual(u.Facts, []need.Fact{need.VPCTags}):
			t.Fatalf("%s: answers %v with a fact that it did not ask for: %+v", source, full, u)
		}
	})
}

func TestCompilersAndProgramsAreSharedByGoroutines(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"prod", `tag("Env") == "prod" && !other`}, {"other", `resource.tags["Nope"] == ""`}})
	shared := compile(t, c, `prod || resource.vpc_tags["x"] == ""`, Bool, instanceOnly)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for g := range 8 {
		wg.Go(func() {
			for n := 0; n < 200 && ctx.Err() == nil; n++ {
				i := instance()
				i.TagSet = tag.Set{"Env": fmt.Sprint(g), "Nope": fmt.Sprint(n)}
				_, err := shared.Bool(on(i))
				var u *Unknown
				if !errors.As(err, &u) || len(u.Facts) != 1 {
					t.Errorf("got %v", err)
				}
				own, problems := c.Compile(fmt.Sprintf(`tag("Nope") == "%d" && tag("Env") == "%d"`, n, g), Bool, instanceOnly)
				if problems != nil {
					t.Errorf("got %+v", problems)
					return
				}
				if ok, err := own.Bool(on(i)); err != nil || !ok {
					t.Errorf("got %v, %v", ok, err)
				}
				if n%50 == 0 {
					c.CheckDefines(nil)
				}
			}
		})
	}
	wg.Wait()
}

func TestATypicalConditionAllocatesLittle(t *testing.T) {
	p, in := condition(t, typical), on(instance())
	const most = 20
	got := testing.AllocsPerRun(200, func() {
		if ok, err := p.Bool(in); err != nil || !ok {
			t.Fatal(ok, err)
		}
	})
	if got > most {
		t.Errorf("got %v allocations, want at most %d", got, most)
	}
	// A tag set is read as it is, however large.
	many := instance()
	for i := range 50 {
		many.TagSet[fmt.Sprint("k", i)] = "v"
	}
	p = condition(t, `"k7" in resource.tags && resource.tags["k8"] == "v"`)
	if got := testing.AllocsPerRun(200, func() { _, _ = p.Bool(on(many)) }); got > most {
		t.Errorf("reading tags: got %v allocations, want at most %d", got, most)
	}
}

func FuzzCompile(f *testing.F) {
	for _, source := range hostileConditions {
		f.Add(source)
	}
	for _, source := range []string{
		`tag("Env") in ["prod", "live"]`, `tag("Team")`, `resource.running_for >= days(14)`,
		`resource.vpc == "vpc-abc123c1"`, `resource.vpc_tags["Name"] == "acme"`, `creator.name`, `today()`,
		`"ACME Cloud Tagging Policy Report"`, `!("SPECIAL_EXCEPTION" in resource.tags)`, `prod ? days(30) : days(7)`, `!prod`,
		`lookup("departments", creator.name)`, `run.policy + string(run.violations)`, `a.b{c: [1, {2: dyn(3)}]}`, "x\n.y(\"\u00e9\u202e\"",
		`[1].map(x, [x, x]).map(x, [x, x])`, `has(a.b) && has(resource.tags.x)`, `r'''\d'''.matches(b"x")`, "7d and not x", `"`, `'''`, `((`, `.prod`,
	} {
		f.Add(source)
	}
	c := NewCompiler(time.UTC, []Define{{"prod", `tag("Env") == "prod"`}, {"broken", "prod &&"}})
	f.Fuzz(func(t *testing.T, source string) {
		began := time.Now()
		for _, types := range [][]resource.Type{instanceOnly, nil} {
			for _, want := range []Want{Bool, Text, TagValue, Length} {
				p, problems := c.Compile(source, want, types)
				if p == nil && len(problems) == 0 {
					t.Fatal("neither a program nor a problem")
				}
				for _, at := range problems {
					if at.Line < 1 || at.Column < 1 || at.Width < 1 || at.Summary == "" {
						t.Fatalf("a problem without a place or words: %+v", at)
					}
				}
				if p != nil {
					in := Input{Resource: instance(), Now: now, Run: &Run{Items: make([]Item, 3)}}
					_, _ = p.Bool(in)
					_, _ = p.TagValue(in)
				}
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}
