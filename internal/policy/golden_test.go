package policy

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata" // the zones of the samples, on a machine without any

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is now said into the golden files")

// environ is the environment of the samples.
func environ(name string) (string, bool) {
	v, ok := map[string]string{
		"PAY_WEBHOOK":    "https://hooks.example.com/pay",
		"SEARCH_WEBHOOK": "https://hooks.example.com/search",
		"SECRET":         "hunter2hunter2",
		"LONG":           strings.Repeat("hunter2", 50),
		"NUMBER":         "7",
		"LETTER":         "A",
	}[name]
	return v, ok
}

// tables opens the tables of the samples.
func tables(path string) (fs.File, error) { return os.Open(filepath.Join("testdata", path)) }

// sample loads one file of testdata.
func sample(t *testing.T, path string) (*Set, string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set, list := Load([]Source{{Name: filepath.Base(path), Data: data, Dir: "conf", Open: tables}}, environ)
	if (set == nil) != (list.Err() != nil) {
		t.Fatalf("set %v beside %v", set, list)
	}
	return set, list.Error()
}

func samples(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in %s (%v)", folder, err)
	}
	return files
}

func TestWrongFilesAreRefusedInTheseWords(t *testing.T) {
	for _, path := range samples(t, "wrong") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			set, got := sample(t, path)
			if set != nil {
				t.Fatalf("it loads, with %q", got)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("the environment is repeated:\n%s", got)
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".err", got+"\n")
		})
	}
}

func TestGoodFilesLoadWithoutAWord(t *testing.T) {
	for _, path := range samples(t, "good") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if set, said := sample(t, path); set == nil || said != "" {
				t.Error(said)
			}
		})
	}
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", path, diff)
	}
}
