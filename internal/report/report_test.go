package report_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t interface{ Fatal(...any) }, f report.Format, d report.Document, o report.Options) string {
	var b bytes.Buffer
	if err := report.Write(&b, f, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryFormatMatchesItsGoldenFile(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]report.Document{"planned": planned(), "applied": applied(), "empty": empty()}
	kinds := map[string]struct {
		format report.Format
		opts   report.Options
	}{
		"80.txt":    {report.Table, report.Options{Width: 80, Zone: berlin}},
		"120.txt":   {report.Table, report.Options{Width: 120, Zone: berlin}},
		"wide.txt":  {report.Table, report.Options{}},
		"color.txt": {report.Table, report.Options{Width: 80, Color: true}},
		"json":      {report.JSON, report.Options{}},
		"jsonl":     {report.JSONL, report.Options{}},
		"csv":       {report.CSV, report.Options{}},
		"md":        {report.Markdown, report.Options{Zone: berlin}},
	}
	for name, doc := range docs {
		for ext, kind := range kinds {
			t.Run(name+"."+ext, func(t *testing.T) {
				got, file := write(t, kind.format, doc, kind.opts), filepath.Join("testdata", name+"."+ext)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, d)
				}
			})
		}
	}
}

func TestWritingChangesNothingInThePlan(t *testing.T) {
	for _, f := range report.Formats() {
		d, before := empty(), empty()
		write(t, f, d, report.Options{})
		if diff := cmp.Diff(before.Plan, d.Plan); diff != "" {
			t.Errorf("%s changed the plan:\n%s", f, diff)
		}
	}
}

func TestJSONHasNoNull(t *testing.T) {
	doc := planned()
	doc.Findings = append(doc.Findings, plan.Finding{})
	for name, d := range map[string]report.Document{"empty": empty(), "planned": doc,
		"applied": {Plan: empty().Plan, Outcome: &report.Outcome{Deliveries: []report.Delivery{{}}}}} {
		for _, f := range []report.Format{report.JSON, report.JSONL} {
			if got := write(t, f, d, report.Options{}); strings.Contains(got, "null") {
				t.Errorf("%s as %s has a null:\n%s", name, f, got)
			}
		}
	}
}

func TestJSONReadsBackAsThePlan(t *testing.T) {
	want := planned()
	var got plan.Plan
	if err := json.Unmarshal([]byte(write(t, report.JSON, want, report.Options{})), &got); err != nil {
		t.Fatal(err)
	}
	if got.Digest != want.Digest || len(got.Findings) != len(want.Findings) {
		t.Errorf("read back %d findings under digest %s", len(got.Findings), got.Digest)
	}
	if d := cmp.Diff(want.Findings[0], got.Findings[0]); d != "" {
		t.Error(d)
	}
}

func TestJSONLHasOneObjectALineAndTheSummaryLast(t *testing.T) {
	s, kinds := bufio.NewScanner(strings.NewReader(write(t, report.JSONL, applied(), report.Options{}))), []string{}
	for s.Scan() {
		var line struct{ Kind string }
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		kinds = append(kinds, line.Kind)
	}
	want := "finding finding finding finding finding finding unread closing delivery delivery problem summary"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the kinds of lines are %q, want %q", got, want)
	}
}

func TestCSVHasARowForEachActionAndOneForAFindingWithoutAny(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(write(t, report.CSV, planned(), report.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 4 + 3 + 1 + 1 + 2 + 2; len(rows) != want {
		t.Errorf("there are %d rows, want %d", len(rows), want)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r\n") {
				t.Errorf("a spreadsheet would take %q for a formula", c)
			}
		}
	}
}

// TestNoFormatLetsHostileTextThrough gives arbitrary text as a name and as a
// reason, and looks for what it must not become.
func TestNoFormatLetsHostileTextThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"=1+1", " \t=cmd", "＝1", "\x1b]8;;x\x07", "`|`", "``", "@a", "a\r\nb"})).Draw(t, "text")
		d := planned()
		d.Findings[0].Resource.Name, d.Findings[0].Reasons[0].Text = text, text
		d.Findings[0].Actions[0].To, d.Findings[0].Actions[0].Reason = text, text
		d.Unread[0].Reason = text
		width := rapid.IntRange(60, 200).Draw(t, "width")
		for _, f := range []report.Format{report.Table, report.CSV, report.Markdown, report.JSON, report.JSONL} {
			for _, line := range strings.Split(strings.ReplaceAll(write(t, f, d, report.Options{Width: width}), "\r\n", "\n"), "\n") {
				if i := strings.IndexFunc(line, unicode.IsControl); i >= 0 {
					t.Fatalf("%s has a control character: %q", f, line)
				}
				if f == report.Table && lipgloss.Width(line) > width {
					t.Fatalf("a line is %d wide, the terminal %d: %q", lipgloss.Width(line), width, line)
				}
				if f == report.Markdown && strings.HasPrefix(line, "| ") && pipes(line) != 7 {
					t.Fatalf("a row has %d columns: %q", pipes(line)-1, line)
				}
			}
		}
		rows, err := csv.NewReader(strings.NewReader(write(t, report.CSV, d, report.Options{}))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range rows[1] {
			if strings.IndexAny(strings.TrimSpace(c), "=+-@＝＋－＠") == 0 {
				t.Fatalf("a spreadsheet would take %q for a formula", c)
			}
		}
	})
}

// pipes counts the pipes of a row that GitHub takes for the edge of a cell:
// those without a backslash before them. A pair of backslashes before a pipe
// does not undo the escape there.
func pipes(row string) int { return strings.Count(row, "|") - strings.Count(row, `\|`) }

func TestColorChangesNothingButColor(t *testing.T) {
	for _, d := range []report.Document{planned(), applied()} {
		plain := write(t, report.Table, d, report.Options{Width: 100})
		color := write(t, report.Table, d, report.Options{Width: 100, Color: true})
		if !strings.Contains(color, "\x1b[") {
			t.Error("there is no colour")
		}
		if diff := cmp.Diff(plain, stripped(color)); diff != "" {
			t.Error(diff)
		}
	}
}

// stripped removes the sequences that select colours.
func stripped(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		b.WriteString(part)
	}
	return b.String()
}

func TestAFormatThatIsNoneIsAnError(t *testing.T) {
	if err := report.Write(io.Discard, "yaml", empty(), report.Options{}); !errors.Is(err, report.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestTheExtentSaysHowManyFindingsAreShown(t *testing.T) {
	d := planned()
	same := d.Findings[3]
	same.Resource = instance("i-0000000000000009f", "", nil)
	d.Findings = slices.Insert(d.Findings, 4, same)
	samples := write(t, report.Table, d, report.Options{Extent: report.Samples})
	if !strings.Contains(samples, same.Reasons[0].Text+"\n             and 1 more like it\n") || strings.Contains(samples, same.Resource.ID) {
		t.Errorf("samples:\n%s", samples)
	}
	totals := write(t, report.Table, d, report.Options{Extent: report.Totals})
	if strings.Contains(totals, "violating  i-") || !strings.Contains(totals, "9 examined: 3 violating") {
		t.Errorf("totals:\n%s", totals)
	}
}

func TestSummarySaysWhatApplyingWouldDo(t *testing.T) {
	if got, want := report.Summary(planned().Plan), "1 to terminate, 1 to untag, 1 to tag, 1 to mark, 1 notice"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := report.Summary(empty().Plan), "nothing to do"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnErrorOfTheWriterIsReturned(t *testing.T) {
	for _, f := range report.Formats() {
		if err := report.Write(broken{}, f, applied(), report.Options{}); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

var errBroken = errors.New("the pipe is broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
