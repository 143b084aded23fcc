package expr

import (
	"errors"
	"fmt"
	"sync"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tagwarden/tagwarden/internal/hours"
)

// officeHours is the name of the function.
const (
	officeHours    = "office_hours"
	officeOverload = "office_hours_string_string_string"
)

// place is the arguments of office_hours().
type place struct{ hours, zone, country string }

// mostOffices is how many different arguments are remembered. Those written
// out are few; more can only come from tags.
const mostOffices = 1000

// offices remembers what the arguments of office_hours() mean, because a zone
// is not read in a moment. It is safe for concurrent use.
type offices struct {
	mu    sync.Mutex
	known map[place]office
}

type office struct {
	hours hours.Hours
	err   error
}

func (o *offices) find(p place) (hours.Hours, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found, ok := o.known[p]; ok {
		return found.hours, found.err
	}
	if o.known == nil || len(o.known) >= mostOffices {
		o.known = map[place]office{}
	}
	var found office
	found.hours, found.err = readOffice(p)
	o.known[p] = found
	return found.hours, found.err
}

func readOffice(p place) (h hours.Hours, err error) {
	if h.Week, err = hours.Parse(p.hours); err != nil {
		return h, fmt.Errorf("%q is no hours: %w", cut(p.hours), err)
	}
	if h.Zone, err = hours.ZoneOf(p.zone); err != nil {
		return h, err
	}
	h.Holidays, err = hours.CalendarOf(p.country)
	return h, err
}

// officeCost is the cost of a call: it takes some microseconds, a hundred times
// as long as reading a field.
func officeCost([]ref.Val, ref.Val) *uint64 {
	c := uint64(100)
	return &c
}

// officeHours says whether now is within the hours that it is given.
func (e *evaluation) officeHours(_ string, args ...ref.Val) ref.Val {
	h, err := e.env.offices.find(place{string(args[0].(types.String)), string(args[1].(types.String)), string(args[2].(types.String))})
	if err != nil {
		return types.WrapErr(&worded{err.Error()})
	}
	return types.Bool(h.Open(e.in.Now))
}

// constantOffice finds what is wrong in the arguments of office_hours() that
// are written out.
func (c *checked) constantOffice(e ast.Expr) []Problem {
	args := e.AsCall().Args()
	if len(args) != 3 {
		return nil
	}
	var problems []Problem
	for i, arg := range args {
		s, ok := constant(arg)
		if !ok {
			continue
		}
		var err error
		switch i {
		case 0:
			_, err = hours.Parse(s)
		case 1:
			_, err = hours.ZoneOf(s)
		case 2:
			_, err = hours.CalendarOf(s)
		}
		if err != nil {
			problems = append(problems, c.badOffice(arg, s, err))
		}
	}
	return problems
}

// badOffice is the problem of one argument. A mistake in hours has its place
// within them, which is told where they are written without escapes.
func (c *checked) badOffice(arg ast.Expr, s string, err error) Problem {
	if at, ok := errors.AsType[*hours.SyntaxError](err); ok {
		p := c.at(arg, at.Summary, at.Hint)
		if r, ok := c.ast.SourceInfo().GetOffsetRange(arg.ID()); ok {
			begin, end := int(r.Start)+1, c.text.literal(int(r.Start))-1
			if begin < end && string(c.text[begin:end]) == s {
				p = c.between(begin+at.Column-1, begin+at.Column-1+at.Width, at.Summary, at.Hint)
			}
		}
		return p
	}
	if zone, ok := errors.AsType[*hours.ZoneError](err); ok {
		return c.at(arg, zone.Summary(), zone.Hint())
	}
	if country, ok := errors.AsType[*hours.CountryError](err); ok {
		return c.at(arg, country.Summary(), country.Hint)
	}
	return c.at(arg, err.Error(), "")
}
