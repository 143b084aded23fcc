package creation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/creation"
)

// Real records hold real accounts, and are kept outside this repository: the
// variable names a folder of them, one in a file.
func TestRecordsOfAFolder(t *testing.T) {
	folder := os.Getenv("TAGWARDEN_RECORDS")
	if folder == "" {
		t.Skip("TAGWARDEN_RECORDS names no folder")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no records in %s: %v", folder, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := creation.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		by := r.CreatedBy()
		c, ignored := r.Creation()
		switch {
		case ignored == nil:
			for _, m := range c.Made {
				t.Logf("%s by %s %s: %s %q %s %v %v", r.Key, by.Kind, by.Name, m.Ref.Type, m.Ref.ID, m.Ref.ARN, m.Tags, c.Parents)
			}
		case ignored.Why == creation.NotListed && strings.HasPrefix(r.Name, "Create"):
			t.Errorf("%s is not in the table", r.Key)
		default:
			t.Logf("%s by %s %s: %s: %s", r.Key, by.Kind, by.Name, ignored.Why, ignored.Text)
		}
	}
}
