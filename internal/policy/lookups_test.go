package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// departmentsOnly is a file with one table.
const departmentsOnly = `version: 1
lookups: {departments: {csv: d.csv, key: person, value: department}}
policies: [{name: one, resource: ec2:instance, tags: {Owner: {allowed: {lookup: departments}}}}]
`

// withTable loads departmentsOnly with that table.
func withTable(table string) (*Set, string) {
	disk := fstest.MapFS{"conf/d.csv": {Data: []byte(table)}}
	set, list := Load([]Source{{Name: "p.yaml", Data: []byte(departmentsOnly), Dir: "conf", Open: disk.Open}}, environ)
	return set, list.Error()
}

func TestTablesAreReadAsTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  map[string]string
	}{
		"plain":                     {"person,department\nada,Payments\nben,Search\n", map[string]string{"ada": "Payments", "ben": "Search"}},
		"no last line end":          {"person,department\nada,Payments", map[string]string{"ada": "Payments"}},
		"other columns and order":   {"x,department,y,person\n1,Payments,2,ada\n", map[string]string{"ada": "Payments"}},
		"a spreadsheet's":           {"\ufeffperson,department\r\n\"ada\",Payments\r\n\r\n,\r\n", map[string]string{"ada": "Payments"}},
		"quotes":                    {"person,department\n\"a, \"\"b\"\"\",\"two\nlines\"\n", map[string]string{`a, "b"`: "two\nlines"}},
		"spaces and case count":     {"person,department\nAda, x\nada,X\n", map[string]string{"Ada": " x", "ada": "X"}},
		"the same twice":            {"person,department\nada,x\nada,x\n", map[string]string{"ada": "x"}},
		"a value that is not there": {"person,department\nada,\n", map[string]string{"ada": ""}},
		"no rows":                   {"person,department\n", map[string]string{}},
	} {
		set, said := withTable(c.table)
		if set == nil || said != "" {
			t.Errorf("%s: %s", name, said)
			continue
		}
		got := set.Policies[0].Tags[0].AllowedBy
		if diff := cmp.Diff(c.want, got.Values); diff != "" || got.Name != "departments" {
			t.Errorf("%s: the table %s (-want +got):\n%s", name, got.Name, diff)
		}
	}
}

func TestTheFirstFewBadRowsAreTold(t *testing.T) {
	set, said := withTable("person,department\n" + strings.Repeat(",x\n", 1000))
	if n := strings.Count(said, "error:"); set != nil || n != mostRows {
		t.Errorf("%d errors are told", n)
	}
}

func TestTablesAreBoundedTogether(t *testing.T) {
	half := "person\n" + strings.Repeat("x\n", MaxTables/4)
	disk := fstest.MapFS{"a.csv": {Data: []byte(half)}, "b.csv": {Data: []byte(half[:len(half)-16])}}
	text := `version: 1
lookups:
  a: {csv: a.csv, key: person}
  b: {csv: %s.csv, key: person}
policies: [{name: one, resource: ec2:instance, match: 'true'}]
`
	for file, fits := range map[string]bool{"a": false, "b": true} {
		set, list := Load([]Source{{Name: "p.yaml", Data: fmt.Appendf(nil, text, file), Open: disk.Open}}, environ)
		if (set != nil) != fits {
			t.Errorf("with %s: %v", file, list)
		}
		if want := "the tables are larger than 16 MiB together"; !fits && (len(list) != 1 || !strings.Contains(list[0].Summary, want) || list[0].Pos.Line != 4) {
			t.Errorf("it says %v", list)
		}
	}
}

// broken opens files that cannot be read.
type broken struct{ fs.File }

func (broken) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

func TestATableThatCannotBeReadIsAnErrorAtItsPlace(t *testing.T) {
	disk := fstest.MapFS{"conf/d.csv": {Data: []byte("person,department\nada,x\n")}}
	refuse := func(err error) Opener {
		return func(path string) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: path, Err: err} }
	}
	for want, open := range map[string]Opener{
		"no files can be opened here": nil,
		"there is no such file":       refuse(fs.ErrNotExist),
		"permission denied":           refuse(fs.ErrPermission),
		"too many open files":         refuse(errors.New("too many open files")),
		"input/output error": func(path string) (fs.File, error) {
			f, err := disk.Open(path)
			return broken{f}, err
		},
	} {
		set, list := Load([]Source{{Name: "p.yaml", Data: []byte(departmentsOnly), Dir: "conf", Open: open}}, environ)
		if set != nil || len(list) != 1 || list[0].Summary != `the table "d.csv" cannot be read: `+want || list[0].Pos.Line != 2 || list[0].Pos.Column != 30 {
			t.Errorf("%s: it says %v", want, list)
		}
	}
}

func TestTablesStartAtTheFileThatNamesThem(t *testing.T) {
	row := func(name string) *fstest.MapFile { return &fstest.MapFile{Data: []byte("who\n" + name + "\n")} }
	disk := fstest.MapFS{
		"a/p.yaml": {Data: []byte("version: 1\nlookups: {mine: {csv: t.csv, key: who}, other: {csv: ../b/t.csv, key: who}}\n" +
			"policies: [{name: one, resource: ec2:instance, tags: {A: {allowed: {lookup: mine}}, B: {allowed: {lookup: other}}, C: {allowed: {lookup: theirs}}}}]\n")},
		"b/p.yaml": {Data: []byte("version: 1\nlookups: {theirs: {csv: sub/t.csv, key: who}}\n")},
		"a/t.csv":  row("ada"), "b/t.csv": row("ben"), "b/sub/t.csv": row("carl"),
	}
	load := func() (*Set, string) {
		sources, err := ReadFiles(disk.Open, "a/p.yaml", "b/p.yaml")
		if err != nil {
			t.Fatal(err)
		}
		set, list := Load(sources, environ)
		return set, list.Error()
	}
	set, said := load()
	if set == nil {
		t.Fatal(said)
	}
	for i, want := range []string{"ada", "ben", "carl"} {
		if ok, err := set.Policies[0].Tags[i].AllowedBy.Has(want); !ok || err != nil {
			t.Errorf("rule %d does not allow %s (%v)", i, want, err)
		}
	}
	disk["b/p.yaml"].Data = []byte("version: 1\nlookups: {theirs: {csv: sub/t.csv, key: who}, mine: {csv: t.csv, key: who}}\n")
	want := `the table "mine" is there twice (first at ` + filepath.Join("a", "p.yaml") + ":2:11)"
	if set, said := load(); set != nil || !strings.Contains(said, want) {
		t.Errorf("a table of two files: %s", said)
	}
}

func TestTheDigestFollowsTheTables(t *testing.T) {
	digest := func(table string) string {
		set, said := withTable(table)
		if set == nil {
			t.Fatal(said)
		}
		return set.Digest
	}
	want := digest("person,department\nada,Payments\nben,Search\n")
	for name, same := range map[string]string{
		"line ends":    "person,department\r\nada,Payments\r\nben,Search\r\n",
		"order":        "person,department\nben,Search\nada,Payments\n",
		"other fields": "person,phone,department\nada,1,\"Payments\"\nben,2,Search\n",
	} {
		if digest(same) != want {
			t.Errorf("%s change the digest", name)
		}
	}
	for name, other := range map[string]string{
		"a value":     "person,department\nada,Payments\nben,search\n",
		"a key":       "person,department\nada,Payments\nBen,Search\n",
		"a row":       "person,department\nada,Payments\nben,Search\ncarl,Search\n",
		"a moved cut": "person,department\nada,Payment\nsben,Search\n",
		"no rows":     "person,department\n",
	} {
		if digest(other) == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, s := range []string{"person,department\nada,x\n", "\xef\xbb\xbfperson,department\r\n\"a\"\"\",\n", "person;department", "person,department\n\"", "\xff", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, table string) {
		set, said := withTable(table)
		if (set == nil) == (said == "") {
			t.Fatalf("a set %v beside %q", set != nil, said)
		}
		if set == nil {
			return
		}
		if _, ok := set.Policies[0].Tags[0].AllowedBy.Values[""]; ok {
			t.Fatal("it has a row without a key")
		}
		if again, _ := withTable(table); again == nil || again.Digest != set.Digest {
			t.Fatal("a second load differs")
		}
	})
}
