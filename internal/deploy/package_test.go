package deploy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// program is the header of an ELF file for a machine.
func program(machine uint16) []byte {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(b[16:], 2) // an executable
	binary.LittleEndian.PutUint16(b[18:], machine)
	binary.LittleEndian.PutUint32(b[20:], 1)
	binary.LittleEndian.PutUint16(b[52:], 64)
	return b
}

const (
	arm = 183
	x86 = 62
)

func TestTheSameFilesGiveTheSamePackage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.MapOf(rapid.StringMatching(`[a-z]{1,8}(/[a-z]{1,8}){0,2}\.(yaml|csv)`), rapid.SliceOf(rapid.Byte())).Draw(t, "files")
		one, err := deploy.Pack(program(arm), files)
		if err != nil {
			t.Fatal(err)
		}
		again, err := deploy.Pack(program(arm), files)
		if err != nil || !bytes.Equal(one.Data, again.Data) || one.SHA256() != again.SHA256() {
			t.Fatalf("two packages of the same: %v", err)
		}
		z, err := zip.NewReader(bytes.NewReader(one.Data), int64(len(one.Data)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]byte{}
		for i, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			got[f.Name] = b
			mode := f.Mode().Perm()
			if i == 0 != (f.Name == "bootstrap") || f.Name == "bootstrap" && mode != 0o755 || f.Name != "bootstrap" && mode != 0o644 || f.Modified.Year() != 1980 {
				t.Fatalf("file %d is %s with %v, of %v", i, f.Name, mode, f.Modified)
			}
		}
		want := map[string][]byte{"bootstrap": program(arm)}
		for name, data := range files {
			want[name] = append([]byte{}, data...)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestAPackageIsForWhatItsProgramIsFor(t *testing.T) {
	for machine, want := range map[uint16]string{arm: "arm64", x86: "x86_64"} {
		p, err := deploy.Pack(program(machine), nil)
		if err != nil || p.Architecture != want {
			t.Errorf("%d: %v, %v", machine, p, err)
		}
	}
}

func TestWhatIsNoProgramOrNoPathIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		program []byte
		files   map[string][]byte
		want    string
	}{
		"nothing":          {nil, nil, "no program for Linux"},
		"a script":         {[]byte("#!/bin/sh\n"), nil, "no program for Linux"},
		"another machine":  {program(8), nil, "no program for Linux"},
		"outside":          {program(arm), map[string][]byte{"../p.yaml": nil}, `"../p.yaml"`},
		"from the root":    {program(arm), map[string][]byte{"/p.yaml": nil}, `"/p.yaml"`},
		"a second program": {program(arm), map[string][]byte{"bootstrap": nil}, `"bootstrap"`},
		"too much":         {program(arm), map[string][]byte{"big.csv": make([]byte, deploy.MaxPackage)}, "Lambda unpacks"},
	} {
		if _, err := deploy.Pack(tt.program, tt.files); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnotherPackageIsAnotherVersion(t *testing.T) {
	set, vars, _ := read(t, none, text(small("zone: UTC", "", "")))
	var bodies []string
	for _, extra := range []string{"a", "a", "b"} {
		p, err := deploy.Pack(program(x86), map[string][]byte{"p.yaml": []byte(extra)})
		if err != nil {
			t.Fatal(err)
		}
		d, err := deploy.For(set, deploy.Options{Variables: vars, Package: p, Files: []string{"p.yaml"}})
		if err != nil {
			t.Fatal(err)
		}
		body := string(rendered(t, d)[0].Data)
		for _, want := range []string{"CodeSha256: '" + p.SHA256(), "Architectures: [x86_64]"} {
			if !strings.Contains(body, want) && !strings.Contains(body, strings.ReplaceAll(want, "'", "")) {
				t.Errorf("no %s", want)
			}
		}
		bodies = append(bodies, body)
	}
	if bodies[0] != bodies[1] || bodies[0] == bodies[2] {
		t.Error("the same packages differ, or different ones do not")
	}
}
