package iamtest

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// condition is one operator on one key.
type condition struct {
	key string
	// set is "" , "ForAllValues" or "ForAnyValue".
	set      string
	ifExists bool
	null     bool
	negated  bool
	values   []pattern
	// equal compares a value of the request with one of the policy.
	equal func(have string, want pattern) bool
}

const (
	forAll = "ForAllValues"
	forAny = "ForAnyValue"
)

// operator is how values are compared.
type operator struct {
	negated bool
	equal   func(have string, want pattern) bool
	// valid says whether a value of the policy is of its kind; nil: any is.
	valid func(string) bool
	// plain says that there are no variables in the values.
	plain bool
}

var operators = map[string]operator{
	"StringEquals":              {equal: exactly},
	"StringNotEquals":           {equal: exactly, negated: true},
	"StringEqualsIgnoreCase":    {equal: anyCase},
	"StringNotEqualsIgnoreCase": {equal: anyCase, negated: true},
	"StringLike":                {equal: like},
	"StringNotLike":             {equal: like, negated: true},
	"ArnEquals":                 {equal: arnLike}, // the same as ArnLike
	"ArnLike":                   {equal: arnLike},
	"ArnNotEquals":              {equal: arnLike, negated: true},
	"ArnNotLike":                {equal: arnLike, negated: true},
	"Bool":                      {equal: exactlyBool, valid: isBool, plain: true},
	"NumericEquals":             numeric(false, func(o int) bool { return o == 0 }),
	"NumericNotEquals":          numeric(true, func(o int) bool { return o == 0 }),
	"NumericLessThan":           numeric(false, func(o int) bool { return o < 0 }),
	"NumericLessThanEquals":     numeric(false, func(o int) bool { return o <= 0 }),
	"NumericGreaterThan":        numeric(false, func(o int) bool { return o > 0 }),
	"NumericGreaterThanEquals":  numeric(false, func(o int) bool { return o >= 0 }),
	"DateEquals":                date(false, func(o int) bool { return o == 0 }),
	"DateNotEquals":             date(true, func(o int) bool { return o == 0 }),
	"DateLessThan":              date(false, func(o int) bool { return o < 0 }),
	"DateLessThanEquals":        date(false, func(o int) bool { return o <= 0 }),
	"DateGreaterThan":           date(false, func(o int) bool { return o > 0 }),
	"DateGreaterThanEquals":     date(false, func(o int) bool { return o >= 0 }),
	"IpAddress":                 {equal: within, valid: isPrefix, plain: true},
	"NotIpAddress":              {equal: within, valid: isPrefix, plain: true, negated: true},
}

func newCondition(op, key string, values []scalar, variables bool) (condition, error) {
	c := condition{key: key}
	name := op
	if set, rest, ok := strings.Cut(op, ":"); ok {
		if set != forAll && set != forAny {
			return c, fmt.Errorf("there is no condition operator %q", op)
		}
		c.set, name = set, rest
	}
	if name == "Null" && c.set == "" {
		c.null = true
		return c, c.add(values, isBool, false)
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	o, ok := operators[name]
	if !ok {
		return c, fmt.Errorf("there is no condition operator %q", op)
	}
	c.negated, c.equal = o.negated, o.equal
	return c, c.add(values, o.valid, variables && !o.plain)
}

// add compiles the values of a condition.
func (c *condition) add(values []scalar, valid func(string) bool, variables bool) error {
	if len(values) == 0 {
		return fmt.Errorf("the condition on %s has no value", c.key)
	}
	for _, v := range values {
		if valid != nil && !valid(string(v)) {
			return fmt.Errorf("%q is no value for the condition on %s", v, c.key)
		}
		c.values = append(c.values, compile(string(v), variables))
	}
	return nil
}

// holds says whether a request fulfils the condition.
func (c *condition) holds(in Context) bool {
	have := in.get(c.key)
	if c.null {
		absent := len(have) == 0
		for _, v := range c.values {
			if strings.EqualFold(v.string(), strconv.FormatBool(absent)) {
				return true
			}
		}
		return false
	}
	if len(have) == 0 {
		// Without a value there is nothing that differs, and for ForAllValues none
		// that could fail.
		return c.ifExists || c.set == forAll || c.negated && c.set != forAny
	}
	fits := 0
	for _, v := range have {
		if c.among(v, in) != c.negated {
			fits++
		}
	}
	switch {
	case c.set == forAll, c.set == "" && c.negated:
		return fits == len(have)
	default:
		return fits > 0
	}
}

// among says whether a value is one of the policy's. One of those with a
// variable that has no value equals nothing.
func (c *condition) among(have string, in Context) bool {
	for _, v := range c.values {
		if want, ok := v.resolve(in); ok && c.equal(have, want) {
			return true
		}
	}
	return false
}

func exactly(have string, want pattern) bool     { return have == want.string() }
func anyCase(have string, want pattern) bool     { return strings.EqualFold(have, want.string()) }
func like(have string, want pattern) bool        { return want.match(have) }
func exactlyBool(have string, want pattern) bool { return strings.EqualFold(have, want.string()) }

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// arnLike compares each of the six fields by itself.
func arnLike(have string, want pattern) bool {
	p, parts := want.fields(), strings.SplitN(have, ":", fields)
	if len(p) != fields || len(parts) != fields {
		return false
	}
	for i, f := range p {
		if !f.match(parts[i]) {
			return false
		}
	}
	return true
}

// numeric is a comparison of numbers. What is none is equal to nothing.
func numeric(negated bool, ok func(order int) bool) operator {
	number := func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
	return ordered(negated, ok, number, cmp.Compare[float64])
}

// date is a comparison of times: ISO 8601, or seconds since 1970.
func date(negated bool, ok func(order int) bool) operator {
	moment := func(s string) (time.Time, error) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.Unix(n, 0), nil
		}
		return time.Parse(time.RFC3339, s)
	}
	return ordered(negated, ok, moment, time.Time.Compare)
}

func ordered[T any](negated bool, ok func(int) bool, parse func(string) (T, error), compare func(T, T) int) operator {
	return operator{negated: negated, plain: true,
		valid: func(s string) bool {
			_, err := parse(s)
			return err == nil
		},
		equal: func(have string, want pattern) bool {
			a, err := parse(have)
			b, werr := parse(want.string())
			return err == nil && werr == nil && ok(compare(a, b))
		}}
}

func isPrefix(s string) bool {
	_, err := prefix(s)
	return err == nil
}

func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func within(have string, want pattern) bool {
	a, err := netip.ParseAddr(have)
	p, perr := prefix(want.string())
	return err == nil && perr == nil && p.Contains(a)
}
