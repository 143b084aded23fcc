package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestNeitherSQLiteNorTheCommandLineIsLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if len(linked) < 100 {
		t.Fatalf("it links %d packages", len(linked))
	}
	for _, path := range linked {
		for _, heavy := range []string{"modernc.org/", "database/sql", "github.com/spf13/", "charm.land/", "net/rpc", "github.com/tagwarden/tagwarden/internal/sim", "github.com/tagwarden/tagwarden/internal/cli"} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("it links %s", path)
			}
		}
	}
}
