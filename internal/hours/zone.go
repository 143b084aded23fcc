package hours

import (
	"fmt"
	"regexp"
	"time"
)

// ZoneError is the name of a time zone that does not exist.
type ZoneError struct{ Name string }

// Error says what is not known, with the hint, safe for terminals.
func (e *ZoneError) Error() string { return e.Summary() + ": " + e.Hint() }

// Summary is the error without its hint.
func (e *ZoneError) Summary() string {
	return fmt.Sprintf("there is no time zone %q", e.Name)
}

// Hint is what would be right.
func (e *ZoneError) Hint() string { return "write a name such as Europe/Berlin, or UTC" }

// zoneName is what a name in the IANA database can look like; the longest have
// some 30 characters.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}$`)

// ZoneOf returns a time zone of the IANA database by its name. "Local" is none:
// hours must not depend on the machine. The error is a *ZoneError.
func ZoneOf(name string) (*time.Location, error) {
	if zoneName.MatchString(name) && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	const most = 64
	if r := []rune(name); len(r) > most {
		name = string(r[:most]) + "…"
	}
	return nil, &ZoneError{Name: name}
}
