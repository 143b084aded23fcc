package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

func TestDifferencesOfTerraformFilesAreToldByBlock(t *testing.T) {
	old := []deploy.File{{Name: "main.tf", Data: []byte(`
resource "a" "one" {
  n    = 1
  s    = "x"
  list = ["a", var.b]
  policy = jsonencode({
    Statement = [{ Action = ["x"], "a:b" = "c" }]
  })
  in { k = 1 }
  more { k = 1 }
}
resource "a" "two" { n = 1 }
locals { x = var.y }
`)}, {Name: "forwarding/main.tf", Data: []byte("resource \"a\" \"one\" { n = 1 }\n")}}
	next := []deploy.File{{Name: "main.tf", Data: []byte(`
# Comments, the order and the file are no difference.
resource "a" "one" {
  s    = "x"
  n    = 2
  list = ["a", var.c]
  policy = jsonencode({
    Statement = [{ "a:b" = "d", Action = ["x", "y"] }]
  })
  in {
    k = 1
    l = "${var.x}/y"
  }
  more { k = 1 }
  more { k = 2 }
}
`)}, {Name: "other.tf", Data: []byte("locals {\n  x = var.z\n}\nprovider \"aws\" { alias = \"x\" }\nprovider \"aws\" {}\nvariable \"v\" { default = \"\" }\n")}}
	want := []deploy.Change{
		{"a.one.in.l", "", `"${var.x}/y"`},
		{"a.one.list", "[a, var.b]", "[a, var.c]"},
		{"a.one.more.1.k", "", "1"},
		{"a.one.more.2.k", "", "2"},
		{"a.one.more.k", "1", ""},
		{"a.one.n", "1", "2"},
		{"a.one.policy.Statement.1.Action", "[x]", "[x, y]"},
		{"a.one.policy.Statement.1.a:b", "c", "d"},
		{"a.two", "(all of it)", ""},
		{"forwarding/a.one", "(all of it)", ""},
		{"locals.x", "var.y", "var.z"},
		{"provider.aws", "", "(all of it)"},
		{"provider.aws.x", "", "(all of it)"},
		{"var.v", "", "(all of it)"},
	}
	for range 5 {
		got, err := deploy.DiffTerraform(old, next)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got)\n%s", err, diff)
		}
	}
}

func TestTerraformFilesDoNotDifferFromThemselves(t *testing.T) {
	all := examples(t)
	all["everything"] = text(everything)
	for name, source := range all {
		files := terraformed(t, deployed(t, none, source))
		got, err := deploy.DiffTerraform(files, files)
		if err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		fresh, err := deploy.DiffTerraform(nil, files)
		if err != nil || len(fresh) < 30 {
			t.Errorf("%s from nothing: %v, %v", name, fresh, err)
		}
	}
}

func TestEveryChangedValueOfATerraformFileIsADifference(t *testing.T) {
	files := terraformed(t, deployed(t, none, text(everything)))
	for old, path := range map[string]string{
		"memory_size      = 512":                  "aws_lambda_function.function.memory_size",
		"maxReceiveCount     = 5":                 "aws_sqs_queue.retries.redrive_policy.maxReceiveCount",
		`state = ["running"`:                      "aws_cloudwatch_event_rule.states.event_pattern.detail.state",
		`"aws:RequestedRegion" = ["ap-south-1"`:   "aws_iam_policy.permissions_1.policy.Statement.1.Condition.StringEquals.aws:RequestedRegion",
		`= "cron(0 6 * * ? *)"`:                   "aws_scheduler_schedule.schedule_1.schedule_expression",
		"maximum_concurrency = 2":                 "aws_lambda_event_source_mapping.retries.scaling_config.maximum_concurrency",
		`channel_made_topic = aws_sns_topic.chan`: "locals.channel_made_topic",
	} {
		main := string(files[3].Data)
		at := strings.Index(main, old)
		if at < 0 {
			t.Fatalf("no %s", old)
		}
		end := at + len(old)
		changed := main[:end-1] + "9" + main[end-1:]
		other := append([]deploy.File{}, files...)
		other[3] = deploy.File{Name: "main.tf", Data: []byte(changed)}
		got, err := deploy.DiffTerraform(files, other)
		if err != nil || len(got) != 1 || got[0].Path != path {
			t.Errorf("%s: %v, %v", old, got, err)
		}
	}
}

func TestWhatIsNoHCLHasNoDifferences(t *testing.T) {
	bad := []deploy.File{{Name: "main.tf", Data: []byte("resource {")}}
	for want, files := range map[string][2][]deploy.File{"reading the old files: main.tf:1": {bad, nil}, "reading the new files: main.tf:1": {nil, bad}} {
		if _, err := deploy.DiffTerraform(files[0], files[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

func FuzzDiffTerraform(f *testing.F) {
	f.Add([]byte("a \"b\" \"c\" {\n d = [{e = 1}, var.f]\n g {}\n}\n"))
	f.Add([]byte("locals {\n x = jsonencode({y = \"${z}\"})\n}\nlocals {\n x = 2\n}\n"))
	f.Add([]byte("x = 1\nprovider \"a\" {\n alias = null\n}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		files := []deploy.File{{Name: "main.tf", Data: b}}
		if got, err := deploy.DiffTerraform(files, files); err == nil && len(got) != 0 {
			t.Errorf("%q differs from itself: %v", b, got)
		}
	})
}
