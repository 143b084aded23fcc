package trail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// errEnough says that whoever takes the events wants no more.
var errEnough = errors.New("enough")

// listed is how a file begins that holds its events in a list: CloudTrail's log
// files do so under Records, the output of "aws cloudtrail lookup-events" under
// Events.
var listed = regexp.MustCompile(`^\{\s*"(?:Records|Events)"\s*:\s*\[`)

// splitter finds where values of JSON begin and end, and does not look into
// them.
type splitter struct {
	r     *bufio.Reader
	yield func([]byte, error) bool
	value []byte // the event at hand
}

// file goes through a whole file: lists, and objects one after another.
func (s *splitter) file() error {
	if bom, _ := s.r.Peek(3); string(bom) == "\ufeff" {
		s.skip(len(bom))
	}
	for {
		c, err := s.peek(" \t\r\n")
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch c {
		case '[':
			s.skip(1)
			err = s.list()
		case '{':
			err = s.object()
		default:
			return ErrNotEvents
		}
		if err != nil {
			return err
		}
	}
}

// object yields an object, or the events in it where it begins with a list of
// them. What follows the list is left out.
func (s *splitter) object() error {
	start, _ := s.r.Peek(512)
	head := listed.Find(start)
	if head == nil {
		return s.event()
	}
	s.skip(len(head))
	if err := s.list(); err != nil {
		return err
	}
	return s.through(1, func(byte) error { return nil })
}

// list yields the elements of a list up to its end.
func (s *splitter) list() error {
	for {
		c, err := s.peek(" \t\r\n,")
		switch {
		case err != nil:
			return cutOff(err)
		case c == ']':
			s.skip(1)
			return nil
		case c != '{':
			return fmt.Errorf("%w: an element of the list is no object", ErrNotEvents)
		}
		if err := s.event(); err != nil {
			return err
		}
	}
}

// event yields the object that comes next.
func (s *splitter) event() error {
	s.value = s.value[:0]
	err := s.through(0, func(c byte) error {
		if len(s.value) == MaxEvent {
			return fmt.Errorf("an event has more than %d MB: %w", MaxEvent>>20, ErrTooLarge)
		}
		s.value = append(s.value, c)
		return nil
	})
	if err != nil {
		return err
	}
	if !s.yield(s.value, nil) {
		return errEnough
	}
	return nil
}

// through reads to the bracket that closes the outermost of those that are
// open, and calls take with every byte.
func (s *splitter) through(open int, take func(byte) error) error {
	for text, escaped := false, false; ; {
		c, err := s.r.ReadByte()
		if err != nil {
			return cutOff(err)
		}
		if err := take(c); err != nil {
			return err
		}
		switch {
		case escaped:
			escaped = false
		case text:
			escaped, text = c == '\\', c != '"'
		case c == '"':
			text = true
		case c == '{' || c == '[':
			open++
		case c == '}' || c == ']':
			if open--; open == 0 {
				return nil
			}
		}
	}
}

// peek returns the next byte that is none of these, and leaves it there.
func (s *splitter) peek(passed string) (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if strings.IndexByte(passed, c) < 0 {
			return c, s.r.UnreadByte()
		}
	}
}

// skip leaves out what was peeked at.
func (s *splitter) skip(n int) { _, _ = s.r.Discard(n) } // the bytes are in the buffer

// cutOff is the error of a file that ends too early.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrCutOff
	}
	return err
}
