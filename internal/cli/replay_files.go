package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// eventFiles are the endings of the files that are read in a folder.
var eventFiles = []string{".json", ".jsonl", ".ndjson", ".gz"}

// digests is the folder in which CloudTrail keeps the digests of log files,
// beside them. They hold no events ("CloudTrail digest file structure").
const digests = "CloudTrail-Digest"

// path goes through a file, or through the files of events below a folder in
// the order of their names. Hidden ones, digests and those that are no regular
// files, such as links, are left out; a folder that cannot be read is counted and
// said.
func (r *replay) path(ctx context.Context, root string) error {
	if root == standard {
		return r.file(ctx, root)
	}
	info, err := os.Stat(root)
	if err != nil {
		return fmt.Errorf("reading events: %w", err)
	}
	if !info.IsDir() {
		return r.file(ctx, root)
	}
	return filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		hidden := d != nil && filepath.Clean(path) != filepath.Clean(root) && strings.HasPrefix(d.Name(), ".")
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.problem(path, err)
			return nil
		case d.IsDir() && (hidden || d.Name() == digests):
			return fs.SkipDir
		case hidden || !d.Type().IsRegular() || !slices.Contains(eventFiles, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		return r.file(ctx, path)
	})
}
