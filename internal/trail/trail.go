// Package trail takes files of events apart, one event at a time: the log files
// that CloudTrail delivers, packed or not, the output of "aws cloudtrail
// lookup-events", lists, and events one after another. However large a file is,
// no more than one event of it is in memory.
package trail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
)

// The bounds on a file.
const (
	// MaxEvent is the largest event that is read, in bytes. A record of
	// CloudTrail has at most 256 KB, or 1 MB where it was enriched ("CloudTrail
	// record contents"); a delivery of a queue has 6 MB.
	MaxEvent = 6 << 20
	// MaxUnpacked is how many bytes a packed file may hold. CloudTrail begins
	// another file long before ("Finding your CloudTrail log files").
	MaxUnpacked = 512 << 20
)

// Errors of Events.
var (
	ErrNotEvents = errors.New("neither a log file of CloudTrail nor events in JSON")
	ErrTooLarge  = errors.New("larger than it may be")
	ErrCutOff    = errors.New("it ends in the middle")
)

// Events yields the events of a file in their order, as they stand in it; each
// is to be checked by whoever reads it, and is overwritten by the next. After an
// error nothing more comes: it wraps ErrNotEvents, ErrTooLarge, ErrCutOff, an
// error of gzip, or that of the reader. max bounds what a packed file may hold,
// in bytes.
func Events(r io.Reader, max int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		plain, err := Unpack(r, max)
		if err != nil {
			yield(nil, err)
			return
		}
		s := &splitter{r: bufio.NewReaderSize(plain, 64<<10), yield: yield}
		if err := s.file(); err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// Unpack returns the bytes of a file that gzip may have packed, which its first
// two bytes tell. Reading more than max of a packed one is an error that wraps
// ErrTooLarge.
func Unpack(r io.Reader, max int64) (io.Reader, error) {
	head := bufio.NewReader(r)
	if start, _ := head.Peek(2); !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		return head, nil // what cannot be read is told by the first read
	}
	unpacked, err := gzip.NewReader(head)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return &bounded{r: unpacked, left: max, max: max}, nil
}

// bounded reads no more than it may.
type bounded struct {
	r         io.Reader
	left, max int64
}

// Read reads from a packed file.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("unpacking: %w: it holds more than %d MB", ErrTooLarge, b.max>>20)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("unpacking: %w", ErrCutOff)
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("unpacking: %w", err)
	}
	return n, err
}
