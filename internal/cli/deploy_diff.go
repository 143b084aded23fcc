package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
)

// showDiff says what would change from old templates: from all in a folder, also
// those that there would be no more, or from one of them.
func showDiff(e Env, old string, files []deploy.File) error {
	info, err := os.Stat(old)
	if err != nil {
		return fmt.Errorf("reading the old template: %w", err)
	}
	names, base := deploy.TemplateFiles(), filepath.Base(old)
	if !info.IsDir() && slices.Contains(names, base) {
		names = []string{base}
	} else if !info.IsDir() {
		names = []string{deploy.TemplateFile}
	}
	var all []deploy.Change
	for _, name := range names {
		path := old
		if info.IsDir() {
			path = filepath.Join(old, name)
		}
		data, err := os.ReadFile(path)
		if err != nil && !(info.IsDir() && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("reading the old template: %w", err)
		}
		var next []byte
		if i := slices.IndexFunc(files, func(f deploy.File) bool { return f.Name == name }); i >= 0 {
			next = files[i].Data
		}
		changes, err := deploy.Diff(data, next)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, c := range changes {
			if name != deploy.TemplateFile {
				c.Path = name + " " + c.Path
			}
			all = append(all, c)
		}
	}
	showChanges(e, all)
	return nil
}

// showChanges writes a line for each change.
func showChanges(e Env, all []deploy.Change) {
	for _, c := range all {
		fmt.Fprintln(e.Stdout, changed(c))
	}
	if len(all) == 0 {
		fmt.Fprintln(e.Stderr, "nothing would change")
	}
}

// changed is a change on one line.
func changed(c deploy.Change) string {
	path := diag.Printable(c.Path)
	switch {
	case c.Old == "":
		return "+ " + path + ": " + short(c.New)
	case c.New == "":
		return "- " + path + ": " + short(c.Old)
	default:
		old, next := apart(c.Old, c.New)
		return "~ " + path + ": " + old + " -> " + next
	}
}

// shown is how many characters of a text a line has room for.
const shown = 200

// short is text for a line, without what is beyond its room.
func short(s string) string {
	s = diag.Printable(strings.TrimSpace(s))
	if r := []rune(s); len(r) > shown {
		return string(r[:shown-1]) + "…"
	}
	return s
}

// apart are two texts for a line, from shortly before where they differ if one
// is too long to be shown whole.
func apart(old, next string) (string, string) {
	a, b := []rune(diag.Printable(strings.TrimSpace(old))), []rune(diag.Printable(strings.TrimSpace(next)))
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	const before = 40
	if from := same - before; from > 0 && max(len(a), len(b)) > shown {
		return short("…" + string(a[from:])), short("…" + string(b[from:]))
	}
	return short(string(a)), short(string(b))
}
