package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

func TestDifferencesAreToldByTheirPlace(t *testing.T) {
	old := "Resources:\n  A:\n    Type: T\n    Properties: {N: 1, L: [a, !Ref B], D: 'x'}\n  B:\n    Type: U\n    Properties:\n      E: ''\n"
	next := "Resources:\n  A:\n    Type: T\n    Properties: {N: 2, L: [a, !Ref C], D: \"x\"}\n  C:\n    Type: V\nOutputs:\n  O: {Value: !GetAtt A.Arn}\n"
	want := []deploy.Change{
		{"Outputs.O", "", "(all of it)"},
		{"Resources.A.Properties.L", "[a, !Ref B]", "[a, !Ref C]"},
		{"Resources.A.Properties.N", "1", "2"},
		{"Resources.B", "U", ""},
		{"Resources.C", "", "V"},
	}
	for range 5 {
		got, err := deploy.Diff([]byte(old), []byte(next))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got)\n%s", err, diff)
		}
	}
}

func TestATemplateDoesNotDifferFromItself(t *testing.T) {
	all := examples(t)
	all["everything"] = text(everything)
	for name, source := range all {
		for _, f := range rendered(t, deployed(t, none, source)) {
			got, err := deploy.Diff(f.Data, f.Data)
			if err != nil || len(got) != 0 {
				t.Errorf("%s %s: %v, %v", name, f.Name, got, err)
			}
			fresh, err := deploy.Diff(nil, f.Data)
			if err != nil || len(fresh) < 5 {
				t.Errorf("%s %s from nothing: %v, %v", name, f.Name, fresh, err)
			}
		}
	}
}

func TestEveryChangedValueIsADifference(t *testing.T) {
	f := rendered(t, deployed(t, none, text(everything)))[0]
	for old, path := range map[string]string{
		"MemorySize: 512": "Resources.Function.Properties.MemorySize", "maxReceiveCount: 5": "Resources.Retries.Properties.RedrivePolicy.maxReceiveCount",
		"state: [running]": "Resources.States.Properties.EventPattern.detail.state", "Zone: Europe/Berlin": "", "AWS::AccountId}:identity/${SesFrom}": "",
		"cron(0 6 * * ? *)": "Resources.Schedule1.Properties.ScheduleExpression",
	} {
		other := strings.Replace(string(f.Data), old, old[:len(old)-1]+"9"+old[len(old)-1:], 1)
		got, err := deploy.Diff(f.Data, []byte(other))
		if err != nil || len(got) != 1 && path != "" || len(got) == 0 && !strings.HasPrefix(old, "Zone") || path != "" && got[0].Path != path {
			t.Errorf("%s: %v, %v", old, got, err)
		}
	}
}

func TestWhatIsNoYAMLHasNoDifferences(t *testing.T) {
	if _, err := deploy.Diff([]byte("a: [\n"), []byte("a: 1\n")); err == nil || !strings.Contains(err.Error(), "reading the old template") {
		t.Error(err)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add([]byte("A: !Ref B\n"))
	f.Add([]byte("A: {B: [1, {C: d}]}\n---\nA: 2\n"))
	f.Add([]byte("- a\n- b: c\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := deploy.Diff(b, b); err == nil && len(got) != 0 {
			t.Errorf("%q differs from itself: %v", b, got)
		}
	})
}
