package cases

import "maps"

// Index holds the cases of one scope by policy and resource.
type Index struct {
	byARN map[string]map[string]*Case
}

// NewIndex returns an index of these cases. was maps the earlier names of
// policies to their present ones: a case under an earlier name is carried over.
func NewIndex(all []*Case, was map[string]string) *Index {
	x := &Index{byARN: map[string]map[string]*Case{}}
	for _, c := range all {
		name := c.Policy
		if now, ok := was[name]; ok {
			name = now
		}
		of := x.byARN[c.Resource.ARN]
		if of == nil {
			of = map[string]*Case{}
			x.byARN[c.Resource.ARN] = of
		}
		if name != c.Policy {
			if of[name] != nil {
				continue // what was recorded since the rename is what holds
			}
			c = c.Clone()
			c.Policy = name
		}
		of[name] = c
	}
	return x
}

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
		for c := range maps.Values(of) {
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
