package expr

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
)

// metric is the name of the function.
const (
	metric         = "metric"
	metricOverload = "metric_string_string_duration"
	metricUse      = `metric(string, string, duration), as in metric("CPUUtilization", "Average", days(14))`
)

// metric returns what was measured of the resource.
func (e *evaluation) metric(_ string, args ...ref.Val) ref.Val {
	m := need.Metric{Name: string(args[0].(types.String)), Statistic: string(args[1].(types.String)), Over: args[2].(types.Duration).Duration}
	v, err := resource.Measure(e.in.Resource, m, e.in.Now)
	if err != nil {
		return types.WrapErr(e.lacks(err))
	}
	return types.Double(v)
}

// statistics are those of CloudWatch that make one number of any time, beside
// percentiles. The others (TM, TC, …) need no policy yet.
var statistics = []string{"Average", "Maximum", "Minimum", "SampleCount", "Sum"}

// percentile is how CloudWatch writes one, from p0 to p100 with up to ten
// decimal places ("CloudWatch statistics definitions" in its user guide).
var percentile = regexp.MustCompile(`^p(?:\d{1,2}(?:\.\d{1,10})?|100)$`)

// metricName is what a metric of AWS may be called. CloudWatch takes more, but
// AWS names none of its own so.
var metricName = regexp.MustCompile(`^[A-Za-z0-9_.%/-]{1,255}$`)

// badMetric finds what is wrong with a call of metric(). What has to be
// fetched is known before anything runs, so its arguments are written out.
func (c *checked) badMetric(e ast.Expr) []Problem {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() || c.typeOf(e).Kind() != types.DoubleKind {
		return nil // the checker has said so
	}
	var problems []Problem
	add := func(arg ast.Expr, summary, hint string) { problems = append(problems, c.at(arg, summary, hint)) }
	if unmeasured := c.env.unmeasured(); len(unmeasured) > 0 {
		add(e, "CloudWatch measures nothing of resources of type "+listed(unmeasured), "")
	}
	if name, ok := constant(args[0]); !ok {
		add(args[0], "the name of a metric must be written out", "write "+metricUse)
	} else if why, hint := c.env.badMetricName(name); why != "" {
		add(args[0], why, hint)
	}
	if s, ok := constant(args[1]); !ok {
		add(args[1], "the statistic must be written out", "write "+metricUse)
	} else if !slices.Contains(statistics, s) && !percentile.MatchString(s) {
		hint := "known are " + listed(statistics) + ", and percentiles such as p90"
		if near := suggest(s, statistics); near != "" {
			hint = didYouMean(near)
		}
		add(args[1], fmt.Sprintf("%q is no statistic of CloudWatch", cut(s)), hint)
	}
	over, ok := writtenLength(args[2])
	switch {
	case !ok:
		add(args[2], "the time that a metric is measured over must be written out", "write "+metricUse)
	case over < time.Hour || over%time.Hour != 0:
		add(args[2], "the time that a metric is measured over must be a whole number of hours", "such as hours(6) or days(14)")
	case over > need.MaxMetric:
		add(args[2], "CloudWatch keeps nothing for longer than "+span.Format(need.MaxMetric), "")
	}
	return problems
}

// unmeasured are the types of the environment that have no metrics.
func (env *environment) unmeasured() []string {
	var types []string
	for _, s := range env.schemas {
		if s.Metrics == nil {
			types = append(types, string(s.Type))
		}
	}
	return types
}

// badMetricName returns why there can be no metric of that name, and what is
// right. A name that nearly is one of a type's is a slip; one that is like none
// may be new.
func (env *environment) badMetricName(name string) (why, hint string) {
	if !metricName.MatchString(name) {
		return fmt.Sprintf("%q cannot be the name of a metric of AWS", cut(name)), "such a name is like CPUUtilization"
	}
	for _, s := range env.schemas {
		if s.Metrics == nil || slices.Contains(s.Metrics.Names, name) {
			continue
		}
		if near := suggest(name, s.Metrics.Names); near != "" {
			return fmt.Sprintf("%s has no metric %s in CloudWatch", s.Type, name), didYouMean(near)
		}
	}
	return "", ""
}

// writtenMetric is the metric that the arguments of metric() are, false where
// they are not all written out.
func writtenMetric(args []ast.Expr) (need.Metric, bool) {
	if len(args) != 3 {
		return need.Metric{}, false
	}
	name, named := constant(args[0])
	statistic, told := constant(args[1])
	over, timed := writtenLength(args[2])
	return need.Metric{Name: name, Statistic: statistic, Over: over}, named && told && timed
}

// writtenLength is a length of time that is written out: days(14), hours(6) or
// duration("36h").
func writtenLength(e ast.Expr) (time.Duration, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().IsMemberFunction() || len(e.AsCall().Args()) != 1 {
		return 0, false
	}
	arg := e.AsCall().Args()[0]
	if arg.Kind() != ast.LiteralKind {
		return 0, false
	}
	var v ref.Val
	switch lit := arg.AsLiteral(); e.AsCall().FunctionName() {
	case "days":
		if n, ok := lit.(types.Int); ok {
			v = lengthOf(n, "days", span.Day)
		}
	case "hours":
		if n, ok := lit.(types.Int); ok {
			v = lengthOf(n, "hours", time.Hour)
		}
	case "duration":
		if s, ok := lit.(types.String); ok {
			v = s.ConvertToType(types.DurationType)
		}
	}
	d, ok := v.(types.Duration)
	return d.Duration, ok
}
