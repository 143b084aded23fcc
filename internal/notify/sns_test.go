package notify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// stopped is a digest of two instances that were stopped, whose text names
// both.
func stopped() *view.Digest {
	s := view.Section{Policy: "exceptions", Step: "notify", Mode: policy.Enforce, Counts: view.Counts{Violations: 2, Done: 2}}
	for n := range 2 {
		i := violation(n, "web", "")
		i.Results = []view.Line{{Action: action.Stop, State: plan.Done}}
		s.Items = append(s.Items, i)
		s.Text += "EC2 " + i.Resource.ID + " Stopped\n"
	}
	return &view.Digest{Run: "r", At: noon, Account: account, Subject: "Stopped", Sections: []view.Section{s}}
}

func TestATopicHearsJustTheTextThatSaysEverything(t *testing.T) {
	want := "EC2 i-0a1b2c3d4e5f00000 Stopped\nEC2 i-0a1b2c3d4e5f00001 Stopped"
	if diff := cmp.Diff(want, renderer(t).publication(nopSNS, stopped()).Message); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestATopicHearsEverythingThatTheTextLeavesOut(t *testing.T) {
	for name, change := range map[string]func(*view.Digest, *view.Section){
		"a resource":            func(_ *view.Digest, s *view.Section) { s.Text = strings.Replace(s.Text, "00001", "00002", 1) },
		"what is to come":       func(_ *view.Digest, s *view.Section) { s.Items[1].Next = []view.Line{{Action: action.Terminate}} },
		"what failed":           func(_ *view.Digest, s *view.Section) { s.Counts.Failed = 1 },
		"that it observes":      func(_ *view.Digest, s *view.Section) { s.Mode = policy.Observe },
		"what is wrong in it":   func(_ *view.Digest, s *view.Section) { s.Notes = []string{"its subject could not be made"} },
		"what follows a cut":    func(_ *view.Digest, s *view.Section) { s.Text += strings.Repeat("x", maxText) },
		"what was not read":     func(d *view.Digest, _ *view.Section) { d.Unread = []plan.Unread{{Call: "ec2:DescribeInstances"}} },
		"another policy":        func(d *view.Digest, _ *view.Section) { d.Sections = append(d.Sections, one().Sections...) },
		"everything, with \"\"": func(_ *view.Digest, s *view.Section) { s.Text = "" },
	} {
		t.Run(name, func(t *testing.T) {
			d := stopped()
			change(d, &d.Sections[0])
			says(t, "message", renderer(t).publication(nopSNS, d).Message, "tagwarden, run r")
		})
	}
}
