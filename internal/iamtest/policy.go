// Package iamtest decides what policies of IAM allow, for tests of those that
// tagwarden writes. It follows "Policy evaluation logic" and the "IAM JSON
// policy element reference" in the IAM user guide, as far as identity-based
// policies go, and knows nothing of how tagwarden makes policies. What it does
// not know it refuses: an element, an operator, a value of the wrong kind.
package iamtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Policy is a policy that was read.
type Policy struct {
	statements []statement
}

type statement struct {
	deny       bool
	actions    []pattern
	notActions bool
	resources  []arnPattern
	// notResources turns the meaning of resources around.
	notResources bool
	conditions   []condition
}

// The versions of the policy language. Only in the newer one are there
// variables.
const (
	newer = "2012-10-17"
	older = "2008-10-17"
)

// Parse reads a policy document. It refuses what IAM would, as far as it
// matters to what is allowed, and what it does not know itself.
func Parse(data []byte) (*Policy, error) {
	if err := unique(data); err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	var raw struct {
		Version   *string
		ID        string `json:"Id"`
		Statement oneOrMany[rawStatement]
	}
	if err := strict(data, &raw); err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	variables := false
	switch {
	case raw.Version == nil || *raw.Version == older:
	case *raw.Version == newer:
		variables = true
	default:
		return nil, fmt.Errorf("reading a policy: there is no version %q", *raw.Version)
	}
	if len(raw.Statement) == 0 {
		return nil, errors.New("reading a policy: it has no statement")
	}
	p := &Policy{}
	var sids []string
	for i, r := range raw.Statement {
		if r.Sid != "" && slices.Contains(sids, r.Sid) {
			return nil, fmt.Errorf("reading a policy: the Sid %q is there twice", r.Sid)
		}
		sids = append(sids, r.Sid)
		s, err := r.parse(variables)
		if err != nil {
			return nil, fmt.Errorf("reading statement %d of a policy: %w", i+1, err)
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

type rawStatement struct {
	Sid, Effect           string
	Action, NotAction     oneOrMany[string]
	Resource, NotResource oneOrMany[string]
	Condition             map[string]map[string]oneOrMany[scalar]
}

func (r *rawStatement) parse(variables bool) (s statement, err error) {
	if strings.ContainsFunc(r.Sid, func(c rune) bool { return !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') }) {
		return s, fmt.Errorf("the Sid %q has other characters than letters and digits", r.Sid)
	}
	switch r.Effect {
	case "Allow":
	case "Deny":
		s.deny = true
	default:
		return s, fmt.Errorf("there is no effect %q", r.Effect)
	}
	if s.actions, s.notActions, err = r.parseActions(); err != nil {
		return s, err
	}
	resources, not, err := either(r.Resource, r.NotResource, "Resource")
	if err != nil {
		return s, err
	}
	s.notResources = not
	for _, a := range resources {
		p, err := compileARN(a, variables)
		if err != nil {
			return s, err
		}
		s.resources = append(s.resources, p)
	}
	for op, keys := range r.Condition {
		for key, values := range keys {
			c, err := newCondition(op, key, values, variables)
			if err != nil {
				return s, err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return s, nil
}

func (r *rawStatement) parseActions() (out []pattern, not bool, err error) {
	actions, not, err := either(r.Action, r.NotAction, "Action")
	if err != nil {
		return nil, false, err
	}
	for _, a := range actions {
		if service, name, ok := strings.Cut(a, ":"); a != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(service, "*?")) {
			return nil, false, fmt.Errorf("%q is no action", a)
		}
		out = append(out, compile(strings.ToLower(a), false))
	}
	return out, not, nil
}

// either is the one of an element and its negation that is there.
func either(is, not oneOrMany[string], name string) ([]string, bool, error) {
	switch {
	case len(is) > 0 && len(not) > 0:
		return nil, false, fmt.Errorf("it has %s and Not%s", name, name)
	case len(is) > 0:
		return is, false, nil
	case len(not) > 0:
		return not, true, nil
	default:
		return nil, false, fmt.Errorf("it has neither %s nor Not%s", name, name)
	}
}

// oneOrMany is a value, or a list of them.
type oneOrMany[T any] []T

// UnmarshalJSON reads either form.
func (o *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		var list []T
		if err := strict(b, &list); err != nil {
			return err
		}
		*o = list
		return nil
	}
	var one T
	if err := strict(b, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

// scalar is a value of a condition: a string, or a bool or number for one.
type scalar string

// UnmarshalJSON takes what IAM takes.
func (s *scalar) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		*s = scalar(v)
	case bool, float64:
		*s = scalar(bytes.TrimSpace(b))
	default:
		return errors.New("a value of a condition is a string, a number or a bool")
	}
	return nil
}

// strict decodes one JSON value without unknown fields.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// unique refuses keys that are there twice, of which encoding/json takes the
// last.
func unique(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	type level struct {
		keys map[string]bool // nil in a list
		key  bool            // that a key comes next
	}
	var levels []level
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels) - 1; n >= 0 && levels[n].keys != nil {
			if levels[n].key {
				name, _ := t.(string)
				if levels[n].keys[strings.ToLower(name)] {
					return fmt.Errorf("%q is there twice", name)
				}
				levels[n].keys[strings.ToLower(name)], levels[n].key = true, false
				continue
			}
			levels[n].key = true
		}
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{keys: map[string]bool{}, key: true})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
