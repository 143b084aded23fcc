package creation

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
)

// values calls yield for each value at the path, until it returns false. The
// head of events.txt says how paths are written.
func (r *Record) values(path string, yield func(loose.Value) bool) bool {
	root, rest, _ := strings.Cut(path, ".")
	switch root {
	case "R":
		return walk(r.answer(), rest, yield)
	case "Q":
		return walk(r.request, rest, yield)
	default:
		return each(r.resources, func(v loose.Value) bool { return yield(v.Field("ARN")) })
	}
}

// answer is what the call returned. EC2 wraps the answers of its newer calls in
// an element that is named after the call.
func (r *Record) answer() loose.Value {
	if wrapped := r.response.Field(r.Name + "Response"); wrapped.IsObject() {
		return wrapped
	}
	return r.response
}

// texts returns the texts at the path; empty ones count for nothing.
func (r *Record) texts(path string) []string {
	var all []string
	r.values(path, func(v loose.Value) bool {
		if s := v.Text(); s != "" {
			all = append(all, s)
		}
		return true
	})
	return all
}

// text returns the first text at the path, "" without one.
func (r *Record) text(path string) string {
	var found string
	r.values(path, func(v loose.Value) bool {
		found = v.Text()
		return found == ""
	})
	return found
}

func walk(v loose.Value, path string, yield func(loose.Value) bool) bool {
	if path == "" {
		return yield(v)
	}
	step, rest := cutStep(path)
	name, filter, list := cutFilter(step)
	v = v.Field(name)
	switch {
	case !v.Exists():
		return true
	case !list:
		return walk(v, rest, yield)
	}
	return each(v, func(element loose.Value) bool {
		if !filter.takes(element) {
			return true
		}
		return walk(element, rest, yield)
	})
}

// each calls yield for the elements of a list in any of its shapes: an array,
// an object with items or item in it, one element by itself. An empty object is
// a list without elements, and so is "", of which nobody takes an id.
func each(v loose.Value, yield func(loose.Value) bool) bool {
	switch {
	case v.IsList():
		for element := range v.Items() {
			if !yield(element) {
				return false
			}
		}
		return true
	case v.IsObject():
		for name, inside := range v.Fields() {
			if name == "items" || name == "item" {
				return each(inside, yield)
			}
		}
	}
	return yield(v)
}

// filter is the condition in the brackets of a list.
type filter struct{ path, value string }

// takes says whether an element fulfils the condition.
func (f filter) takes(v loose.Value) bool {
	if f.path == "" {
		return true
	}
	return !walk(v, f.path, func(v loose.Value) bool { return !v.Is(f.value) })
}

// cutStep takes the first name off a path, with its brackets.
func cutStep(path string) (step, rest string) {
	inside := false
	for i := range len(path) {
		switch path[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		case '.':
			if !inside {
				return path[:i], path[i+1:]
			}
		}
	}
	return path, ""
}

// cutFilter takes a step apart: its name, the condition in its brackets, and
// whether it has any.
func cutFilter(step string) (name string, f filter, list bool) {
	name, inside, list := strings.Cut(strings.TrimSuffix(step, "]"), "[")
	f.path, f.value, _ = strings.Cut(inside, "=")
	return name, f, list
}
