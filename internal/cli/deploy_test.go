package cli

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// elf is the header of a program for Linux on arm64.
func elf() []byte {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(b[16:], 2)
	binary.LittleEndian.PutUint16(b[18:], 183)
	binary.LittleEndian.PutUint32(b[20:], 1)
	binary.LittleEndian.PutUint16(b[52:], 64)
	return b
}

func TestAPackageHasWhatThePolicyFilesNameAsItLies(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"etc/policies/a.yaml": "version: 1\nlookups: {people: {csv: ../people.csv, key: person, value: department}}\n" +
			"policies: [{name: a, resource: ec2:instance, tags: {D: {value: 'lookup(\"people\", creator.name)'}}}]\n",
		"etc/policies/b.yaml":   "version: 1\npolicies: [{name: b, resource: ec2:instance, tags: {Owner: {}}}]\n",
		"etc/people.csv":        "person,department\nada,engines\n",
		"etc/nobody-names.csv":  "x,y\n",
		"etc/policies/note.txt": "no policy",
		"bootstrap":             string(elf()),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var packages [][]byte
	for _, out := range []string{"one", "two"} {
		var stderr bytes.Buffer
		e := Env{Args: []string{"deploy", "cloudformation", "-f", filepath.Join(dir, "etc/policies"), "--out", filepath.Join(dir, out), "--package", "--bootstrap", filepath.Join(dir, "bootstrap")},
			Stdout: &stderr, Stderr: &stderr, LookupEnv: func(string) (string, bool) { return "", false }}
		if code := Main(t.Context(), e); code != exitDone {
			t.Fatal(code, stderr.String())
		}
		if !regexp.MustCompile(`function\.zip in the bucket as tagwarden/[0-9a-f]{12}\.zip\n`).Match(stderr.Bytes()) {
			t.Error(stderr.String())
		}
		b, err := os.ReadFile(filepath.Join(dir, out, "function.zip"))
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, b)
	}
	if !bytes.Equal(packages[0], packages[1]) {
		t.Error("two packages of the same files differ")
	}
	z, err := zip.NewReader(bytes.NewReader(packages[0]), int64(len(packages[0])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if d := cmp.Diff([]string{"bootstrap", "people.csv", "policies/a.yaml", "policies/b.yaml"}, names); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	template, err := os.ReadFile(filepath.Join(dir, "one", "template.yaml"))
	if err != nil || !strings.Contains(string(template), "TAGWARDEN_POLICY: 'policies/a.yaml,policies/b.yaml'") && !strings.Contains(string(template), "TAGWARDEN_POLICY: policies/a.yaml,policies/b.yaml") {
		t.Errorf("%v\n%s", err, template)
	}
	if strings.Contains(string(template), dir) || slices.Contains(names, "etc/nobody-names.csv") {
		t.Error("this machine's folders are in the template")
	}
}
