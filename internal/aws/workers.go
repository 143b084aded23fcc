package aws

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/internal/fault"
)

// sideBySide reads n things, some at a time, and tells of each that could not
// be read. Once one fails with what every further call would fail with, as ends
// says, no more are made: the rest could not be read for that reason.
func sideBySide(n int, ends func(fault.Class) bool, read func(int) error, unread func(int, error)) {
	var next atomic.Int64
	var fatal atomic.Pointer[fault.Error]
	one := func(i int) error {
		if f := fatal.Load(); f != nil {
			return f
		}
		err := read(i)
		if f, ok := errors.AsType[*fault.Error](err); ok && ends(f.Class) {
			fatal.CompareAndSwap(nil, f)
		}
		return err
	}
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := one(i - 1); err != nil {
					unread(i-1, err)
				}
			}
		})
	}
	group.Wait()
}

// sameForAll says that asking for the next thing would fail alike, so that a
// missing permission costs eight calls and not thousands.
func sameForAll(c fault.Class) bool {
	switch c {
	case fault.Denied, fault.Credentials, fault.Unreachable, fault.Cancelled:
		return true
	default:
		return false
	}
}

// endsAll is sameForAll where a denial may be of one thing alone: a bucket's
// own policy can deny what the caller's allows.
func endsAll(c fault.Class) bool { return c != fault.Denied && sameForAll(c) }
