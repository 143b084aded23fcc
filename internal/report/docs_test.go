package report_test

import (
	"encoding"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/report"
)

// TestDocsListExactlyTheFieldsOfTheJSON walks the types that are written and
// compares their fields with the tables of docs/json.md.
func TestDocsListExactlyTheFieldsOfTheJSON(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		if documented[m[1]] {
			t.Errorf("%s is documented twice", m[1])
		}
		documented[m[1]] = true
	}
	written := map[string]bool{}
	fields(reflect.TypeFor[report.Document](), "", written)
	if d := cmp.Diff(written, documented); d != "" {
		t.Errorf("docs/json.md (-written +documented):\n%s", d)
	}
}

// fields collects the path of every field of a type's JSON.
func fields(t reflect.Type, path string, into map[string]bool) {
	switch {
	case t.Kind() == reflect.Pointer:
		fields(t.Elem(), path, into)
	case t.Kind() == reflect.Slice:
		fields(t.Elem(), path+"[]", into)
	case t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
	default:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous && name == "":
				fields(f.Type, path, into)
			case name != "-" && f.IsExported():
				at := strings.TrimPrefix(path+"."+name, ".")
				into[at] = true
				fields(f.Type, at, into)
			}
		}
	}
}
