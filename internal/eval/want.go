package eval

import (
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// wanted is the value that a tag should get.
type wanted struct {
	value string
	known bool
	// unfound says why the rule's value has no answer although everything was
	// read, as a clause; "" where it has one, or was not asked.
	unfound string
}

// because adds to a reason why the rule's value has no answer.
func (w wanted) because(r Reason) Reason {
	if w.unfound == "" {
		return r
	}
	return Reason{Code: reason.CreatorUnfound, Tag: r.Tag, Text: r.Text + ", and " + w.unfound}
}

// want is the value that the tag should get: the computed one, that of an
// alias, the fallback or the default. ok is false where it is known that it
// cannot be told.
func (c *check) want(rule *policy.TagRule, in expr.Input, lacking, overwrite bool, renamed string, empty bool) (w wanted, ok bool) {
	computed := rule.Value != nil && (lacking || overwrite) && (renamed == "" || overwrite)
	if computed {
		v, unfound, ok := c.compute(rule, in)
		if v != "" || !ok {
			return wanted{value: v, known: v != ""}, ok
		}
		w.unfound = unfound
	}
	switch {
	case !lacking:
		return wanted{}, true
	case renamed != "":
		return wanted{value: renamed, known: true}, true
	case computed && rule.Fallback != nil:
		w.value, w.known = resource.Taken(in.Resource.Ref().Type, *rule.Fallback), true
	case rule.Default != nil && (rule.Required || empty):
		w.value, w.known = resource.Taken(in.Resource.Ref().Type, *rule.Default), true
	}
	return w, true
}

// compute is the answer of the rule's value, as every service takes it; "" with
// the reason where it is known that nobody can be found who made the resource.
// Where it cannot be told, or not yet, that is noted and ok is false.
func (c *check) compute(rule *policy.TagRule, in expr.Input) (value, unfound string, ok bool) {
	v, err := rule.Value.TagValue(in)
	if err == nil {
		return tag.Clean(v), "", true
	}
	if u, is := errors.AsType[*expr.Unknown](err); is && u.Unfound {
		return "", u.Reason, true
	}
	if facts := missingFacts(err); len(facts) > 0 {
		c.needs = append(c.needs, facts...)
	} else {
		c.unknown = append(c.unknown, Reason{Code: reason.ValueUnknown, Tag: rule.Key,
			Text: fmt.Sprintf("the value of tag %s cannot be told: %v", rule.Key, err)})
	}
	return "", "", false
}
