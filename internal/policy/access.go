package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Access is what access control by tag is made from.
type Access struct {
	// OwnerKey is the tag whose value is the aws:userid of a resource's owner.
	OwnerKey string
	// Protect are the keys that nobody but tagwarden may write, each in every
	// spelling of upper and lower case: those of the file, what the file renames
	// to one of them, and what tagwarden itself goes by.
	Protect []string
	// Owning are those of Protect that policies write over whatever is there:
	// they say whose a resource is.
	Owning []string
	// Require are the tags that something must have when it is made.
	Require []Demand
}

// Demand is a tag that something must have when it is made.
type Demand struct {
	Key string
	// Empty says that an empty value will do, as it does for the policies.
	Empty bool
}

// defaultOwnerKey is the tag with the owner's aws:userid where the file names none.
const defaultOwnerKey = "PrincipalId"

// rawAccess is the section as the file has it.
type rawAccess struct {
	ownerKey         val[string]
	protect, require val[[]val[string]]
}

var accessSection = section[rawAccess]{name: "access", doc: "What access control by tag is made from.", fields: []field[rawAccess]{
	key("owner_key", "The tag with the aws:userid of a resource's owner; PrincipalId unless set.", conditionKey, func(a *rawAccess) *val[string] { return &a.ownerKey }),
	key("protect", "The tags that people may neither set nor change, the owner_key always among them; unless set, those that policies overwrite, those that exempt, and the mark.",
		listOf(tagKey), func(a *rawAccess) *val[[]val[string]] { return &a.protect }),
	key("require_at_creation", "The tags that something must have when it is made; none unless set.", listOf(conditionKey),
		func(a *rawAccess) *val[[]val[string]] { return &a.require }),
}}

// conditionShape is the key of a tag that can be part of the name of a key of
// conditions, which IAM writes with the letters of the English alphabet.
var conditionShape = regexp.MustCompile(`^[A-Za-z0-9 +=._:/@-]+$`)

// conditionKey is the key of a tag that conditions of IAM name.
var conditionKey = tagKey.that(func(s string) (string, string) {
	if !conditionShape.MatchString(s) || strings.TrimSpace(s) != s {
		return "cannot be in a condition of IAM", "letters of the English alphabet, digits, spaces within, and + - = . _ : / @"
	}
	return "", ""
}).with(object{"pattern": conditionShape.String() + `|\$\{`})

// buildAccess makes what access control needs of the files' one section. It
// needs the policies, whose rules and exemptions name tags too.
func (l *loader) buildAccess() {
	var raw val[rawAccess]
	for _, f := range l.files {
		switch {
		case !f.access.set():
		case raw.set():
			l.fault(f.access.at, "keep it in one file", "access is in two files: here and in %s", raw.at.pos())
		default:
			raw = f.access
		}
	}
	if !raw.set() || wrong(raw.at, "owner_key", raw.v.ownerKey.set()) || wrong(raw.at, "protect", raw.v.protect.set()) {
		return // what could be said of the rest is not sure
	}
	a := &Access{OwnerKey: defaultOwnerKey}
	if raw.v.ownerKey.set() {
		a.OwnerKey = raw.v.ownerKey.v
	}
	written := l.overwritten()
	a.Protect = []string{a.OwnerKey}
	if raw.v.protect.set() {
		l.protect(a, raw.v.protect.v)
	} else {
		a.add(written...)
		a.add(l.exempting()...)
		a.add(l.set.Settings.Mark)
	}
	for n := 0; n < len(a.Protect); { // what is renamed to what is renamed, too
		n = len(a.Protect)
		a.add(l.renamed(a)...)
	}
	a.add(resource.BackupTag, resource.SizesTag)
	for _, k := range append([]string{a.OwnerKey}, written...) {
		if a.Protects(k) && !holds(a.Owning, k) {
			a.Owning = append(a.Owning, k)
		}
	}
	l.demand(a, raw.v.require.v)
	l.warnUnowned(a, raw.at, written)
	l.set.Access = a
}

// wrong says whether a key is there and was refused.
func wrong(n *node, key string, read bool) bool { return n.child(key) != nil && !read }

// warnUnowned warns of an owner's tag that no policy of the files writes. Rules
// kept elsewhere may.
func (l *loader) warnUnowned(a *Access, at *node, written []string) {
	elsewhere := slices.ContainsFunc(l.policies, func(p *policyDraft) bool { return p.TagsFrom != "" })
	if elsewhere || l.partial || slices.Contains(written, a.OwnerKey) {
		return
	}
	l.warn(at, fmt.Sprintf("write tags: {%s: {value: creator.principal_id, overwrite: true}} in one", a.OwnerKey),
		"no policy writes the owner's tag %s: nobody owns anything", a.OwnerKey)
}

// protect takes over the keys of the file.
func (l *loader) protect(a *Access, keys []val[string]) {
	var seen []string
	for _, k := range keys {
		if holds(seen, k.v) {
			l.fault(k.at, "delete one: every spelling of a key is protected with it", "the tag %s is there twice", k.at.show())
		}
		seen = append(seen, k.v)
		a.add(k.v)
	}
}

// demand takes over what must be there at creation.
func (l *loader) demand(a *Access, keys []val[string]) {
	var seen []string
	for _, k := range keys {
		switch {
		case holds(seen, k.v):
			l.fault(k.at, "delete one: IAM knows no upper and lower case in such keys", "the tag %s is there twice", k.at.show())
		case a.Protects(k.v):
			l.fault(k.at, "take it out of require_at_creation, or write protect: without it", "the tag %s is protected, so that nobody could set it at creation", k.at.show())
		default:
			a.Require = append(a.Require, Demand{Key: k.v, Empty: l.mayBeEmpty(k.v)})
		}
		seen = append(seen, k.v)
	}
}

// overwritten are the keys that policies write whatever is there.
func (l *loader) overwritten() []string {
	var keys []string
	for _, p := range l.policies {
		for i := range p.Tags {
			if p.Tags[i].Overwrite {
				keys = append(keys, p.Tags[i].Key)
			}
		}
	}
	return keys
}

// exempting are the tags that keep policies from acting.
func (l *loader) exempting() []string {
	all := slices.Clone(l.set.Settings.Exempt)
	for _, p := range l.policies {
		all = append(all, p.Exempt...)
	}
	var keys []string
	for _, x := range all {
		for _, k := range []string{x.Tag, x.UntilTag} {
			if !tag.IsReserved(k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// renamed are the keys that a policy renames to a protected one: who could set
// those could set it.
func (l *loader) renamed(a *Access) []string {
	var keys []string
	for _, p := range l.policies {
		for i := range p.Tags {
			if a.Protects(p.Tags[i].Key) {
				keys = append(keys, p.Tags[i].Aliases...)
			}
		}
	}
	return keys
}

// mayBeEmpty says whether a policy takes an empty value for that key.
func (l *loader) mayBeEmpty(key string) bool {
	return slices.ContainsFunc(l.policies, func(p *policyDraft) bool {
		return slices.ContainsFunc(p.Tags, func(t TagRule) bool { return t.Key == key && t.AllowEmpty })
	})
}

// Protects says whether a key is protected, in whatever spelling of upper and
// lower case.
func (a *Access) Protects(key string) bool { return holds(a.Protect, key) }

// add protects further keys. An empty one is none.
func (a *Access) add(keys ...string) {
	for _, k := range keys {
		if k != "" && !a.Protects(k) {
			a.Protect = append(a.Protect, k)
		}
	}
}

// holds says whether a key is among others but for upper and lower case.
func holds(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
}
