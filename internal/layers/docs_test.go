package layers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the module's folder.
var root = filepath.Join("..", "..")

// Links of Markdown, and paths of this repository in back quotes. A name in
// capitals (internal/resource/TYPE.go) is a placeholder.
var (
	link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	path = regexp.MustCompile("`((?:internal|cmd|docs|examples|testdata|tools)/[A-Za-z0-9_./-]+)`")
	made = regexp.MustCompile(`[A-Z]{3}`)
)

// pages are the Markdown files at the root and under docs and examples.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// missing returns what a page names and its folder or the root does not have.
func missing(text, folder, root string) []string {
	var gone []string
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], ":") {
			continue // another site
		}
		if _, err := os.Stat(filepath.Join(folder, m[1])); err != nil {
			gone = append(gone, m[1])
		}
	}
	for _, m := range path.FindAllStringSubmatch(text, -1) {
		if made.MatchString(filepath.Base(m[1])) && filepath.Base(m[1]) != "README.md" {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			gone = append(gone, m[1])
		}
	}
	return gone
}

func TestPagesNameOnlyFilesThatExist(t *testing.T) {
	for _, page := range pages(t) {
		for _, gone := range missing(read(t, page), filepath.Dir(page), root) {
			t.Errorf("%s names %s, which does not exist", page, gone)
		}
	}
}

func TestEveryPageIsInTheIndex(t *testing.T) {
	index := read(t, filepath.Join(root, "docs", "README.md"))
	for _, page := range pages(t) {
		name := filepath.Base(page)
		if filepath.Base(filepath.Dir(page)) == "docs" && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}

func TestAMissingFileIsFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "internal", "tag"), 0o750); err != nil {
		t.Fatal(err)
	}
	text := "[there](internal/tag), [gone](other.md#part), [site](https://example.com/x), " +
		"`internal/tag`, `internal/lost/x.go`, `internal/tag/TYPE.go`, `go test`"
	got := strings.Join(missing(text, dir, dir), " ")
	if want := "other.md internal/lost/x.go"; got != want {
		t.Errorf("missing = %q, want %q", got, want)
	}
}
