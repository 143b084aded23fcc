package expr

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// one is a problem on the first line.
func one(column, width int, summary, hint string) Problem {
	return Problem{Line: 1, Column: column, Width: width, Summary: summary, Hint: hint}
}

func TestMistakesAreExplained(t *testing.T) {
	tests := []struct {
		source string
		want   []Problem
	}{
		// Names.
		{`stat == "x"`, []Problem{one(1, 4, "there is no variable stat", `text is written in quotes: "stat"`)}},
		{`state == "x"`, []Problem{one(1, 5, "there is no variable state", "write resource.state")}},
		{`resuorce.id == ""`, []Problem{one(1, 8, "there is no variable resuorce", `did you mean "resource"?`)}},
		{`resource.vcp == ""`, []Problem{one(10, 3, `ec2:instance has no field "vcp"`, `did you mean "vpc"?`)}},
		{`resource.Project == ""`, []Problem{one(10, 7, `ec2:instance has no field "Project"`, `tagwarden schema ec2:instance lists the fields; a tag is read with tag("Project")`)}},
		{`resource.parent.idd == ""`, []Problem{one(17, 3, `parent has no field "idd"`, `did you mean "id"?`)}},
		{`resource.state.size == 1`, []Problem{one(16, 4, `string has no fields, so there is no "size"`, "")}},
		{`tga("x") == ""`, []Problem{one(1, 3, "there is no function tga", `did you mean "tag"?`)}},
		{`resource.state.startWith("x")`, []Problem{one(16, 9, "there is no function startWith", `did you mean "startsWith"?`)}},
		{`days == now()`, []Problem{
			one(1, 4, "days is a function, not a variable", "write days(int), as in days(7)"),
			one(9, 3, "now is a variable, not a function", "write now without brackets")}},
		{`run.policy == ""`, []Problem{one(1, 3, "run is not known here", "run is for subject and text, rule for revoke; here there are resource, account, creator, event and now")}},
		{`creator == "x"`, []Problem{one(1, 14, "creator == string is not possible", ""), one(1, 7, "creator is no value by itself", "name a field of it, such as creator.name")}},
		{`creator.nam == "x"`, []Problem{one(9, 3, `creator has no field "nam"`, `did you mean "name"?`)}},
		{`has(creator.name)`, []Problem{one(1, 17, "has() cannot be asked of name: the field is always there", `compare it with what it is where there is none, such as ""`)}},
		{`["a"].exists(creator, creator == "a")`, []Problem{one(1, 37, "creator already names a variable", "give the element another name, such as x")}},
		{`math.greatest(1, 2) == 1`, []Problem{one(1, 4, "there is no variable math", "")}},

		// What settings must say first.
		{`account.name == account.ou`, []Problem{
			one(9, 4, "account.name is not known", "give every account a name in the settings' accounts, or compare account.id"),
			one(25, 2, "account.ou is not known", "it is known with accounts: {organization: …} in the settings; compare account.id")}},
		{`lookup("t", creator.name) == ""`, []Problem{
			one(8, 3, `there is no table "t"`, "there are no tables: write them under lookups:")}},

		// Types.
		{`resource.vpc`, []Problem{one(1, 12, "a condition (bool) is wanted here, but this is string", comparison)}},
		{`resource.parent.id && resource.running_for`, []Problem{
			one(1, 18, "a condition (bool) is wanted here, but this is string", comparison),
			one(23, 20, "a condition (bool) is wanted here, but this is duration", comparison)}},
		{`resource.running_for > 7`, []Problem{one(1, 24, "duration > int is not possible", "write a length of time as days(7) or hours(12)")}},
		{`resource.launched_at < "2026"`, []Problem{one(1, 29, "timestamp < string is not possible", `write a time as date("2026-12-31")`)}},
		{`resource.launched_at > days(7)`, []Problem{one(1, 30, "timestamp > duration is not possible", "now - x is how long ago x was")}},
		{`tag("N") > 3`, []Problem{one(1, 12, "string > int is not possible", "int(x) makes a number of text, string(x) text of a number")}},
		{`1 + 1.5 < 2`, []Problem{one(1, 7, "int + double is not possible", "double(x) makes a fraction of a whole number")}},
		{`1 in resource.tags`, []Problem{one(1, 18, "int in map(string, string) is not possible", "the right side of in is a list of such values or a map with such keys")}},
		{`resource.volumes["a"] == ""`, []Problem{one(1, 21, "string cannot be looked up in list(string)", "")}},
		{`!resource.state || -resource.state`, []Problem{
			one(2, 14, "a condition (bool) is wanted after !, but this is string", ""),
			one(20, 15, "-string is not possible", "")}},
		{`resource.state ? true : false`, []Problem{one(1, 14, "a condition (bool) is wanted before the ?, but this is string", "")}},
		{`true ? "a" : 1`, []Problem{one(1, 14, "the two answers must be of one type, but they are string and int", "")}},
		{`tag(1) == tag()`, []Problem{
			one(1, 6, "tag(int) is not a way to call tag", `write tag(string), as in tag("Project")`),
			one(11, 5, "tag() is not a way to call tag", `write tag(string), as in tag("Project")`)}},
		{`days("7") > hours(1, 2)`, []Problem{
			one(1, 9, "days(string) is not a way to call days", "write days(int), as in days(7)"),
			one(13, 11, "hours(int, int) is not a way to call hours", "write hours(int), as in hours(12)")}},
		{`startsWith("a", "b")`, []Problem{one(1, 20, "startsWith(string, string) is not a way to call startsWith", "write string.startsWith(string)")}},
		{`resource.state.exists(x, true)`, []Problem{one(1, 14, "string has no elements to go through", "lists and maps have")}},
		{`resource.volumes.exists(x, x)`, []Problem{one(28, 1, "a condition (bool) is wanted here, but this is string", comparison)}},
		{`resource.volumes.filter(x, 1) == []`, []Problem{one(28, 1, "a condition (bool) is wanted here, but this is int", comparison)}},
		{`resource.volumes.exists(x)`, []Problem{
			one(18, 6, "this is not a way to call exists", "write list.exists(x, …), where x names an element"),
			one(25, 1, "there is no variable x", `text is written in quotes: "x"`)}},

		// Rules of ours.
		{`resource == resource`, []Problem{
			one(1, 8, "resource is no value by itself", "name a field of it, such as resource.id"),
			one(13, 8, "resource is no value by itself", "name a field of it, such as resource.id")}},
		{`has(resource.vpc)`, []Problem{one(1, 17, "has() cannot be asked of vpc: the field is always there", `compare it with what it is where there is none, such as ""`)}},
		{`has(resource.tags)`, []Problem{one(1, 18, "has() cannot be asked of tags: the field is always there", "name a key of it, as in has(resource.tags.Project)")}},
		{`dyn(resource.vpc) == 1`, []Problem{one(1, 17, "the type of what dyn() gives is not known", "leave it out")}},
		{`1 in [1, "a"]`, []Problem{one(6, 8, "the values in it are of different types", "")}},
		{`[[1]] == [[1]]`, []Problem{one(1, 5, "list(list(int)) cannot be compared", "compare the lists in it one by one")}},
		{`"a" in resource.volumes + ["b"]`, []Problem{one(8, 24, "lists cannot be added", "ask each of them, as in x in a || x in b")}},
		{`resource.volumes.exists(now, true)`, []Problem{one(1, 34, "now already names a variable", "give the element another name, such as x")}},
		{`resource.state.matches("a(")`, []Problem{one(24, 4, `"a(" is no regular expression: missing closing )`, "")}},
		{`matches(resource.state, "[z-a]")`, []Problem{one(25, 7, `"[z-a]" is no regular expression: invalid character class range`, "")}},
		{`date("31.1.2026") < now`, []Problem{one(6, 11, `"31.1.2026" is no date: write it as 2026-01-31 or 2026-01-31T09:00:00Z`, "")}},
		{`timestamp("2026") < now`, []Problem{one(11, 6, `"2026" is no time: write it as 2026-01-31T09:00:00Z, or use date()`, "")}},
		{`duration("7d") < days(106752)`, []Problem{
			one(10, 4, `"7d" is no length of time: write it as 12h or 90m, or use days()`, ""),
			one(23, 6, "days(106752) is out of range: at most 106751", "")}},
		{`office_hours("Mon-Fri 8:00-19:00", "Europe/Berln", "de")`, []Problem{
			one(23, 4, `"8:00" is no time of day`, "write a time with two digits for hours and minutes, such as 08:00"),
			one(36, 14, `there is no time zone "Europe/Berln"`, "write a name such as Europe/Berlin, or UTC"),
			one(52, 4, `there is no calendar of holidays for "de"`, `did you mean "DE"?`)}},
		{`office_hours('''Mon-Fri''', "UTC", tag("Country"))`, []Problem{
			one(14, 13, "the hours end too early", "write a time with two digits for hours and minutes, such as 08:00")}},
		{`office_hours("Mon\t8-9", "UTC", "")`, []Problem{
			one(14, 10, `"8" is no time of day`, "write a time with two digits for hours and minutes, such as 08:00")}},
		{`office_hours("Mon-Fri 08:00-19:00", "Local", "")`, []Problem{
			one(37, 7, `there is no time zone "Local"`, "write a name such as Europe/Berlin, or UTC")}},
		{`office_hours("Mon-Fri 08:00-19:00")`, []Problem{
			one(1, 35, "office_hours(string) is not a way to call office_hours",
				`write office_hours(string, string, string), as in office_hours("Mon-Fri 08:00-19:00", "Europe/Berlin", "DE")`)}},
		{`a.b{c: 1} == 1`, []Problem{one(1, 9, "objects such as a.b{…} cannot be made", "")}},
		{`"%s".format(resource.volumes) == ""`, []Problem{one(13, 16, "format() takes a list that is written out", `as in "%s has %d".format([run.policy, run.violations])`)}},

		// Syntax.
		{``, []Problem{one(1, 1, "the expression is empty", "")}},
		{`resource.state = "x"`, []Problem{one(16, 1, `"=" is not expected here`, "write == to compare")}},
		{`true and false`, []Problem{one(6, 3, `"and" is not expected here`, "write && between two conditions")}},
		{`true OR false`, []Problem{one(6, 2, `"OR" is not expected here`, "write || between two conditions")}},
		{`not true`, []Problem{one(5, 4, `"true" is not expected here`, "write ! before a condition")}},
		{`resource.age > 7d`, []Problem{one(17, 1, `"d" is not expected here`, "write a length of time as days(7) or hours(12)")}},
		{`(true || (false)`, []Problem{one(17, 1, "the expression ends too early", "( is not closed")}},
		{`true &&`, []Problem{one(8, 1, "the expression ends too early", "something is missing at the end")}},
		{`tag("x) == ""`, []Problem{one(13, 1, "the quote is not closed", "")}},
		{`true || "x`, []Problem{one(9, 2, "the quote is not closed", "")}},
		{"true \u202e", []Problem{one(6, 1, "\"\u202e\" is not expected here", "")}},

		// Places: characters, not bytes, and lines.
		{`tag("é") == "ü" && foo`, []Problem{one(20, 3, "there is no variable foo", `text is written in quotes: "foo"`)}},
		{"tag('a') ==\n  resource.nme ||\n  foo(\n 1)", []Problem{
			{Line: 2, Column: 12, Width: 3, Summary: `ec2:instance has no field "nme"`, Hint: `did you mean "name"?`},
			{Line: 3, Column: 3, Width: 3, Summary: "there is no function foo"}}},
		{"days(\n'7') == days(1)", []Problem{
			{Line: 1, Column: 1, Width: 5, Summary: "days(string) is not a way to call days", Hint: "write days(int), as in days(7)"}}},
	}
	c := NewCompiler(time.UTC, nil)
	for _, tt := range tests {
		p, got := c.Compile(tt.source, Bool, instanceOnly)
		if p != nil {
			t.Errorf("%s: got a program", tt.source)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	_, got := NewCompiler(time.UTC, nil).Compile(
		`resource.vcp == "a" && foo && days("7") > hours(1) && resource.state && event.nam == "x" && resource.name.matches("(")`, Bool, instanceOnly)
	var columns []int
	for _, p := range got {
		columns = append(columns, p.Column)
	}
	if diff := cmp.Diff([]int{10, 24, 31, 55, 79, 115}, columns); diff != "" {
		t.Errorf("columns (-want +got)\n%s\n%+v", diff, got)
	}
}

func TestTheWantedTypeIsSaid(t *testing.T) {
	tests := []struct {
		source string
		want   Want
		types  []resource.Type
		p      Problem
	}{
		{`run.violations`, Text, nil, one(1, 14, "a string is wanted here, but this is int", "string(x) makes text of most things")},
		{`run.items[0]`, Text, nil, one(1, 12, "a string is wanted here, but this is item", "name a field of it")},
		{`now`, Text, instanceOnly, one(1, 3, "a string is wanted here, but this is timestamp", "string(x) makes text of most things")},
		{`days(1)`, TagValue, instanceOnly, one(1, 7, "a string or a timestamp is wanted here, but this is duration", "string(x) makes text of most things")},
		{` 7 `, Length, instanceOnly, one(2, 1, "a duration is wanted here, but this is int", "write it as days(7) or hours(12)")},
		{`[]`, Bool, instanceOnly, one(1, 2, "a condition (bool) is wanted here, but this is list(something)", comparison)},
		{`null`, Bool, instanceOnly, one(1, 4, "a condition (bool) is wanted here, but this is null", comparison)},
		{`resource.tags`, Bool, instanceOnly, one(1, 13, "a condition (bool) is wanted here, but this is map(string, string)", comparison)},
	}
	for _, tt := range tests {
		_, got := NewCompiler(time.UTC, nil).Compile(tt.source, tt.want, tt.types)
		if diff := cmp.Diff([]Problem{tt.p}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestSubjectAndTextSeeNoResource(t *testing.T) {
	const why = "subject and text know run and now, for what they say is about many resources"
	for source, want := range map[string]Problem{
		`resource.name`: one(1, 8, "resource is not known here", why),
		`account.id`:    one(1, 7, "account is not known here", why),
		`tag("a")`:      one(1, 3, "tag() is not known here", why),
		`run.item`:      one(5, 4, `run has no field "item"`, `did you mean "items"?`),
		`run.items.map(i, i.foo).join("")`: one(20, 3, `item has no field "foo"`,
			"it has account, action, arn, id, name, owner, reason, region, status, type"),
	} {
		_, got := NewCompiler(time.UTC, nil).Compile(source, Text, nil)
		if diff := cmp.Diff([]Problem{want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
}

func TestTypesThatDoNotExistAreNamed(t *testing.T) {
	_, got := NewCompiler(time.UTC, nil).Compile("true", Bool, []resource.Type{"ec2:banana", resource.EC2Instance})
	if diff := cmp.Diff([]Problem{whole(`there is no resource type "ec2:banana"`)}, got); diff != "" {
		t.Error(diff)
	}
}

// Every example that people are shown is right.
func TestTheExamplesCompile(t *testing.T) {
	c := NewCompiler(time.UTC, nil, departments).Accounts(AccountFields{Name: true, OU: true})
	for _, f := range Functions() {
		want, types := Bool, instanceOnly
		if strings.HasPrefix(f.Signature, "run") {
			want, types = Text, nil
		}
		if f.Signature == "rule" {
			if _, problems := c.CompileRule(f.Example, []resource.Type{resource.EC2SecurityGroup, resource.EC2NetworkACL}); len(problems) > 0 {
				t.Errorf("%s: %v", f.Example, problems)
			}
		} else {
			compile(t, c, f.Example, want, types)
		}
		if f.Doc == "" || strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: the sentence %q is missing or has a full stop", f.Signature, f.Doc)
		}
	}
}

// The examples in docs/expressions.md are those of the blocks without a
// language, one a line.
func TestTheDocumentedExamplesCompile(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "expressions.md"))
	if err != nil {
		t.Fatal(err)
	}
	c, examples := NewCompiler(time.UTC, nil, departments), 0
	for i, block := range strings.Split(string(page), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "\n") {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
			want, types := Bool, instanceOnly
			if strings.HasPrefix(line, "run") {
				want, types = Text, nil
			}
			compile(t, c, line, want, types)
			examples++
		}
	}
	if examples < 5 {
		t.Errorf("found %d examples", examples)
	}
}
