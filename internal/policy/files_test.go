package policy

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestAFolderStandsForItsPolicyFiles(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	disk := fstest.MapFS{
		"conf/b.yaml": file("b"), "conf/a.yml": file("a"), "conf/.hidden.yaml": file("h"), "conf/readme.md": file("r"),
		"conf/sub/c.yaml": file("c"), "conf/odd.yaml/x": file("x"), "one.txt": file("one"), "none/readme.md": file("r"),
		"big.yaml": {Data: make([]byte, 3*MaxFile)},
	}
	for _, c := range []struct {
		name  string
		paths []string
		want  []string
	}{
		{"a folder, by name", []string{"conf"}, []string{"conf/a.yml:a:conf", "conf/b.yaml:b:conf"}},
		{"a file of any name", []string{"one.txt"}, []string{"one.txt:one:."}},
		{"a file and its folder", []string{"conf/b.yaml", "conf"}, []string{"conf/b.yaml:b:conf", "conf/a.yml:a:conf"}},
		{"the same twice", []string{"one.txt", "one.txt"}, []string{"one.txt:one:."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sources, err := ReadFiles(disk.Open, c.paths...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sources {
				got = append(got, s.Name+":"+string(s.Data)+":"+s.Dir)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := ReadFiles(disk.Open, "none"); !errors.Is(err, ErrNoFiles) {
		t.Errorf("a folder without policy files: %v", err)
	}
	if _, err := ReadFiles(disk.Open, "conf", "gone.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	big, err := ReadFiles(disk.Open, "big.yaml")
	if err != nil || len(big[0].Data) > MaxFile+4 {
		t.Errorf("%d bytes of a file that is too large were read (%v)", len(big[0].Data), err)
	}
	if _, list := Load(big, environ); len(list) != 1 || list[0].Summary != "the file is larger than 1 MiB" {
		t.Errorf("loading it says %v", list)
	}
}
