package policy

import (
	"regexp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// mergeSettings takes the one file's settings.
func (l *loader) mergeSettings() {
	var first *node
	for _, f := range l.files {
		switch {
		case !f.settings.set():
		case first != nil:
			l.fault(f.settings.at, "keep them in one file", "settings are in two files: here and in %s", first.pos())
		default:
			l.settings, first = f.settings.v, f.settings.at
		}
	}
}

// mergeChannels adds up the files' channels.
func (l *loader) mergeChannels() {
	l.channels = map[string]entry[rawChannel]{}
	for _, f := range l.files {
		for _, e := range f.channels.v {
			name := e.key.text
			if first, dup := l.channels[name]; dup {
				l.fault(e.key, "give it another name", "the channel %q is there twice (first at %s)", name, first.key.pos())
				continue
			}
			switch {
			case name == OwnerChannel:
				l.fault(e.key, "give it another name", `a channel cannot be called "owner": that word means each resource's owner`)
			case !identifier.MatchString(name):
				l.fault(e.key, "1 to 64 letters, digits, hyphens, dots and underscores", "%s is no name for a channel", e.key.show())
			}
			l.channels[name] = e
			l.order = append(l.order, name)
		}
	}
}

// defineName is what CEL takes as the name of a variable.
var defineName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// mergeDefines adds up the files' definitions.
func (l *loader) mergeDefines() []expr.Define {
	l.defines = map[string]*node{}
	var out []expr.Define
	for _, f := range l.files {
		for _, e := range f.defines.v {
			name := e.key.text
			if first, dup := l.defines[name]; dup {
				l.fault(e.key, "give it another name", "%q is defined twice (first at %s)", name, first.pos())
				continue
			}
			if !defineName.MatchString(name) {
				l.fault(e.key, "letters, digits and underscores, a letter first", "%s cannot be the name of a definition", e.key.show())
				continue
			}
			if !e.set() {
				continue
			}
			l.defines[name] = e.at
			out = append(out, expr.Define{Name: name, Source: e.v})
		}
	}
	return out
}

// mergePolicies adds up the files' policies, and compares their names.
func (l *loader) mergePolicies() {
	names := map[string]*node{}
	for _, f := range l.files {
		for _, p := range f.policies.v {
			draft := &policyDraft{at: p.at, raw: p.v, Policy: &Policy{Name: p.v.name.v, Pos: p.at.pos()}}
			l.policies = append(l.policies, draft)
			l.draftTypes(draft)
			name := p.v.name
			if !name.set() {
				continue
			}
			draft.Pos = name.at.pos()
			if first, dup := names[name.v]; dup {
				l.fault(name.at, "give it another name", "a policy is called %s already (at %s)", name.at.show(), first.pos())
				continue
			}
			names[name.v] = name.at
		}
	}
	was := map[string]*node{}
	for _, p := range l.policies {
		for _, w := range p.raw.was.v {
			switch {
			case w.v == p.Name:
				l.fault(w.at, "leave it out", "%s is the policy's present name", w.at.show())
			case names[w.v] != nil:
				l.fault(w.at, "was takes over the cases of a policy that is gone", "a policy is called %s still (at %s)", w.at.show(), names[w.v].pos())
			case was[w.v] != nil:
				l.fault(w.at, "one policy can take over the cases", "%s is taken over twice (first at %s)", w.at.show(), was[w.v].pos())
			default:
				was[w.v] = w.at
			}
		}
	}
}

// draftTypes takes over what a policy is about, which everything else needs.
func (l *loader) draftTypes(p *policyDraft) {
	for _, t := range p.raw.types.v {
		if slices.Contains(p.Types, resource.Type(t.v)) {
			l.fault(t.at, "delete one", "the type %s is there twice", t.at.show())
			continue
		}
		p.Types = append(p.Types, resource.Type(t.v))
	}
}
