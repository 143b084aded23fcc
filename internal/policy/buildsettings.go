package policy

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// What holds where the settings say nothing.
const (
	defaultName   = "default"
	defaultMark   = "tagwarden"
	defaultLedger = "tagwarden.db"
)

// buildSettings fills in everything of the settings but the exemptions, whose
// conditions need the compiler. dir is the first file's folder.
func (l *loader) buildSettings(dir string) {
	raw, s := &l.settings, &l.set.Settings
	s.Name, s.Mark, s.Zone = defaultName, defaultMark, time.UTC
	if raw.name.set() {
		s.Name = raw.name.v
	}
	if raw.mark.set() {
		s.Mark = raw.mark.v
		if s.Mark == "off" {
			s.Mark = ""
		}
	}
	if raw.zone.set() {
		if z, err := time.LoadLocation(raw.zone.v); err == nil {
			s.Zone = z
		}
	}
	s.Regions = l.buildRegions(raw.regions)
	s.Ledger = Ledger{SQLite: beside(dir, defaultLedger)}
	if raw.ledger.set() {
		s.Ledger = Ledger{None: raw.ledger.v.none, DynamoDB: raw.ledger.v.dynamodb.v}
		if path := raw.ledger.v.sqlite; path.set() {
			s.Ledger.SQLite = beside(path.at.src.dir, path.v)
		}
	}
	s.Limits = buildLimits(raw.limits)
	l.buildOwner()
	l.buildCreators()
	l.buildAccounts()
	s.Outcomes = raw.outcomes.v.eventBridge.v
}

func (l *loader) buildRegions(raw val[[]val[string]]) []string {
	var regions []string
	for _, r := range raw.v {
		switch {
		case slices.Contains(regions, r.v):
			l.fault(r.at, "delete one", "the region %s is there twice", r.at.show())
		case r.v == "all" && len(raw.v) > 1:
			l.fault(r.at, "write [all] alone, or the regions alone", `"all" stands beside other regions`)
		default:
			regions = append(regions, r.v)
		}
	}
	return regions
}

func buildLimits(raw val[rawLimits]) Limits {
	limits := Limits{Share: -1}
	if raw.v.share.set() {
		limits.Share = raw.v.share.v
	}
	for k, c := range raw.v.counts {
		if limits.Counts == nil {
			limits.Counts = map[action.Kind]int{}
		}
		limits.Counts[k] = c.v
	}
	return limits
}

func (l *loader) buildOwner() {
	raw := l.settings.owner
	if !raw.set() {
		return
	}
	o := &Owner{Address: raw.v.address.v, Via: raw.v.via.v, Otherwise: raw.v.otherwise.v}
	for _, t := range raw.v.tags.v {
		if slices.Contains(o.Tags, t.v) {
			l.fault(t.at, "delete one", "the tag %s is there twice", t.at.show())
			continue
		}
		o.Tags = append(o.Tags, t.v)
	}
	l.set.Settings.Owner = o
}

// buildExemptions compiles the settings' exemptions for every type that a
// policy is about.
func (l *loader) buildExemptions() {
	l.set.Settings.Exempt = l.exemptions(l.settings.exempt, l.types())
}

func (l *loader) exemptions(raw val[[]val[rawExempt]], types []resource.Type) []Exemption {
	var out []Exemption
	for _, e := range raw.v {
		x := Exemption{Tag: e.v.tag.v, UntilTag: e.v.untilTag.v, AtMost: e.v.atMost.v, When: l.compile(e.v.when, expr.Bool, types)}
		if e.v.value.set() {
			x.Value = &e.v.value.v
		}
		out = append(out, x)
	}
	return out
}

// hintChannel is what to say of a channel that is not there.
func (l *loader) hintChannel(name string) string {
	if len(l.order) == 0 {
		return "there are no channels: write them under channels:"
	}
	if diag.Suggest(name, []string{OwnerChannel}) != "" {
		return meant(name, []string{OwnerChannel})
	}
	return meant(name, l.order)
}
