package cli

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

func TestADifferenceFarIntoATextIsShown(t *testing.T) {
	long := strings.Repeat("RunInstances, ", 30)
	got := changed(deploy.Change{Path: "a", Old: "[" + long + "StopInstances]", New: "[" + long + "CreateVolume]"})
	if !strings.HasPrefix(got, "~ a: …") || !strings.Contains(got, " StopInstances] -> …") || !strings.HasSuffix(got, " CreateVolume]") || len(got) > 300 {
		t.Error(got)
	}
	if got := changed(deploy.Change{Path: "a", Old: "one", New: "two"}); got != "~ a: one -> two" {
		t.Error(got)
	}
}
