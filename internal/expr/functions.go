package expr

import (
	"fmt"
	"math"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tagwarden/tagwarden/internal/span"
)

// days, hours and date are functions of their arguments alone; tag, today,
// office_hours, lookup and metric are bound to each evaluation.

// declareFunctions declares our functions. tag and metric are left out where
// there is no resource.
func declareFunctions(zone *time.Location, withResource bool) []cel.EnvOption {
	opts := []cel.EnvOption{
		cel.Function("days", cel.Overload("days_int", []*cel.Type{cel.IntType}, cel.DurationType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return lengthOf(n, "days", span.Day) }))),
		cel.Function("hours", cel.Overload("hours_int", []*cel.Type{cel.IntType}, cel.DurationType,
			cel.UnaryBinding(func(n ref.Val) ref.Val { return lengthOf(n, "hours", time.Hour) }))),
		cel.Function("date", cel.Overload("date_string", []*cel.Type{cel.StringType}, cel.TimestampType,
			cel.UnaryBinding(func(s ref.Val) ref.Val { return dateOf(string(s.(types.String)), zone) }))),
		cel.Function(officeHours, cel.Overload(officeOverload,
			[]*cel.Type{cel.StringType, cel.StringType, cel.StringType}, cel.BoolType, cel.LateFunctionBinding())),
		cel.Function(lookup, cel.Overload(lookupOverload, []*cel.Type{cel.StringType, cel.StringType}, cel.StringType, cel.LateFunctionBinding())),
		cel.Function("today", cel.Overload("today_now", nil, cel.TimestampType, cel.LateFunctionBinding())),
	}
	if withResource {
		opts = append(opts, cel.Function("tag",
			cel.Overload("tag_string", []*cel.Type{cel.StringType}, cel.StringType, cel.LateFunctionBinding())),
			cel.Function(metric, cel.Overload(metricOverload,
				[]*cel.Type{cel.StringType, cel.StringType, cel.DurationType}, cel.DoubleType, cel.LateFunctionBinding())))
	}
	return opts
}

// lengthOf is n times a unit. A length of time holds some 292 years.
func lengthOf(n ref.Val, name string, unit time.Duration) ref.Val {
	count, most := int64(n.(types.Int)), math.MaxInt64/int64(unit)
	if count > most || count < -most {
		return types.WrapErr(&worded{fmt.Sprintf("%s(%d) is out of range: at most %d", name, count, most)})
	}
	return types.Duration{Duration: time.Duration(count) * unit}
}

// dateOf reads a day, which begins at midnight in the zone, or an instant.
func dateOf(s string, zone *time.Location) ref.Val {
	if day, err := time.Parse(time.DateOnly, s); err == nil && day.Year() >= 1 {
		return types.Timestamp{Time: midnight(day.Year(), day.Month(), day.Day(), zone)}
	}
	// CEL's timestamps begin with the year 1 and end with 9999, in UTC.
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
		return types.Timestamp{Time: t}
	}
	return types.WrapErr(&worded{fmt.Sprintf("%q is no date: write it as 2026-01-31 or 2026-01-31T09:00:00Z", cut(s))})
}

// midnight is when a day begins. Where clocks skip midnight for summer time,
// time.Date may give an instant of the day before; the day then begins an
// hour later.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if t.Day() != d {
		t = t.Add(time.Hour)
	}
	return t
}

// cut shortens text of any origin to what a message can hold.
func cut(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
