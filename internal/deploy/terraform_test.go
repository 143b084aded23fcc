package deploy_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// terraformed renders a deployment that must be possible.
func terraformed(t fatal, d *deploy.Deployment, regions ...string) []deploy.File {
	t.Helper()
	files, err := deploy.Terraform(d, regions)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// body parses a file as Terraform does.
func body(t fatal, f deploy.File) *hclsyntax.Body {
	t.Helper()
	parsed, diags := hclsyntax.ParseConfig(f.Data, f.Name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags, string(f.Data))
	}
	return parsed.Body.(*hclsyntax.Body)
}

// module are the blocks of a module by kind and name: those of the root, or with
// a folder those in it.
func module(t fatal, files []deploy.File, folder string) map[string]*hclsyntax.Body {
	t.Helper()
	out := map[string]*hclsyntax.Body{}
	for _, f := range files {
		dir, _ := filepath.Split(f.Name)
		if strings.TrimSuffix(dir, "/") != folder || !strings.HasSuffix(f.Name, ".tf") {
			continue
		}
		for _, b := range body(t, f).Blocks {
			name := strings.Join(append([]string{b.Type}, b.Labels...), ".")
			if b.Type == "locals" || b.Type == "provider" {
				for a := range b.Body.Attributes {
					out[name+"."+a] = b.Body
				}
				continue
			}
			if out[name] != nil {
				t.Errorf("%s has %s twice", f.Name, name)
			}
			out[name] = b.Body
		}
	}
	return out
}

// reads is what an expression reads as, where each variable and each local value
// is its own name.
func reads(t fatal, blocks map[string]*hclsyntax.Body, e hclsyntax.Expression) cty.Value {
	t.Helper()
	names := map[string]map[string]cty.Value{"var": {}, "local": {}}
	for name := range blocks {
		if v, ok := strings.CutPrefix(name, "variable."); ok {
			names["var"][v] = cty.StringVal("var." + v)
		} else if v, ok := strings.CutPrefix(name, "locals."); ok {
			names["local"][v] = cty.StringVal("local." + v)
		}
	}
	v, diags := e.Value(&hcl.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
		Variables: map[string]cty.Value{"var": cty.ObjectVal(names["var"]), "local": cty.ObjectVal(names["local"])}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return v
}

func TestTerraformFilesAreAsInTheFolder(t *testing.T) {
	for _, f := range terraformed(t, deployed(t, none, text(everything))) {
		asInTheFile(t, filepath.Join("testdata", "terraform", f.Name), f.Data)
	}
}

// What a file refers to is in the same module: Terraform itself is asked in
// examples, where it is there.
func TestEverythingThatIsReferredToIsDeclared(t *testing.T) {
	all := examples(t)
	all["everything"] = text(everything)
	for name, source := range all {
		files := terraformed(t, deployed(t, none, source))
		for _, folder := range []string{"", "forwarding"} {
			blocks := module(t, files, folder)
			for at, b := range blocks {
				for _, missing := range undeclared(blocks, b) {
					t.Errorf("%s: %s refers to %s", name, at, missing)
				}
			}
		}
	}
}

// undeclared are the references of a block to what is not there.
func undeclared(blocks map[string]*hclsyntax.Body, b *hclsyntax.Body) []string {
	var out []string
	for _, a := range b.Attributes {
		for _, ref := range a.Expr.Variables() {
			path := []string{}
			for _, step := range ref {
				switch step := step.(type) {
				case hcl.TraverseRoot:
					path = append(path, step.Name)
				case hcl.TraverseAttr:
					path = append(path, step.Name)
				}
			}
			name := map[string]string{"var": "variable", "local": "locals", "data": "data"}[path[0]]
			switch {
			case name == "data":
				name = strings.Join(path[:3], ".")
			case name != "":
				name += "." + path[1]
			case path[0] == "aws":
				name = "provider.aws.alias"
			case strings.HasPrefix(path[0], "aws_"):
				name = "resource." + path[0] + "." + path[1]
			default: // path.module, and types of variables
				continue
			}
			if blocks[name] == nil {
				out = append(out, strings.Join(path, "."))
			}
		}
	}
	for _, in := range b.Blocks {
		out = append(out, undeclared(blocks, in.Body)...)
	}
	return out
}

// What rules catch and what the role may do is the deployment's, as in the other
// form of it.
func TestPatternsAndPermissionsAreThoseOfTheDeployment(t *testing.T) {
	d := deployed(t, none, text(everything))
	blocks := module(t, terraformed(t, d), "")
	said := strings.NewReplacer(`\u0000account\u0000`, "local.account", `\u0000region\u0000`, "var.region", `\u0000partition\u0000`, "local.partition",
		`\u0000variable:OPS\u0000`, "local.ops_topic", `\u0000topic:made\u0000`, "local.channel_made_topic",
		`\u0000variable:LEDGER\u0000`, "var.ledger", `\u0000variable:SES_FROM\u0000`, "var.ses_from")
	same := func(name, attribute string, want any) {
		t.Helper()
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var wants, got any
		if err := json.Unmarshal([]byte(said.Replace(string(b))), &wants); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(reads(t, blocks, blocks[name].Attributes[attribute].Expr).AsString()), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wants, got); diff != "" {
			t.Errorf("%s (-deployment +file)\n%s", name, diff)
		}
	}
	for name, rule := range map[string]string{"Calls": "calls", "States": "states", "TagChanges": "tag_changes", "ConfigItems": "config_items", "Outcomes": "outcomes"} {
		r := d.Rules[slices.IndexFunc(d.Rules, func(r deploy.Rule) bool { return r.Name == name })]
		same("resource.aws_cloudwatch_event_rule."+rule, "event_pattern", r.Pattern)
	}
	for i, doc := range d.Documents {
		same("resource.aws_iam_policy.permissions_"+string(rune('1'+i)), "policy", doc)
	}
}

// A default is whatever whoever deploys has in the environment.
func TestADefaultIsReadAsItWasSet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.OneOf(rapid.StringMatching(`[$%{}~"'\\ a-z-]{1,12}`), rapid.String(), rapid.SampledFrom([]string{"${", "%{", "${path.module}", `"`, "a\nb"})).Draw(r, "value")
		source := text(small("zone: UTC", "", `, match: 'resource.vpc != "" || "${GIVEN}" == "x"'`))
		set, vars, list := read(t, func(name string) (string, bool) { return value, name == "GIVEN" }, source)
		if list.Err() != nil || len(vars) != 1 || !vars[0].Known {
			r.Skip() // no text of an expression
		}
		d, err := deploy.For(set, deploy.Options{Variables: vars, Files: []string{"p.yaml"}})
		if err != nil {
			r.Fatal(err)
		}
		files, err := deploy.Terraform(d, nil)
		if err != nil {
			if !strings.Contains(err.Error(), "normal form C") {
				r.Fatal(err)
			}
			r.Skip()
		}
		blocks := module(r, files, "")
		if got := reads(r, blocks, blocks["variable.given"].Attributes["default"].Expr).AsString(); got != value {
			r.Fatalf("%q is read as %q", value, got)
		}
	})
}

func TestNoSecretIsInATerraformFile(t *testing.T) {
	files := terraformed(t, deployed(t, secretive, text(everything)))
	secretless(t, files)
	blocks := module(t, files, "")
	for _, name := range []string{"pay_webhook_secret", "token_secret", "hook_secret"} {
		if blocks["variable."+name] == nil || blocks["variable."+name].Attributes["default"] != nil || blocks["data.aws_secretsmanager_secret_version."+name] == nil {
			t.Errorf("%s is not read from Secrets Manager", name)
		}
	}
}

func TestNoNameIsLongerThanAWSTakes(t *testing.T) {
	set, vars, list := read(t, none, text(everything))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"aws_cloudwatch_event_rule.name": 64, "aws_sqs_queue.name": 80, "aws_iam_role.name_prefix": 64 - 26, "aws_iam_policy.name_prefix": 128 - 26,
		"aws_scheduler_schedule.name": 64, "aws_scheduler_schedule_group.name": 64, "aws_sns_topic.name": 256, "aws_cloudwatch_metric_alarm.alarm_name": 255, "aws_s3_bucket.bucket_prefix": 63 - 26}
	for _, n := range []int{3, 40, 64} {
		d, err := deploy.For(set, deploy.Options{Name: "N" + strings.Repeat("m", n-1), Variables: vars, Files: []string{"p.yaml"}})
		if err != nil {
			t.Fatal(err)
		}
		seen, found := map[string]bool{}, map[string]bool{}
		for name, b := range module(t, terraformed(t, d), "") {
			parts := strings.Split(name, ".")
			for attribute, a := range b.Attributes {
				key := parts[min(1, len(parts)-1)] + "." + attribute
				if most[key] == 0 {
					continue
				}
				found[key] = true
				v, diags := a.Expr.Value(nil)
				if diags.HasErrors() {
					t.Fatal(diags)
				}
				if s := v.AsString(); len(s) > most[key] || seen[key+" "+s] {
					t.Errorf("%s is %s, with %d characters of %d", name, s, len(s), most[key])
				} else {
					seen[key+" "+s] = true
				}
			}
		}
		if len(found) != len(most) {
			t.Errorf("names of %v alone", found)
		}
	}
}

func TestEventsAreSentOnFromEveryRegionThatIsWanted(t *testing.T) {
	everywhere := small("regions: [all]", "", ", on: created")
	for name, tt := range map[string]struct {
		yaml  string
		asked []string
		want  []string
		note  bool
		err   string
	}{
		"named":                    {yaml: small("regions: [us-east-1, ap-south-1]", "", ", on: created"), want: []string{"ap-south-1", "us-east-1"}},
		"all":                      {yaml: everywhere, want: []string{"ap-northeast-1", "us-west-2"}, note: true},
		"all, and some of them":    {yaml: everywhere, asked: []string{"us-east-1", "af-south-1", "us-east-1"}, want: []string{"af-south-1", "us-east-1"}},
		"none":                     {yaml: small("zone: UTC", "", ", on: created")},
		"none that events wake":    {yaml: small("regions: [all]", "", "")},
		"named, and others":        {yaml: small("regions: [us-east-1]", "", ", on: created"), asked: []string{"us-west-2"}, err: "name their regions themselves"},
		"asked for without events": {yaml: small("regions: [all]", "", ""), asked: []string{"us-west-2"}, err: "or need none"},
		"what is no region":        {yaml: everywhere, asked: []string{`eu-west-1"`}, err: `"eu-west-1\"" is no name of a region`},
	} {
		t.Run(name, func(t *testing.T) {
			d := deployed(t, none, text(tt.yaml))
			files, err := deploy.Terraform(d, tt.asked)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range regexp.MustCompile(`count += var\.region == "([^"]+)" \? 0 : 1`).FindAllStringSubmatch(string(files[4].Data), -1) {
				got = append(got, m[1])
			}
			if tt.note && len(got) == 17 {
				got = []string{got[0], got[16]}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if has := slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "--regions") }); has != tt.note {
				t.Errorf("the notes are %q", d.Notes)
			}
			if has := len(module(t, files, "forwarding")) > 0; has != (len(tt.want) > 0) {
				t.Errorf("a module: %v", has)
			}
		})
	}
}

// What comes from another region is sent on only from there: otherwise events
// would go round in a circle.
func TestWhatIsSentOnIsOfTheAccountAndNotAnOutcome(t *testing.T) {
	blocks := module(t, terraformed(t, deployed(t, none, text(everything))), "forwarding")
	var rules []string
	for name, b := range blocks {
		if rule, ok := strings.CutPrefix(name, "resource.aws_cloudwatch_event_rule."); ok {
			rules = append(rules, rule)
			var p map[string]any
			if err := json.Unmarshal([]byte(reads(t, blocks, b.Attributes["event_pattern"].Expr).AsString()), &p); err != nil {
				t.Fatal(err)
			}
			if _, has := p["region"]; has || !cmp.Equal(p["account"], []any{"local.account"}) {
				t.Errorf("%s: %v", rule, p)
			}
		}
	}
	slices.Sort(rules)
	if diff := cmp.Diff([]string{"calls", "config_items", "states", "tag_changes"}, rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTwoVariablesNeverShareOneOfTerraforms(t *testing.T) {
	yaml := small("zone: UTC", "", `, match: 'resource.vpc in ["${SES_FROM:-a}", "${SesFrom:-b}", "${ses_from:-c}", "${REGION:-d}", "${COUNT:-e}", "${ALARM_EMAIL:-f}", "${Make_Rules_Table:-g}"]'`)
	main := string(terraformed(t, deployed(t, none, text(yaml)))[3].Data)
	main = regexp.MustCompile(` +=`).ReplaceAllString(main, " =")
	for _, want := range []string{"SES_FROM = var.ses_from\n", "SesFrom = var.ses_from_2\n", "ses_from = var.ses_from_3\n", "REGION = var.region_value\n",
		"COUNT = var.count_value\n", "ALARM_EMAIL = var.alarm_email_value\n", "Make_Rules_Table = var.make_rules_table_value\n"} {
		if !strings.Contains(main, want) {
			t.Errorf("no %s:\n%s", want, main[:3000])
		}
	}
}

func TestThePackageOfTheFolderIsTheOneThatItWasMadeWith(t *testing.T) {
	set, vars, _ := read(t, none, text(small("zone: UTC", "", "")))
	p, err := deploy.Pack(program(x86), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := deploy.For(set, deploy.Options{Variables: vars, Package: p, Files: []string{"p.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	files := terraformed(t, d)
	main := string(files[3].Data)
	for _, want := range []string{`architectures    = ["x86_64"]`, `? local.package_sha256 : "` + p.SHA256() + `"`, `local.package_sha256 == "` + p.SHA256() + `"`} {
		if !strings.Contains(main, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(files[2].Data), `"architecture"`) {
		t.Error("the architecture is asked for though the program tells it")
	}
}

func TestWhatSettlesForLongHasARoleOfItsOwn(t *testing.T) {
	for settle, long := range map[string]bool{"2m": false, "20m": true} {
		blocks := module(t, terraformed(t, deployed(t, none, text(small("zone: UTC", "", ", on: created, settle: "+settle)))), "")
		if has := blocks["resource.aws_iam_role.waits"] != nil && blocks["resource.aws_iam_role_policy.waits"] != nil; has != long {
			t.Errorf("%s: a role: %v", settle, has)
		}
		environment := string(terraformed(t, deployed(t, none, text(small("zone: UTC", "", ", on: created, settle: "+settle))))[3].Data)
		for want, has := range map[string]bool{`TAGWARDEN_QUEUE += aws_sqs_queue\.retries\.url\n`: true, `TAGWARDEN_SCHEDULER_ROLE += aws_iam_role\.waits\.arn\n`: long, `scheduler:CreateSchedule`: long, `iam:PassRole`: long} {
			if regexp.MustCompile(want).MatchString(environment) != has {
				t.Errorf("%s: %s: %v", settle, want, !has)
			}
		}
	}
}
