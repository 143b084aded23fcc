package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
)

// showDiff says what would change from old templates.
func showDiff(e Env, old string, files []deploy.File) error {
	info, err := os.Stat(old)
	if err != nil {
		return fmt.Errorf("reading the old template: %w", err)
	}
	var all []deploy.Change
	for _, file := range files {
		path := old
		if info.IsDir() {
			path = filepath.Join(old, file.Name)
		} else if file.Name != deploy.TemplateFile {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil && !(info.IsDir() && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("reading the old template: %w", err)
		}
		changes, err := deploy.Diff(data, file.Data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, changes...)
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
	path, old, next := diag.Printable(c.Path), short(c.Old), short(c.New)
	switch {
	case c.Old == "":
		return "+ " + path + ": " + next
	case c.New == "":
		return "- " + path + ": " + old
	default:
		return "~ " + path + ": " + old + " -> " + next
	}
}

// short is text for a line, without what is beyond 200 characters.
func short(s string) string {
	s = diag.Printable(strings.TrimSpace(s))
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}
