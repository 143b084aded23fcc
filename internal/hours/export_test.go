package hours

import "github.com/rickar/cal/v2"

// Library is what the library has under a code.
func Library(code string) []*cal.Holiday { return calendars[code] }
