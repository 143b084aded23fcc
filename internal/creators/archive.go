package creators

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
)

// archived is the name under which the archive's failure is noted; no event has
// it.
const archived = ""

// dawdle is how long after a call its log file may be delivered, and so lie in
// the folder of the next day ("Finding your CloudTrail log files": on average
// within 5 minutes, up to 15 as in the event history, and to spare).
const dawdle = time.Hour

// search reads the archived logs of the days on which resources were made that
// CloudTrail no longer tells of. It returns whether any such is among them.
func (j *job) search(ctx context.Context, qs []*question) bool {
	var wanted []time.Time
	for _, q := range qs {
		if q.tooOld(j.now) && len(q.events) > 0 {
			wanted = append(wanted, daysOf(q.made.Add(-q.slack), q.made.Add(dawdle))...)
		}
	}
	slices.SortFunc(wanted, func(a, b time.Time) int { return b.Compare(a) })
	for _, day := range slices.CompactFunc(wanted, time.Time.Equal) {
		if err := j.day(ctx, day); err != nil {
			j.failed[archived] = err
			break
		}
	}
	return len(wanted) > 0
}

// daysOf are the days (UTC) from one time to another.
func daysOf(from, to time.Time) []time.Time {
	var out []time.Time
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to); day = day.Add(24 * time.Hour) {
		out = append(out, day)
	}
	return out
}

// day reads the logs of a day that were not read yet.
func (j *job) day(ctx context.Context, day time.Time) error {
	name := record.Sweep{Region: j.at.Region, Name: j.archive.Name()}
	covered, err := j.book.Covered(ctx, j.scope, name)
	if err != nil {
		return err
	}
	whole := record.Stretch{From: day, To: day.Add(24 * time.Hour)}
	if len(record.Gaps(covered, whole)) == 0 {
		return nil
	}
	err = j.archive.Logs(ctx, j.at, day, func(file []byte) error {
		es, err := unpack(file)
		if err != nil {
			return err
		}
		return j.learn(ctx, name, record.Stretch{}, es)
	})
	if err != nil {
		return err
	}
	return j.learn(ctx, name, whole, nil)
}

// unpack takes a log file apart.
func unpack(file []byte) ([]Event, error) {
	var log struct{ Records []json.RawMessage }
	if err := json.Unmarshal(file, &log); err != nil {
		return nil, &fault.Error{Class: fault.Other, Call: "s3:GetObject", Message: "a log file of the archive is no JSON with Records",
			Err: fmt.Errorf("reading a log file: %w", err)}
	}
	es := make([]Event, len(log.Records))
	for i, r := range log.Records {
		es[i].Record = r
	}
	return es, nil
}
