package loose_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/loose"
)

func parse(t testing.TB, text string) loose.Value {
	t.Helper()
	v, err := loose.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestParseRefusesWhatIsNoDocument(t *testing.T) {
	tests := map[string]struct {
		text string
		want error
	}{
		"nothing":            {"", loose.ErrMalformed},
		"half an object":     {`{"a":1`, loose.ErrMalformed},
		"two documents":      {`{} {}`, loose.ErrMalformed},
		"a string's end":     {`"a`, loose.ErrMalformed},
		"too deep":           {strings.Repeat("[", 129) + strings.Repeat("]", 129), loose.ErrTooDeep},
		"too deep and open":  {strings.Repeat(`{"a":`, 1000), loose.ErrTooDeep},
		"too large":          {`"` + strings.Repeat("a", loose.MaxSize) + `"`, loose.ErrTooLarge},
		"brackets in a text": {`"` + strings.Repeat("[", 1000) + `"`, nil},
		"deep enough":        {strings.Repeat("[", 128) + strings.Repeat("]", 128), nil},
	}
	for name, tt := range tests {
		if _, err := loose.Parse([]byte(tt.text)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestWhatIsOfAnotherTypeIsAbsent(t *testing.T) {
	for _, text := range []string{`null`, `1.5`, `-0`, `true`, `"a"`, `[]`, `{}`, ` [ 1 , {"a" : 2} ] `, `{"b":{"a":1}}`} {
		v := parse(t, text)
		if f := v.Field("a"); f.Exists() || f.Raw() != nil {
			t.Errorf("%s has a field: %s", text, f.Raw())
		}
		for range v.Field("a").Items() {
			t.Errorf("%s: what is absent has elements", text)
		}
		if !v.IsText() && v.Text() != "" {
			t.Errorf("%s is text: %q", text, v.Text())
		}
	}
	if (loose.Value{}).Exists() || parse(t, "null").Exists() || !parse(t, `""`).Exists() || !parse(t, `0`).Exists() {
		t.Error("what exists")
	}
}

func TestFieldsAreFoundInAnyCaseButTheirOwnFirst(t *testing.T) {
	v := parse(t, `{"ARN":"upper","aRN":"odd","x\u0079z":"escaped","":"empty","a\"b":"quote"}`)
	for name, want := range map[string]string{"aRN": "odd", "ARN": "upper", "arn": "upper", "xyz": "escaped", "": "empty", `a"b`: "quote", "AR": ""} {
		if got := v.Field(name).Text(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := parse(t, `{"a":1,"a":2}`).Field("a"); !got.Is("1") {
		t.Errorf("of two the second: %s", got.Raw())
	}
}

func TestIsComparesWhatIsWritten(t *testing.T) {
	tests := []struct {
		json, text string
		want       bool
	}{
		{`1`, "1", true}, {`"1"`, "1", true}, {`1.0`, "1", false}, {`true`, "true", true}, {`"tr\u0075e"`, "true", true},
		{`{}`, "{}", false}, {`[]`, "[]", false}, {`null`, "", false}, {`"a"`, "b", false},
	}
	for _, tt := range tests {
		if got := parse(t, tt.json).Is(tt.text); got != tt.want {
			t.Errorf("%s is %s: %v", tt.json, tt.text, got)
		}
	}
}

// rebuild reads a value the way encoding/json does, through Value alone.
func rebuild(v loose.Value) any {
	switch {
	case v.IsObject():
		m := map[string]any{}
		for k, f := range v.Fields() {
			if _, ok := m[k]; !ok {
				m[k] = rebuild(f)
			}
		}
		return m
	case v.IsList():
		l := []any{}
		for e := range v.Items() {
			l = append(l, rebuild(e))
		}
		return l
	case v.IsText():
		return v.Text()
	default:
		return string(v.Raw())
	}
}

// standard is the same by encoding/json.
func standard(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = standard(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = standard(v[i])
		}
		return v
	case string:
		return v
	case nil:
		return "null"
	case bool:
		if v {
			return "true"
		}
		return "false"
	default:
		return string(v.(json.Number))
	}
}

func TestItReadsWhatTheStandardLibraryReads(t *testing.T) {
	var anything func(depth int) *rapid.Generator[any]
	anything = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{rapid.String().AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil)}
		if depth > 0 {
			leaves = append(leaves, rapid.SliceOfN(anything(depth-1), 0, 4).AsAny(), rapid.MapOfN(rapid.String(), anything(depth-1), 0, 4).AsAny())
		}
		return rapid.OneOf(leaves...)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := anything(4).Draw(t, "value")
		data, err := json.Marshal(v)
		if rapid.Bool().Draw(t, "spread") {
			data, err = json.MarshalIndent(v, " ", "\t")
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, data)
	})
}

// same fails unless both readers agree on a document.
func same(t interface{ Fatalf(string, ...any) }, data []byte) {
	v, err := loose.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if diff := cmp.Diff(standard(want), rebuild(v)); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", data, diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"\u00e9\ud83d\ude00"}],"c":null}`, ` [ ] `, `"\ud800"`, `{"a":{"a":{"a":"}"}}}`, `-1.5e+3`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := loose.Parse(data)
		if err != nil {
			if json.Valid(data) && !errors.Is(err, loose.ErrTooDeep) && !errors.Is(err, loose.ErrTooLarge) {
				t.Errorf("%q is refused: %v", data, err)
			}
			return
		}
		if !json.Valid(data) {
			t.Errorf("%q is taken", data)
		}
		rebuild(v)
	})
}
