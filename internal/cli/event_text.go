package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// write writes for people what an event tells. Everything in it is from
// outside, and is made printable.
func (t *told) write(w io.Writer, policies bool) {
	if t.request == nil {
		if t.Error != "" {
			fmt.Fprintln(w, "an event that cannot be read: "+diag.Printable(t.Error))
			return
		}
		fmt.Fprintln(w, "an event that is ignored: "+diag.Printable(t.Ignored))
		return
	}
	fmt.Fprintln(w, diag.Printable(heading(t.request)))
	if t.request.Subject().Record != nil {
		t.writeCreator(w)
	}
	if t.Ignored != "" {
		line(w, "ignored", t.Ignored)
	}
	if len(t.made.Made) == 0 {
		for _, r := range t.Resources {
			line(w, "about", fmt.Sprintf("%s %s  %s", r.Type, r.ID, r.ARN))
		}
	}
	for _, m := range t.made.Made {
		writeMade(w, m)
	}
	t.writeAround(w)
	switch {
	case !policies:
		line(w, "wakes", "no policies were looked at: there is no policy file")
	case len(t.Policies) == 0:
		line(w, "wakes", "no policy")
	default:
		line(w, "wakes", strings.Join(t.Policies, ", "))
	}
}

// line writes a line below the heading of an event.
func line(w io.Writer, label, text string) {
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-10s %s", label, diag.Printable(text)), " "))
}

// writeCreator writes who made a call, and the way it took.
func (t *told) writeCreator(w io.Writer) {
	by := t.request.Subject().Record.CreatedBy()
	if t.Creator == nil {
		line(w, "creator", "the record does not say")
		return
	}
	line(w, "creator", strings.TrimSpace(fmt.Sprintf("%s (%s)", by.Name, by.Kind)))
	for _, detail := range []struct{ label, text string }{
		{"", by.ARN}, {"", by.PrincipalID}, {"role", by.Role}, {"instance", by.Instance}, {"within", by.Within}, {"through", by.InvokedBy},
	} {
		if detail.text != "" && detail.text != by.Name {
			line(w, detail.label, detail.text)
		}
	}
}

// writeMade writes one resource that a call made.
func writeMade(w io.Writer, m creation.Made) {
	line(w, "created", fmt.Sprintf("%s %s", m.Ref.Type, m.Ref.ID))
	switch {
	case m.Ref.ARN != "":
		line(w, "", m.Ref.ARN)
	default:
		line(w, "", "its ARN is not in the record")
	}
	if len(m.Tags) > 0 {
		line(w, "", "tagged "+pairs(m.Tags))
	}
}

// pairs writes tags in the order of their keys.
func pairs(tags tag.Set) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, k+"="+tags[k])
	}
	return strings.Join(list, ", ")
}

// writeAround writes what else there is to know of what was made.
func (t *told) writeAround(w io.Writer) {
	if t.made.Cut {
		line(w, "", fmt.Sprintf("and more: the record holds more than %d ids", creation.MaxMade))
	}
	if len(t.made.Brings) > 0 {
		line(w, "brings", join(t.made.Brings)+", which the record does not name")
	}
	for _, p := range t.made.Parents {
		line(w, "part of", p.Type+" "+p.ID)
	}
	if t.made.Overwrites {
		line(w, "perhaps", "the call changed what was there before: the record does not tell")
	}
}

func join(types []resource.Type) string {
	list := make([]string, len(types))
	for i, t := range types {
		list[i] = string(t)
	}
	return strings.Join(list, ", ")
}

// heading says what an event is, when and where.
func heading(r *trigger.Request) string {
	parts := []string{eventName(r)}
	if !r.Time.IsZero() {
		parts = append(parts, r.Time.UTC().Format(time.DateTime+" UTC"))
	}
	if r.Account != "" {
		parts = append(parts, "account "+r.Account)
	}
	if r.Region != "" {
		parts = append(parts, r.Region)
	}
	return strings.Join(parts, ", ")
}

// eventName is what an event is called: the call, or what happened.
func eventName(r *trigger.Request) string {
	switch r.Cause {
	case trigger.Call:
		return r.Record.Key.String()
	case trigger.State:
		return "state " + r.State
	case trigger.TagsChanged:
		return "tags changed"
	case trigger.Outcome:
		return "outcome of " + r.Done.Policy + ": " + r.Done.Action + " " + r.Done.State
	default: // config, schedule, settled
		return string(r.Cause)
	}
}
