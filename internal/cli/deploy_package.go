package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// places says where in a package the files are: as they lie to each other, from
// the nearest folder that all of them are in. Folders are left out.
func places(paths []string) (map[string]string, error) {
	whole := map[string]string{}
	root := ""
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			continue
		}
		if whole[p], err = filepath.Abs(p); err != nil {
			return nil, err
		}
		if dir := filepath.Dir(whole[p]); len(whole) == 1 {
			root = dir
		} else {
			root = common(root, dir)
		}
	}
	inside := map[string]string{}
	for p, at := range whole {
		rel, err := filepath.Rel(root, at)
		if err != nil {
			return nil, err
		}
		inside[p] = filepath.ToSlash(rel)
	}
	return inside, nil
}

// common is the nearest folder that both are in, or are.
func common(a, b string) string {
	for a != b {
		if len(a) > len(b) {
			a = filepath.Dir(a)
		} else {
			b = filepath.Dir(b)
		}
	}
	return a
}

// packageOf is the package of the program and the files.
func packageOf(program string, inside map[string]string) (*deploy.Package, error) {
	data, err := os.ReadFile(program)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the program: %w: docs/lambda.md says how it is built, and --bootstrap where it is", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the program: %w", err)
	}
	files := map[string][]byte{}
	for path, name := range inside {
		if files[name], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	p, err := deploy.Pack(data, files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return p, nil
}
