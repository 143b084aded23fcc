package cases

import (
	"cmp"
	"slices"
)

// Index holds the cases of one scope by policy and resource.
type Index struct {
	byARN   map[string]map[string]*Case
	renamed []*Case
}

// NewIndex returns an index of these cases. was maps the earlier names of
// policies to their present ones: a case under an earlier name is carried over.
func NewIndex(all []*Case, was map[string]string) *Index {
	x := &Index{byARN: map[string]map[string]*Case{}}
	for _, c := range all {
		if _, ok := was[c.Policy]; ok {
			x.renamed = append(x.renamed, c)
		} else {
			x.Put(c)
		}
	}
	// What was recorded since a rename is what holds: the present name first,
	// then the latest.
	slices.SortFunc(x.renamed, func(a, b *Case) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.Policy, b.Policy)) })
	for _, c := range x.renamed {
		if name := was[c.Policy]; x.Get(name, c.Resource.ARN) == nil {
			c = c.Clone()
			c.Policy = name
			x.Put(c)
		}
	}
	return x
}

// Renamed are the cases under earlier names of policies, as they were given.
func (x *Index) Renamed() []*Case { return x.renamed }

// Get returns a case, nil where there is none.
func (x *Index) Get(policy, arn string) *Case {
	if x == nil {
		return nil
	}
	return x.byARN[arn][policy]
}

// Of returns the cases of a resource by policy. It must not be changed.
func (x *Index) Of(arn string) map[string]*Case {
	if x == nil {
		return nil
	}
	return x.byARN[arn]
}

// Each calls f for every case, in no order.
func (x *Index) Each(f func(*Case)) {
	if x == nil {
		return
	}
	for _, of := range x.byARN {
		for _, c := range of {
			f(c)
		}
	}
}

// Put replaces a case, or adds it.
func (x *Index) Put(c *Case) {
	of := x.byARN[c.Resource.ARN]
	if of == nil {
		of = map[string]*Case{}
		x.byARN[c.Resource.ARN] = of
	}
	of[c.Policy] = c
}
