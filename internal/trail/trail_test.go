package trail_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/trail"
)

func pack(data string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, data) // a buffer takes all
	_ = w.Close()
	return b.String()
}

// read collects the events of a file, and the error at its end.
func read(r io.Reader, max int64) (events []string, err error) {
	for e, problem := range trail.Events(r, max) {
		if problem != nil {
			return events, problem
		}
		events = append(events, string(e))
	}
	return events, nil
}

func TestEveryShapeOfFileIsTakenApart(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"a log file":            {`{"Records":[{"a":1},{"b":"}]\""}]}`, []string{`{"a":1}`, `{"b":"}]\""}`}},
		"spread over lines":     {"\ufeff{\n  \"Records\" : [\n {\"a\": [{}]} ,\n {\"b\":{\"c\":\"\\\\\"}}\n]\n}\n", []string{`{"a": [{}]}`, `{"b":{"c":"\\"}}`}},
		"lookup-events":         {`{"Events":[{"EventId":"1"}],"NextToken":"]}"}`, []string{`{"EventId":"1"}`}},
		"with more behind":      {`{"Records":[{}],"x":{"y":["]"]}}{"z":1}`, []string{`{}`, `{"z":1}`}},
		"lines":                 {"{\"a\":1}\n{\"b\":2}\r\n\n", []string{`{"a":1}`, `{"b":2}`}},
		"one event":             {"{\n\"a\": 1\n}", []string{"{\n\"a\": 1\n}"}},
		"a list":                {`[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		"log files end to end":  {`{"Records":[{"a":1}]}{"Records":[{"b":2}]}`, []string{`{"a":1}`, `{"b":2}`}},
		"no records":            {`{"Records":[]}`, nil},
		"nothing":               {"", nil},
		"Records is no list":    {`{"Records":{"a":1}}`, []string{`{"Records":{"a":1}}`}},
		"Records is not first":  {`{"v":1,"Records":[{}]}`, []string{`{"v":1,"Records":[{}]}`}},
		"brackets of both kind": {`{"a":[}]`, []string{`{"a":[}]`}}, // whoever reads it finds out
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"plain": strings.NewReader(tt.file), "packed": strings.NewReader(pack(tt.file)), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.file)),
			} {
				got, err := read(r, 1<<20)
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got)\n%s", how, err, diff)
				}
			}
		})
	}
}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	packed := pack(strings.Repeat(`{"a":1}`, 1000))
	broken := errors.New("the disk is broken")
	for name, tt := range map[string]struct {
		r      io.Reader
		max    int64
		want   error
		events int
	}{
		"text":                 {strings.NewReader("2026-11-02 started"), 0, trail.ErrNotEvents, 0},
		"a list of numbers":    {strings.NewReader(`{"Records":[1]}`), 0, trail.ErrNotEvents, 0},
		"cut in an event":      {strings.NewReader(`{"Records":[{"a":1},{"b":`), 0, trail.ErrCutOff, 1},
		"cut in the list":      {strings.NewReader(`{"Records":[{"a":1}`), 0, trail.ErrCutOff, 1},
		"cut behind the list":  {strings.NewReader(`{"Records":[{"a":1}]`), 0, trail.ErrCutOff, 1},
		"cut while packed":     {strings.NewReader(packed[:len(packed)-4]), 7000, trail.ErrCutOff, 1000},
		"packed badly":         {strings.NewReader("\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0, gzip.ErrHeader, 0},
		"a broken disk":        {io.MultiReader(strings.NewReader(`{"a":1}`), iotest.ErrReader(broken)), 0, broken, 1},
		"more than it may":     {strings.NewReader(packed), 6999, trail.ErrTooLarge, 0},
		"as much as it may":    {strings.NewReader(packed), 7000, nil, 1000},
		"an event without end": {strings.NewReader(`{"a":"` + strings.Repeat("x", trail.MaxEvent)), 0, trail.ErrTooLarge, 0},
	} {
		got, err := read(tt.r, tt.max)
		if !errors.Is(err, tt.want) || len(got) != tt.events {
			t.Errorf("%s: %d events, %v, want %d and %v", name, len(got), err, tt.events, tt.want)
		}
	}
}

// spaces are white space without end, which gzip packs a thousandfold.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{' '}, len(p))), nil }

// TestABombIsNotUnpacked packs 64 MB and allows 16: what is read of it ends
// there, and takes no memory to speak of.
func TestABombIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(w, spaces{}, 64<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := read(&bomb, 16<<20)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, trail.ErrTooLarge) || allocated > 1<<20 {
		t.Errorf("%v, %d bytes allocated", err, allocated)
	}
}

func TestWhoeverHasEnoughIsGivenNoMore(t *testing.T) {
	n := 0
	for _, err := range trail.Events(strings.NewReader(`{"Records":[{},{},{}]}`), 1) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d events", n)
	}
}

// Whatever objects are put into a file, they come out of it again.
func TestEventsComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []string
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			e, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "event"))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(e))
		}
		file := strings.Join(want, "\n")
		if rapid.Bool().Draw(t, "listed") {
			file = fmt.Sprintf(`{"Records":[%s]}`, strings.Join(want, ","))
		}
		if rapid.Bool().Draw(t, "packed") {
			file = pack(file)
		}
		got, err := read(strings.NewReader(file), 1<<30)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	})
}

// Whatever a file holds: nothing panics, every event is an object, and an error
// is one of those that Events names.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{`{"Records":[{"a":1},{"b":"}]\""}]}`, `{"Events":[{}],"NextToken":"x"}`, `[{},{}]`, "{}\n{}", `{"Records":[`, pack(`{"Records":[{}]}`)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		total := 0
		for e, err := range trail.Events(bytes.NewReader(file), 1<<20) {
			if err != nil {
				continue
			}
			if total += len(e); len(e) < 2 || e[0] != '{' {
				t.Fatalf("%q is no event", e)
			}
		}
		if !bytes.HasPrefix(file, []byte{0x1f, 0x8b}) && total > len(file) {
			t.Fatalf("%d bytes out of %d", total, len(file))
		}
	})
}
