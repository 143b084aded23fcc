//go:build unix

package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// firstVersion makes a ledger one of version 1 again.
const firstVersion = `DROP TABLE stretches; DROP TABLE creators; DROP TABLE wondered;
	ALTER TABLE entries DROP COLUMN before;
	ALTER TABLE runs DROP COLUMN event; DROP TABLE claims;
	PRAGMA user_version = 1`

// A ledger of version 1 has no place for creators.
func TestALedgerOfTheFirstVersionLearnsCreators(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	l := open(t, path)
	fixture(t, l)
	before := contents(t, l)
	shut(t, l)
	alter(t, path, firstVersion)

	made := record.Made{Key: "arn:a", At: noon, Event: "RunInstances", By: resource.Creator{Name: "ada", Kind: resource.PersonCreator}}
	w, read := record.Sweep{Region: "eu-west-1", Name: "RunInstances"}, record.Stretch{From: noon, To: noon.Add(time.Hour)}
	l = open(t, path)
	if err := l.Learn(t.Context(), scope, w, read, []record.Made{made}); err != nil {
		t.Fatal(err)
	}
	shut(t, l)

	l = open(t, path)
	defer shut(t, l)
	if diff := cmp.Diff(before, contents(t, l)); diff != "" {
		t.Errorf("what was there before (-before +after):\n%s", diff)
	}
	got, err := l.Makers(t.Context(), scope, []string{"arn:a"})
	if diff := cmp.Diff(map[string][]record.Made{"arn:a": {made}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	covered, err := l.Covered(t.Context(), scope, w)
	if diff := cmp.Diff([]record.Stretch{read}, covered); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
