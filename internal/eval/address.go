package eval

import (
	"net/mail"
	"strings"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// address decides who a notify step tells about the resource.
func (j *Judge) address(v *Verdict, sv *StepVerdict, in expr.Input) {
	to := sv.Step.To
	if to == policy.OwnerChannel {
		sv.ToOwner = true
		owner := j.set.Settings.Owner
		sv.Address = AddressOf(OwnerOf(in.Resource, owner), owner.Address)
		to = owner.Otherwise
		if sv.Address != "" {
			to = owner.Via
		}
	}
	ch := j.set.Channels[to]
	if ch == nil || ch.Router == nil {
		sv.Channel = to
		return
	}
	sv.Channel = ch.Router.Otherwise
	by, ok := ch.Router.By[resource.KindOf(in.Resource)]
	if !ok {
		by = ch.Router.By[resource.Any]
	}
	value, err := by.Text(in)
	if facts := missingFacts(err); len(facts) > 0 {
		v.Needs = append(v.Needs, facts...)
	} else if target, ok := ch.Router.Map[value]; ok && err == nil {
		sv.Channel = target
	}
}

// OwnerOf returns the value of the first owner tag that is there and not
// empty, "" where there is none or owner is nil.
func OwnerOf(r resource.Resource, owner *policy.Owner) string {
	if owner == nil {
		return ""
	}
	for _, key := range owner.Tags {
		if v := strings.TrimSpace(r.Tags()[key]); v != "" {
			return v
		}
	}
	return ""
}

// maxAddress is the longest mail address there is (RFC 5321, section 4.5.3.1).
const maxAddress = 254

// AddressOf makes a mail address of an owner tag's value: a value that is an
// address is used as it is, any other is put into the template. It returns ""
// for what cannot be an address: tag values come from anybody, and a comma or
// a line break in one must not add recipients.
func AddressOf(value, template string) string {
	if value == "" {
		return ""
	}
	if plainAddress(value) {
		return value
	}
	if made := strings.ReplaceAll(template, "{value}", value); made != template && plainAddress(made) {
		return made
	}
	return ""
}

// plainAddress says whether s is one mail address and nothing else: no display
// name, no quoting, no list.
func plainAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxAddress && !strings.ContainsAny(s, "\"<>,;:\\ \t\r\n")
}
