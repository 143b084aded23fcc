package notify

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file under testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

const account = "111122223333"

var (
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	deadline = noon.AddDate(0, 0, 7)
)

// instance is an item's resource with the details that a message shows.
func instance(n int, name, owner string) plan.Resource {
	id, region := fmt.Sprintf("i-0a1b2c3d4e5f%05x", n), "us-east-1"
	if n%3 == 0 {
		region = "ap-south-1"
	}
	launched := noon.AddDate(0, 0, -7-n%30)
	return plan.Resource{
		Ref: resource.Ref{
			ID: id, ARN: resource.InstanceARN(region, account, id), Type: resource.EC2Instance, Account: account, Region: region,
		},
		Name: name, Tags: tag.Set{"Name": name},
		Details: []plan.Detail{
			{Title: "Launched (UTC)", Text: launched.Format("2006-01-02 15:04")}, {Title: "Type", Text: "m7g.large"},
			{Title: "Name", Text: name}, {Title: "Owner", Text: owner},
			{Title: "Private IP", Text: fmt.Sprintf("10.0.%d.%d", n/250, n%250)}, {Title: "Days running", Text: fmt.Sprint(7 + n%30)},
		},
	}
}

var missing = []eval.Reason{{Code: "tag-missing", Tag: "Project", Text: "tag Project is missing"}}

func violation(n int, name, owner string) view.Item {
	return view.Item{
		Kind: plan.NewViolation, Policy: s1Policy, Mode: policy.Enforce, Resource: instance(n, name, owner),
		Owner: owner, Status: eval.Violating, Reasons: missing,
	}
}

const s1Policy = "project-tag-on-long-running-instances"

// digest is one of a single section.
func digest(subject string, items ...view.Item) *view.Digest {
	s := view.Section{
		Policy: s1Policy, Step: "notify", Mode: policy.Enforce, Items: items,
		Description: "Whoever keeps an instance for a week says which project pays for it.",
		Steps:       []view.Step{{Action: action.Stop, When: "resource.running_for >= days(14)"}},
	}
	d := &view.Digest{
		Run: "20261121-120000-7f3a", At: noon, Name: "central", Account: account, Channel: "infra",
		Subject: subject, Sections: []view.Section{s},
	}
	d.Sections[0].Counts = d.Totals()
	return d
}

func one() *view.Digest {
	i := violation(1, "web-1", "ann")
	i.Next = []view.Line{{Action: action.Stop, State: plan.Waiting, At: deadline}}
	return digest("[tagwarden] "+s1Policy+": 1 violation", i)
}

// s1 is twelve untagged instances.
func s1() *view.Digest {
	names := []string{"web-1", "web-2", "Unnamed", "billing-worker", "jenkins", "Unnamed", "db-replica", "bastion", "etl-nightly", "grafana", "cache", "Unnamed"}
	owners := []string{"ann", "ann", "Unknown", "bob@example.com", "ci", "Unknown"}
	var items []view.Item
	for n, name := range names {
		items = append(items, violation(n+1, name, owners[n%len(owners)]))
	}
	return digest("⚠️ 12 Untagged EC2 Instance(s) Detected", items...)
}

func many(n int) *view.Digest {
	items := make([]view.Item, n)
	for i := range items {
		items[i] = violation(i+1, fmt.Sprintf("batch-%d", i+1), "Unknown")
	}
	return digest(fmt.Sprintf("⚠️ %d Untagged EC2 Instance(s) Detected", n), items...)
}

// mixture is several sections with everything that can be said.
func mixture() *view.Digest {
	line := func(k action.Kind, s plan.State, reason, detail string) view.Line {
		return view.Line{Action: k, State: s, At: noon, Reason: reason, Detail: detail, RequestID: "req-1"}
	}
	held := violation(2, "web-2", "ann")
	held.Kind = plan.HeldNews
	held.Results = []view.Line{line(action.Terminate, plan.Held, "over the limit of 5 in 24 hours", "")}
	reminded := violation(3, "jenkins", "ci")
	reminded.Kind = plan.Reminder
	reminded.Next = []view.Line{
		{Action: action.Stop, State: plan.Waiting, At: deadline},
		{Action: action.Terminate, State: plan.Waiting, After: 14 * 24 * time.Hour},
	}
	standing := violation(4, "cache", "Unknown")
	standing.Kind = plan.Standing
	standing.Resource.Account = "444455556666"
	fixed := violation(5, "etl", "bob")
	fixed.Status, fixed.Kind = eval.Fixed, plan.ResultNews
	fixed.Results = []view.Line{line(action.Tag, plan.Done, "", "Project=Proj007")}
	failed := violation(6, "grafana", "bob")
	failed.Kind = plan.ResultNews
	failed.Results = []view.Line{{Action: action.Stop, State: plan.Failed, Reason: "ec2:StopInstances: UnauthorizedOperation", Hint: "allow ec2:StopInstances"}}
	stopped := violation(7, "bastion", "ann")
	stopped.Kind = plan.ResultNews
	late := line(action.Tag, plan.Done, "", "Team=web")
	late.At = noon.AddDate(0, 0, -1) // told late
	stopped.Results = []view.Line{line(action.Stop, plan.Done, "it ran for 14 days", ""), late}
	d := digest("[tagwarden] 2 policies: 6 violations, 1 fixed, 2 done, 1 failed, 1 held", held, reminded, standing, fixed, failed, stopped)
	d.Sections[0].Known = 4
	d.Sections[0].Text = "Questions? Ask in the channel of the platform team.\nThanks."
	d.Sections[0].Notes = []string{"the subject that the policy wants could not be made: index out of range"}
	would := violation(8, "db", "dba")
	would.Policy, would.Mode = "observed", policy.Observe
	would.Reasons = []eval.Reason{{Code: "matched", Text: "it matches resource.public_ip != \"\""}}
	would.Next = []view.Line{{Action: action.Stop, State: plan.Would}}
	d.Sections = append(d.Sections, view.Section{Policy: "observed", Step: "notify", Mode: policy.Observe, Items: []view.Item{would}})
	d.Sections[1].Counts = view.Counts{Violations: 1, Would: 1}
	d.Unread = []plan.Unread{{Account: account, Region: "eu-south-2", Call: "ec2:DescribeInstances", Reason: "the region is not enabled", Hint: "take it out of regions"}}
	return d
}

// hostiles are values that try to become something else where they are shown.
var hostiles = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `=cmd|' /C calc'!A0`, `+1+1`, `@SUM(1)`, `-2+3`,
	"\x1b[31mred\x1b]8;;http://evil.example\x07", "\u202egnp.exe", "line\nbreak\r\nBcc: evil@example.com", `<!channel> <!here> @here @channel`,
	`[click](http://evil.example)`, `<http://evil.example|click>`, "```code", `*bold* _under_`, `&lt;b&gt;`, `{{DATE(2026-11-21,SHORT)}}`,
	"👩‍👩‍👧 family", "\xff\xfe broken", "]]>--><!--", "' onmouseover='alert(1)",
}

func hostile() *view.Digest {
	var items []view.Item
	for n, h := range hostiles {
		i := violation(n+1, h, h)
		i.Resource.Tags = tag.Set{"Name": h}
		i.Reasons = []eval.Reason{{Code: "tag-not-allowed", Tag: h, Text: "tag Project is " + h}}
		i.Results = []view.Line{{Action: action.Tag, State: plan.Failed, Reason: h, Detail: "Project=" + h, Hint: h}}
		items = append(items, i)
	}
	items[0].Resource.ID, items[1].Resource.Region = hostiles[0], hostiles[1]
	d := digest(hostiles[0]+" "+hostiles[8]+" "+hostiles[9], items...)
	d.Name, d.Run = hostiles[1], hostiles[0]
	s := &d.Sections[0]
	s.Description, s.Text, s.Notes = hostiles[0], hostiles[8]+"\n"+hostiles[9], []string{hostiles[10]}
	d.Unread = []plan.Unread{{Account: account, Region: hostiles[0], Call: "x", Reason: hostiles[9], Hint: hostiles[10]}}
	return d
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// noWait is a Sleep that only notes how long was asked for.
type noWait struct{ asked []time.Duration }

// channels makes a set of these.
func channels(t testing.TB, cs ...*policy.Channel) *policy.Set {
	s := &policy.Set{Channels: map[string]*policy.Channel{}}
	s.Settings.Zone = berlin(t)
	for _, c := range cs {
		s.Channels[c.Name] = c
	}
	return s
}

func indented(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}
