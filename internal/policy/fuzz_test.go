package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// bounds are texts that are cheap to write and dear to read without bounds.
func bounds() map[string]string {
	return map[string]string{
		"open brackets":     strings.Repeat("[", MaxFile),
		"dashes":            strings.Repeat("- ", MaxFile/2),
		"anchors":           strings.Repeat("&a ", MaxFile/3),
		"keys":              strings.Repeat("a: ", MaxFile/3),
		"empty lines":       "x: |\n" + strings.Repeat("\n", MaxFile-10),
		"runs of them":      strings.Repeat("x: |\n"+strings.Repeat("\n", maxEmptyLines-1), MaxFile/(maxEmptyLines+4)),
		"a flat mapping":    numbered("k%d: v\n", maxTokens/3-1),
		"flat mappings":     strings.Repeat("-\n"+numbered("  k%d: v\n", maxKeys-1), maxTokens/3/maxKeys),
		"a long list":       strings.Repeat("- x\n", maxKeys),
		"a long quote":      `a: "` + strings.Repeat(`\n`, MaxFile/2-10) + `"`,
		"nested by indents": indents(1200),
		"self":              "a: &a [*a, *a]",
		"rival policies":    "version: 1\npolicies:\n" + numbered("- {name: p%[1]d, resource: ec2:instance, tags: {A: {default: v%[1]d}}}\n", 4000),
		"rival steps":       "version: 1\npolicies:\n- name: p\n  resource: ec2:instance\n  enforce:\n" + numbered("  - tag: {A: v%d}\n  - start\n  - stop\n", 1600),
		"unknown channels": "version: 1\nchannels: {" + numbered("chan%d: {file: {dir: x}}, ", 3000) +
			"}\npolicies:\n- name: p\n  resource: ec2:instance\n  enforce:\n" + numbered("  - notify: chann%d\n", 3000),
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func indents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestHostileFilesAreRefusedSoon(t *testing.T) {
	for name, text := range bounds() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			set, list := Load([]Source{{Name: "p.yaml", Data: []byte(text)}}, environ)
			if set != nil || list.Err() == nil {
				t.Error("it loads")
			}
			// Without the bounds these take minutes, or overflow the stack.
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
			if len(list.Error()) > 50*MaxFile {
				t.Errorf("%d bytes are said", len(list.Error()))
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	for _, folder := range []string{"wrong", "good"} {
		for _, path := range samples(f, folder) {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, list := Load([]Source{{Name: "p.yaml", Data: data}}, environ)
		if (set == nil) != (list.Err() != nil) {
			t.Fatalf("set %v beside %v", set, list)
		}
		for _, d := range list {
			if d.Summary == "" || d.Width < 1 && d.Pos.Line > 0 || !bytes.Contains(data, []byte("hunter2")) && strings.Contains(d.String(), "hunter2") {
				t.Fatalf("a diagnostic %+v", d)
			}
		}
		if set == nil {
			return
		}
		if again, _ := Load([]Source{{Name: "p.yaml", Data: data}}, environ); again == nil || again.Digest != set.Digest {
			t.Fatal("a second load differs")
		}
	})
}

// hundred is a file of a hundred policies like those people write.
func hundred() []byte {
	return []byte("version: 1\nchannels: {infra: {ses: {from: a@example.com, to: [b@example.com]}}}\ndefine: {prod: 'tag(\"Env\") == \"prod\"'}\npolicies:\n" +
		numbered(`  - name: policy-%d
    description: Every instance says who pays for it.
    resource: ec2:instance
    on: {schedule: rate(1 day)}
    mode: enforce
    match: resource.state == "running" && resource.running_for > days(7)
    tags:
      Project: {allow_empty: true}
      CostCenter: {pattern: "CC-[0-9]{4}", aliases: [costcenter]}
    exempt: [{tag: Keep}]
    enforce:
      - notify: {to: infra, before: [1d]}
      - stop: {after: 'prod ? days(30) : days(7)'}
      - terminate: {after: 14d, since: stop, when: '!prod'}
`, 100))
}

func BenchmarkLoadHundredPolicies(b *testing.B) {
	data := hundred()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if set, list := Load([]Source{{Name: "p.yaml", Data: data}}, environ); set == nil {
			b.Fatal(list)
		}
	}
}

func FuzzTagPolicy(f *testing.F) {
	for _, name := range []string{"tag-policy.json", "wrong-tag-policy.json", "broken.json", "cut.json", "empty.json"} {
		data, err := os.ReadFile("testdata/conf/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Add([]byte("{\"tags\":{\"a\":{\"tag_value\":[\"\\ud83d\\ude00\",\"\\u0000*\"]}}}\r\n"))
	f.Add([]byte(`{"tags":{"a":{}}} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := fstest.MapFS{"org.json": {Data: data}}
		text := "version: 1\npolicies: [{name: org, resource: ec2:instance, tags_from: {tag_policy: org.json}}]\n"
		set, list := Load([]Source{{Name: "p.yaml", Data: []byte(text), Open: disk.Open}}, environ)
		if (set == nil) != (list.Err() != nil) {
			t.Fatalf("set %v beside %v", set, list)
		}
		_ = list.Error()
		for _, d := range list {
			if d.Pos.Line > bytes.Count(data, []byte("\n"))+1 {
				t.Errorf("line %d is not in the file", d.Pos.Line)
			}
		}
		if set == nil {
			return
		}
		for _, r := range set.Policies[0].Tags {
			if r.Required || r.Key == "" || !json.Valid(data) {
				t.Errorf("a rule %+v", r)
			}
		}
	})
}
