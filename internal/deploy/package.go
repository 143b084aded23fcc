package deploy

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Program is what Lambda starts: the runtimes of the provided kind look for it
// at the root of the package.
const Program = "bootstrap"

// MaxPackage is how many bytes a package may unpack to ("Lambda quotas").
const MaxPackage = 250 << 20

// zipTime is when every file of a package was changed: the beginning of the time
// that ZIP has.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Package is a ZIP file that Lambda takes.
type Package struct {
	// Data is the file.
	Data []byte
	// Architecture is that of the program: arm64 or x86_64.
	Architecture string
}

// SHA256 is the package's, in base64 as Lambda has it.
func (p *Package) SHA256() string {
	h := sha256.Sum256(p.Data)
	return base64.StdEncoding.EncodeToString(h[:])
}

// Digest is the package's, as policies have theirs.
func (p *Package) Digest() string {
	h := sha256.Sum256(p.Data)
	return "sha256:" + hex.EncodeToString(h[:])
}

// Pack makes a package of a program and files by their paths in it. The same
// input gives the same bytes: files are sorted, and have one time and one mode.
// A program that Lambda cannot run is an error.
func Pack(program []byte, files map[string][]byte) (*Package, error) {
	arch, err := architecture(program)
	if err != nil {
		return nil, err
	}
	total := len(program)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	if err := pack(w, Program, 0o755, program); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == Program || !fs.ValidPath(name) || strings.Contains(name, `\`) || path.Clean(name) != name {
			return nil, fmt.Errorf("packing: a package can have no file %q beside its program", name)
		}
		total += len(files[name])
		if err := pack(w, name, 0o644, files[name]); err != nil {
			return nil, err
		}
	}
	if total > MaxPackage {
		return nil, fmt.Errorf("packing: the files have %d bytes, and Lambda unpacks %d", total, MaxPackage)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return &Package{Data: b.Bytes(), Architecture: arch}, nil
}

func pack(w *zip.Writer, name string, mode fs.FileMode, data []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write(data)
	}
	if err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	return nil
}

// errNoProgram says what a program must be.
var errNoProgram = errors.New("it is no program for Linux on arm64 or x86_64: build cmd/tagwarden-lambda with GOOS=linux")

// architecture is what a program runs on, by its ELF header.
func architecture(program []byte) (string, error) {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return "", errNoProgram
	}
	switch {
	case f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN:
	case f.Machine == elf.EM_AARCH64:
		return "arm64", nil
	case f.Machine == elf.EM_X86_64:
		return "x86_64", nil
	}
	return "", errNoProgram
}
