package aws

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
)

func TestAnObjectIsReadAgainOnlyWhereItHasChanged(t *testing.T) {
	s, account, _ := openMoto(t)
	url := account.Object(t, "tagwarden.yaml", "one")
	ref, _ := document.ObjectRef(url)
	read := func(version, want string) string {
		t.Helper()
		data, now, err := s.Newer(t.Context(), ref, version, 3)
		if err != nil || string(data) != want || now == "" {
			t.Fatalf("%q, version %q, %v", data, now, err)
		}
		return now
	}
	first := read("", "one")
	if again := read(first, ""); again != first {
		t.Errorf("unchanged, it has the version %q instead of %q", again, first)
	}
	account.Rewrite(t, url, "another")
	second := read(first, "anot") // a byte more than asked for
	if second == first {
		t.Error("changed, it has the same version")
	}
	read(second, "")
	ref.Key = "absent"
	if _, _, err := s.Newer(t.Context(), ref, first, 3); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestAParameterIsReadDecrypted(t *testing.T) {
	s, account, _ := openMoto(t)
	account.Parameter(t, "/tagwarden/policy", "version: 1")
	for _, name := range []string{"/tagwarden/policy", "arn:aws:ssm:" + account.Region + ":" + account.ID + ":parameter/tagwarden/policy"} {
		if data, err := s.Parameter(t.Context(), name); err != nil || string(data) != "version: 1" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	_, err := s.Parameter(t.Context(), "/tagwarden/other")
	if fault.ClassOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), account.Region) {
		t.Errorf("one that is not there: %v (%s)", err, fault.HintOf(err))
	}
}

func TestAnARNTellsTheRegionOfWhatItNames(t *testing.T) {
	for name, want := range map[string]string{
		"/tagwarden/policy": "eu-west-1",
		"arn:aws:ssm:us-west-2:111122223333:parameter/tagwarden/policy":   "us-west-2",
		"arn:aws:ssm:us-west-2:111122223333:parameter/tagwarden/policy:3": "us-west-2", // one version of it
		"policy:3": "eu-west-1",
		"arn:aws:events:us-west-2:111122223333:event-bus/audit":    "us-west-2",
		"arn:aws:lambda:us-west-2:111122223333:function:told:live": "us-west-2",
		"111122223333:function:told":                               "eu-west-1",
	} {
		if got := regionOf(name, "eu-west-1"); got != want {
			t.Errorf("%s is in %s", name, got)
		}
	}
}
