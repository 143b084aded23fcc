package cloudwatchtest

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// maxQueries is how many queries one call takes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const maxQueries = 500

// idForm is what a query may be called ("MetricDataQuery" in the reference).
var idForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// input is a request as it came.
type input struct {
	Request
	ids     []string
	periods []time.Duration
}

// decode reads a request.
func decode(body []byte) (in input, err error) {
	defer func() {
		// What is not of the type that it must have is found by asking for it.
		if r := recover(); r != nil {
			err = fmt.Errorf("the request is not as the model of the API has it: %v", r)
		}
	}()
	v, err := cbor.Decode(body)
	if err != nil {
		return in, err
	}
	m := v.(cbor.Map)
	in.Start, in.End = instant(m["StartTime"]), instant(m["EndTime"])
	if t, ok := m["NextToken"].(cbor.String); ok {
		in.Token = string(t)
	}
	for _, q := range m["MetricDataQueries"].(cbor.List) {
		q := q.(cbor.Map)
		stat := q["MetricStat"].(cbor.Map)
		metric := stat["Metric"].(cbor.Map)
		dim := metric["Dimensions"].(cbor.List)[0].(cbor.Map)
		in.ids = append(in.ids, text(q["Id"]))
		in.periods = append(in.periods, time.Duration(uint64(stat["Period"].(cbor.Uint)))*time.Second)
		in.Queries = append(in.Queries, Query{Namespace: text(metric["Namespace"]), Dimension: text(dim["Name"]), Value: text(dim["Value"]),
			Metric: text(metric["MetricName"]), Statistic: text(stat["Stat"])})
	}
	if len(in.periods) > 0 {
		in.Period = in.periods[0]
	}
	return in, nil
}

func text(v cbor.Value) string { return string(v.(cbor.String)) }

// instant is a time: seconds since 1970, tagged as such.
func instant(v cbor.Value) time.Time {
	switch s := v.(*cbor.Tag).Value.(type) {
	case cbor.Float64:
		return time.Unix(0, int64(float64(s)*1e9)).UTC()
	case cbor.Uint:
		return time.Unix(int64(s), 0).UTC()
	}
	panic("a time is no number")
}

// wrong is why CloudWatch refuses a request, nil where it does not.
func (in *input) wrong() *failure {
	bad := func(code, format string, args ...any) *failure {
		return &failure{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
	}
	switch {
	case len(in.ids) == 0 || len(in.ids) > maxQueries:
		return bad("ValidationException", "MetricDataQueries must have from 1 to %d members, not %d", maxQueries, len(in.ids))
	case !in.Start.Before(in.End):
		return bad("ValidationException", "StartTime must be before EndTime")
	}
	seen := map[string]bool{}
	for n, id := range in.ids {
		if !idForm.MatchString(id) || seen[id] {
			return bad("ValidationException", "%q cannot be the Id of a query, or is there twice", id)
		}
		seen[id] = true
		if in.periods[n] <= 0 || in.periods[n]%time.Minute != 0 {
			return bad("ValidationException", "Period must be a multiple of 60")
		}
	}
	if n, ok := in.from(); !ok || n > len(in.ids) {
		return bad("InvalidNextToken", "the token is none of this request's")
	}
	return nil
}

// from is the first query of the page that is asked for.
func (in *input) from() (int, bool) {
	if in.Token == "" {
		return 0, true
	}
	n, err := strconv.Atoi(in.Token)
	return n, err == nil && n > 0
}

// answer makes one page. A metric has a number for each period, from the start
// of the time that is asked for on; data of more than 15 days ago is kept by
// five minutes, and of more than 63 by the hour.
func (s *Server) answer(in input) cbor.Map {
	from, _ := in.from()
	to := min(from+s.pageSize, len(in.ids))
	var results cbor.List
	if from > 0 { // the rest of what the page before broke off
		results = append(results, s.result(in, from-1))
	}
	for n := from; n < to; n++ {
		if n == to-1 && to < len(in.ids) {
			results = append(results, result(in.ids[n], "PartialData", nil, nil))
			continue
		}
		results = append(results, s.result(in, n))
	}
	out := cbor.Map{"MetricDataResults": results, "Messages": cbor.List{}}
	if to < len(in.ids) {
		out["NextToken"] = cbor.String(strconv.Itoa(to))
	}
	return out
}

// result is the answer to one query.
func (s *Server) result(in input, n int) cbor.Map {
	q := in.Queries[n]
	if status := s.status[q.Value]; status != "" {
		return result(in.ids[n], status, nil, nil)
	}
	v, ok := s.values[q]
	kept := time.Minute
	switch age := in.End.Sub(in.Start); {
	case age > 63*24*time.Hour:
		kept = time.Hour
	case age > 15*24*time.Hour:
		kept = 5 * time.Minute
	}
	if !ok || in.periods[n]%kept != 0 {
		return result(in.ids[n], "Complete", nil, nil)
	}
	// CloudWatch rounds the beginning down to what it keeps.
	var times, values cbor.List
	for at := in.Start.Truncate(kept); at.Before(in.End); at = at.Add(in.periods[n]) {
		times = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at.Unix()))})
		values = append(values, cbor.Float64(v))
	}
	return result(in.ids[n], "Complete", times, values)
}

func result(id, status string, times, values cbor.List) cbor.Map {
	return cbor.Map{"Id": cbor.String(id), "Label": cbor.String("x"), "StatusCode": cbor.String(status), "Timestamps": times, "Values": values}
}
