package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// SQLite's primary result codes that mean something to a user.
// https://sqlite.org/rescode.html
const (
	codePerm     = 3
	codeBusy     = 5
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// meanings say what a code means for the file of a ledger.
var meanings = map[int]string{
	codePerm:     "the file cannot be read and written by this user",
	codeBusy:     "another process has been writing to it for too long",
	codeReadOnly: "the file or its folder cannot be written by this user",
	codeCorrupt:  "the file is damaged; put a backup in its place",
	codeFull:     "the disk is full",
	codeCantOpen: "the file or its folder cannot be read and written by this user",
	codeNotADB:   "the file is not a SQLite database",
}

// explain puts what the error means for the user before what SQLite says.
func explain(err error) error {
	if text, ok := meanings[code(err)]; ok {
		return fmt.Errorf("%s: %w", text, err)
	}
	return err
}

// code is the primary result code of an error, 0 where it is not SQLite's. The
// higher bits of a code only say more of the same.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// busy says whether the error is that another connection holds a lock.
func busy(err error) bool { return code(err) == codeBusy }
