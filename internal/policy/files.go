package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoFiles is wrapped by the error for a folder without a policy file.
var ErrNoFiles = errors.New("no policy file (*.yaml, *.yml) in it")

// Opener opens a file or a folder by its path; os.Open is one. A folder must
// be an fs.ReadDirFile.
type Opener func(path string) (fs.File, error)

// ReadFiles reads policy files. A path that is a folder stands for every *.yaml
// and *.yml in it, by name, without hidden ones and without its subfolders; a
// folder without any is an error that wraps ErrNoFiles. A file that is named
// twice is read once. Of a file that is too large only
// so much is read that Load can tell. The files that they name are opened with
// open as well, by Load.
func ReadFiles(open Opener, paths ...string) ([]Source, error) {
	var sources []Source
	seen := map[string]bool{}
	for _, p := range paths {
		if err := readPath(open, p, true, seen, &sources); err != nil {
			return nil, fmt.Errorf("reading policies: %w", err)
		}
	}
	return sources, nil
}

// readPath reads a file, or the policy files of a folder where one is allowed.
func readPath(open Opener, path string, folder bool, seen map[string]bool, into *[]Source) (err error) {
	if seen[filepath.Clean(path)] {
		return nil
	}
	seen[filepath.Clean(path)] = true
	f, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() && folder {
		return readFolder(open, path, f, seen, into)
	}
	const bom = 3 // bytes, which Load takes off before it counts
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+bom+1))
	if err != nil {
		return err
	}
	*into = append(*into, Source{Name: path, Data: data, Dir: filepath.Dir(path), Open: open})
	return nil
}

func readFolder(open Opener, path string, f fs.File, seen map[string]bool, into *[]Source) error {
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return fmt.Errorf("listing %s: %w", path, fs.ErrInvalid)
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return err
	}
	var files []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && (ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: %w", path, ErrNoFiles)
	}
	slices.Sort(files)
	for _, file := range files {
		if err := readPath(open, file, false, seen, into); err != nil {
			return err
		}
	}
	return nil
}
