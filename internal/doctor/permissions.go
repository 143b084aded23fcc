package doctor

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func (d *doctor) place(region string) resource.Place {
	return resource.Place{Account: d.who.Account, Region: region}
}

// permissions asks for every permission that the policy file takes: by dry run
// where there is one, else by IAM's simulator.
func (d *doctor) permissions(ctx context.Context, regions []string) {
	checks := each(regions, func(region string) []Check { return d.permitted(ctx, region) })
	slices.SortStableFunc(checks, func(a, b Check) int { return cmp.Compare(a.Name, b.Name) })
	d.add(checks...)
	d.report.Notes = append(d.report.Notes, d.role.Notes...)
}

// permitted asks one region.
func (d *doctor) permitted(ctx context.Context, region string) []Check {
	role, err := iam.For(d.Set, iam.Options{Regions: []string{region}, Account: d.who.Account})
	if err != nil { // the region is in another partition than what the file names
		return []Check{{Outcome: Missing, What: AboutPermission, Name: "all", Found: err.Error(), Do: "use policy files of their own for each partition"}}
	}
	qs := d.questions(role, region)
	answers := make([]Answer, len(qs))
	var left []int
	for i := range qs {
		if answers[i] = d.Account.DryRun(ctx, qs[i]); answers[i].Verdict == Open {
			left = append(left, i)
		}
	}
	d.simulate(ctx, qs, answers, left)
	return judged(qs, answers)
}

// questions are what a role grants, each permission on resources of one kind:
// names that stand for any of them, and what conditions ask for.
func (d *doctor) questions(role *iam.Role, region string) []Question {
	var qs []Question
	for i := range role.Grants {
		g := &role.Grants[i]
		q := Question{Permission: g.Permission, Region: region, Context: map[string][]string{}}
		for op, keys := range g.Conditions {
			if op == "Null" { // it only says that there is a value
				continue
			}
			for key, values := range keys {
				q.Context[key] = plain(values)
			}
		}
		for _, arn := range g.Resources {
			if arn != "*" {
				q.Resources = append(q.Resources, d.sample(arn))
			}
		}
		if q.Context[requested] == nil {
			q.Context[requested] = []string{cmp.Or(regionOf(q.Resources), region)}
		}
		qs = append(qs, q)
	}
	return qs
}

// requested is the key of the region that a call goes to.
const requested = "aws:RequestedRegion"

// regionOf is the region that ARNs are in, "" where they name none.
func regionOf(arns []string) string {
	if len(arns) == 0 {
		return ""
	}
	if parts := strings.SplitN(arns[0], ":", 6); len(parts) == 6 {
		return parts[3]
	}
	return ""
}

// anything stands for the name of a resource.
const anything = "tagwarden-doctor"

// sample is an ARN that a pattern is about. A pattern of a role for one region
// that is about any is about that of the AWS configuration.
func (d *doctor) sample(pattern string) string {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) < 6 {
		return pattern
	}
	if parts[3] == "*" {
		parts[3] = d.Region
	}
	if parts[4] == "*" {
		parts[4] = d.who.Account
	}
	parts[5] = unescape(parts[5])
	return strings.Join(parts, ":")
}

// plain are the values of conditions, without wildcards.
func plain(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = unescape(v)
	}
	return out
}

// unescape fills in what a wildcard stands for, and takes away how iam writes
// characters that are meant.
func unescape(s string) string {
	return strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$", "*", anything, "?", "x").Replace(s)
}

// simulate asks IAM for what a dry run could not tell, those of the same
// resources and conditions in one call.
func (d *doctor) simulate(ctx context.Context, qs []Question, answers []Answer, left []int) {
	groups := map[string][]int{}
	for _, i := range left {
		key := strings.Join(qs[i].Resources, "\x00") + "\x01" + contextText(qs[i].Context)
		groups[key] = append(groups[key], i)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		of := groups[key]
		some := make([]Question, len(of))
		for n, i := range of {
			some[n] = qs[i]
		}
		as, err := d.Account.Simulate(ctx, d.who.ARN, some)
		for n, i := range of {
			switch {
			case err == nil && n < len(as):
				answers[i] = as[n]
			case err != nil:
				answers[i].Why = strings.TrimPrefix(answers[i].Why+"; "+err.Error(), "; ")
			}
		}
	}
}

func contextText(m map[string][]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(k + "\x02" + strings.Join(m[k], "\x03") + "\x04")
	}
	return b.String()
}

// askOtherwise is what there is to do where nobody says whether a permission is
// there.
const askOtherwise = "allow iam:SimulatePrincipalPolicy (and iam:GetRole) to the caller to know, or compare the role with what tagwarden iam writes"

// mailing is the permission that is needed for one of several identities: which
// of them is the sender's, SES decides when it sends.
const (
	mailing = "ses:SendEmail"
	askMail = "allow it for all of them, as tagwarden iam writes it"
)

// judged are the checks of the answers, one for each permission: the worst.
func judged(qs []Question, answers []Answer) []Check {
	var out []Check
	for i, q := range qs {
		c := Check{What: AboutPermission, Name: q.Permission}
		on := ""
		if len(q.Resources) > 0 {
			on = " on " + strings.Join(q.Resources, ", ")
		}
		switch a := answers[i]; a.Verdict {
		case Allowed:
			c.Outcome, c.Found = OK, "the caller has it"
		case Denied:
			if q.Permission == mailing && len(q.Resources) > 1 {
				c.Outcome, c.Found, c.Do = Unknown, "the caller may not have it"+on+": one of the identities is enough, and SES knows which", askMail
				break
			}
			c.Outcome, c.Found = Missing, strings.TrimSuffix("the caller lacks it"+on+": "+a.Why, ": ")
			c.Do = "attach what tagwarden iam writes, and check permission boundaries and the organisation's service control policies"
		default:
			c.Outcome, c.Found, c.Do = Unknown, strings.TrimSuffix("it could not be asked: "+a.Why, ": "), askOtherwise
		}
		at := slices.IndexFunc(out, func(o Check) bool { return o.Name == c.Name })
		switch {
		case at < 0:
			out = append(out, c)
		case worse(out[at].Outcome, c.Outcome) != out[at].Outcome:
			out[at] = c
		}
	}
	return out
}
