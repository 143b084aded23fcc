package iamtest

import "strings"

// Request is one call that somebody wants to make.
type Request struct {
	// Action is IAM's word for it: ec2:StopInstances.
	Action string
	// Resource is the ARN it is about, "*" for a call that IAM knows no resource
	// for.
	Resource string
	// Context are the values of condition keys.
	Context Context
}

// Context are the values of condition keys by name, which IAM compares without
// regard to case. A key without a value is one that is not there.
type Context map[string][]string

func (c Context) get(key string) []string {
	if v, ok := c[key]; ok {
		return v
	}
	for k, v := range c {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

// Decision is what comes of a request.
type Decision int

// The decisions. What nothing allows is denied too, and another policy may
// allow it; what a policy denies nothing allows.
const (
	NotAllowed Decision = iota
	Allowed
	Denied
)

// String is a word for the decision.
func (d Decision) String() string {
	switch d {
	case Allowed:
		return "allowed"
	case Denied:
		return "denied"
	default:
		return "not allowed"
	}
}

// Layer is the policies of one kind that stand before a request: those of an
// identity, a boundary, the service control policies of one level.
type Layer []*Policy

// Decide says what comes of a request: a policy that denies it decides, and else
// each layer must allow it. Without a layer nothing is allowed.
func Decide(r Request, layers ...Layer) Decision {
	out := Allowed
	if len(layers) == 0 {
		out = NotAllowed
	}
	for _, l := range layers {
		switch l.decide(r) {
		case Denied:
			return Denied
		case NotAllowed:
			out = NotAllowed
		}
	}
	return out
}

func (l Layer) decide(r Request) Decision {
	out := NotAllowed
	for _, p := range l {
		for i := range p.statements {
			s := &p.statements[i]
			switch {
			case !s.concerns(r):
			case s.deny:
				return Denied
			default:
				out = Allowed
			}
		}
	}
	return out
}

// concerns says whether a statement is about a request.
func (s *statement) concerns(r Request) bool {
	action := strings.ToLower(r.Action)
	named := false
	for _, p := range s.actions {
		named = named || p.match(action)
	}
	if named == s.notActions {
		return false
	}
	about := false
	for _, p := range s.resources {
		about = about || p.match(r.Resource, r.Context)
	}
	if about == s.notResources {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return false
		}
	}
	return true
}
