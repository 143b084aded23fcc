package creators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// logs is an archive in memory: the files of each day.
type logs struct {
	files map[string][]event
	err   error
	bad   bool // the files are no logs
	days  []string
}

func (l *logs) Name() string { return "s3://example-logs/" }

func (l *logs) Logs(_ context.Context, _ resource.Place, day time.Time, file func([]byte) error) error {
	l.days = append(l.days, day.Format(time.DateOnly))
	if l.bad {
		return file([]byte("<html>"))
	}
	for _, e := range l.files[day.Format(time.DateOnly)] {
		if err := file(fmt.Appendf(nil, `{"Records":[%s,{"eventName":"x"}]}`, e.record())); err != nil {
			return err
		}
	}
	return l.err
}

func TestWhatIsOlderIsSoughtInTheArchive(t *testing.T) {
	made := ago(200*day + 11*time.Hour) // one in the morning
	date := made.Format(time.DateOnly)
	told := map[string][]event{date: {{made, "RunInstances", "ada", []string{"i-1"}}}}
	tests := []struct {
		name string
		logs logs
		r    resource.Resource
		want string
		days int
	}{
		{"it is there", logs{files: told}, instance("i-1", made), "ada", 1},
		{"it is not there", logs{files: told}, instance("i-2", made),
			"nobody: it was made 200 days ago, and CloudTrail tells of the last 90; no event in the archived logs of that time made it", 1},
		{"it does not say when it was made", logs{files: told}, group("sg-1"), tooYoung, 0},
		{"CloudTrail still tells", logs{files: told}, instance("i-1", ago(day)), "nobody: CloudTrail has no event that made it", 0},
		{"the logs cannot be read", logs{err: errBroken}, instance("i-2", made), "; allow it", 1},
		{"the logs are none", logs{bad: true}, instance("i-2", made), "a log file of the archive is no JSON with Records", 1},
		{"around midnight two days are read", logs{}, instance("i-1", made.Add(-70*time.Minute)), "nobody: it was made 200 days ago", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			book := record.NewMemory()
			for run := range 2 {
				f := creators.New(newTrail(), &tt.logs, book)
				tt.r.SetOrigin(resource.Lazy[resource.Origin]{})
				if got := fill(t, f, noon, tt.r); !strings.Contains(got[0], tt.want) {
					t.Errorf("run %d: %q, want %q", run, got[0], tt.want)
				}
				if want := tt.days; run == 0 && len(tt.logs.days) != want {
					t.Errorf("read %v", tt.logs.days)
				}
			}
			read := tt.logs.err == nil && !tt.logs.bad
			if read && len(tt.logs.days) != tt.days {
				t.Errorf("read again: %v", tt.logs.days)
			}
			if !read && len(tt.logs.days) != 2*tt.days {
				t.Errorf("what could not be read is not tried again: %v", tt.logs.days)
			}
		})
	}
}
