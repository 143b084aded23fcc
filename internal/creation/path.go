package creation

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
)

// found is called with each value at a path and the object it stands in, which
// is absent for what stands in a list by itself, until it returns false.
type found func(v, in loose.Value) bool

// values finds what is at a path. The head of events.txt says how paths are
// written.
func (r *Record) values(path string, yield found) bool {
	root, rest, _ := strings.Cut(path, ".")
	switch root {
	case "R":
		return walk(r.answer(), loose.Value{}, rest, yield)
	case "Q":
		return walk(r.request, loose.Value{}, rest, yield)
	case "S":
		return walk(r.details, loose.Value{}, rest, yield)
	default: // touched
		return each(r.resources, func(v loose.Value) bool { return yield(v.Field("ARN"), loose.Value{}) })
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

// text returns the first text at the path, "" without one.
func (r *Record) text(path string) string {
	var text string
	r.values(path, func(v, _ loose.Value) bool {
		text = v.Text()
		return text == ""
	})
	return text
}

func walk(v, in loose.Value, path string, yield found) bool {
	if path == "" {
		return yield(v, in)
	}
	step, rest := cutStep(path)
	name, filter, list := cutFilter(step)
	in, v = v, v.Field(name)
	switch {
	case !v.Exists():
		return true
	case !list:
		return walk(v, in, rest, yield)
	}
	return each(v, func(element loose.Value) bool {
		return !filter.takes(element) || walk(element, loose.Value{}, rest, yield)
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
	return !walk(v, loose.Value{}, f.path, func(v, _ loose.Value) bool { return !v.Is(f.value) })
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
