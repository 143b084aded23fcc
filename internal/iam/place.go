package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// everything is IAM's word for every resource.
const everything = "*"

// everywhere is the word for every region in settings and flags.
const everywhere = "all"

// place is where a role acts.
type place struct {
	partition string
	// regions are those that are read, sorted; none: not known, or all.
	regions []string
	account string // "*" for any
	// all says that every region is read.
	all bool
}

// placeOf is where the policies of a set act.
func placeOf(set *policy.Set, o Options) (place, error) {
	want := o.Regions
	if len(want) == 0 {
		want = set.Settings.Regions
	}
	p := place{account: o.Account}
	if p.account == "" {
		p.account = everything
	}
	if slices.Contains(want, everywhere) {
		p.all = true
	} else {
		p.regions = slices.Compact(slices.Sorted(slices.Values(want)))
	}
	for _, r := range p.regions {
		if err := p.in(resource.Partition(r), "the region "+r); err != nil {
			return p, err
		}
	}
	standIns := slices.Collect(maps.Values(o.Unset))
	for _, arn := range named(set) {
		if slices.Contains(standIns, arn) {
			continue
		}
		if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 && parts[0] == "arn" {
			if err := p.in(parts[1], arn); err != nil {
				return p, err
			}
		}
	}
	if p.partition == "" {
		p.partition = resource.Partition("")
	}
	return p, nil
}

// in notes the partition of something.
func (p *place) in(partition, what string) error {
	if p.partition != "" && p.partition != partition {
		return fmt.Errorf("%s is in the partition %s, and others in %s: credentials are for one partition", what, partition, p.partition)
	}
	p.partition = partition
	return nil
}

// named is what a set names that may be an ARN.
func named(set *policy.Set) []string {
	names := []string{set.Settings.Ledger.DynamoDB, set.Settings.Outcomes}
	if a := set.Settings.Accounts; a != nil {
		for _, one := range a.List {
			names = append(names, one.Role)
		}
	}
	for _, o := range set.Outside {
		names = append(names, o.Ref.Table)
	}
	for _, c := range sortedChannels(set) {
		if c.SNS != nil {
			names = append(names, c.SNS.Topic)
		}
	}
	for _, p := range set.Policies {
		for i := range p.Steps {
			names = append(names, p.Steps[i].Function, p.Steps[i].Document)
		}
	}
	return names
}

// arn makes an ARN of a pattern. One that says {region} is in the one region
// that is read, or in any: of several the condition tells. What comes after the
// account is never filled in: it may be a name that somebody chose.
func (p *place) arn(pattern string) string {
	region := everything
	if len(p.regions) == 1 {
		region = p.regions[0]
	}
	fields := strings.SplitN(pattern, ":", 6)
	for i, f := range fields[:len(fields)-1] {
		fields[i] = strings.NewReplacer("{partition}", p.partition, "{region}", region, "{account}", p.account).Replace(f)
	}
	return strings.Join(fields, ":")
}
