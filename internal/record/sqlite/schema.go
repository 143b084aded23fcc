package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/internal/record"
)

// application marks a database as a ledger ("TAGW"), so that the database of
// another program is not written to by mistake.
// https://sqlite.org/pragma.html#pragma_application_id
const application = 0x54414757

// migrations make a ledger of version i+1 from one of version i. One that was
// ever released is not edited; what changes is added as the next.
//
// scope is what scopeKey writes, times are what stamp writes, actions and
// states are their words.
var migrations = []string{`
CREATE TABLE cases (
	scope  TEXT NOT NULL,
	policy TEXT NOT NULL,
	arn    TEXT NOT NULL,
	closed TEXT NOT NULL, -- as in body, for the index
	body   TEXT NOT NULL, -- the whole case as JSON
	PRIMARY KEY (scope, policy, arn)
) WITHOUT ROWID;
CREATE INDEX cases_closed ON cases (scope, closed);

CREATE TABLE runs (
	seq     INTEGER PRIMARY KEY,
	scope   TEXT NOT NULL,
	id      TEXT NOT NULL,
	started TEXT NOT NULL,
	digest  TEXT NOT NULL,
	by_arn  TEXT NOT NULL,
	state   TEXT NOT NULL, -- open, ended or lost: its process died
	ended   TEXT NOT NULL,
	UNIQUE (scope, id)
);
CREATE INDEX runs_state ON runs (scope, state);

CREATE TABLE reservations (
	scope  TEXT NOT NULL,
	run    TEXT NOT NULL,
	policy TEXT NOT NULL,
	action TEXT NOT NULL,
	at     TEXT NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (scope, run, policy, action)
) WITHOUT ROWID;

CREATE TABLE entries (
	seq        INTEGER PRIMARY KEY,
	scope      TEXT NOT NULL,
	run        TEXT NOT NULL,
	at         TEXT NOT NULL,
	policy     TEXT NOT NULL,
	arn        TEXT NOT NULL,
	action     TEXT NOT NULL,
	step       TEXT NOT NULL,
	state      TEXT NOT NULL,
	reason     TEXT NOT NULL,
	request_id TEXT NOT NULL,
	UNIQUE (scope, run, policy, arn, action, step)
);
CREATE INDEX entries_at  ON entries (scope, at);
CREATE INDEX entries_arn ON entries (scope, arn, at);

CREATE TABLE holds (
	seq      INTEGER PRIMARY KEY,
	scope    TEXT NOT NULL,
	run      TEXT NOT NULL,
	at       TEXT NOT NULL,
	policy   TEXT NOT NULL,
	action   TEXT NOT NULL,
	reason   TEXT NOT NULL,
	arns     TEXT NOT NULL, -- a JSON array
	released TEXT NOT NULL,
	used     TEXT NOT NULL,
	UNIQUE (scope, run, policy, action)
);
CREATE INDEX holds_at ON holds (scope, at);

CREATE TABLE parcels (
	id      INTEGER PRIMARY KEY AUTOINCREMENT, -- an id delivered once never names another parcel
	scope   TEXT NOT NULL,
	channel TEXT NOT NULL,
	address TEXT NOT NULL,
	run     TEXT NOT NULL,
	at      TEXT NOT NULL,
	policy  TEXT NOT NULL,
	step    TEXT NOT NULL,
	item    BLOB
);
CREATE INDEX parcels_scope ON parcels (scope);
`, `
CREATE TABLE stretches ( -- what was read of events that make resources
	scope  TEXT NOT NULL,
	region TEXT NOT NULL,
	name   TEXT NOT NULL,
	since  TEXT NOT NULL, -- in it
	until  TEXT NOT NULL, -- not in it
	PRIMARY KEY (scope, region, name, since)
) WITHOUT ROWID;

CREATE TABLE creators ( -- what was found there
	scope   TEXT NOT NULL,
	key     TEXT NOT NULL,
	at      TEXT NOT NULL,
	event   TEXT NOT NULL,
	by_whom TEXT NOT NULL, -- a creator as JSON
	PRIMARY KEY (scope, key, at, event)
) WITHOUT ROWID;

CREATE TABLE wondered ( -- since when a creator is sought
	scope TEXT NOT NULL,
	key   TEXT NOT NULL,
	at    TEXT NOT NULL,
	PRIMARY KEY (scope, key)
) WITHOUT ROWID;
`, `
ALTER TABLE entries ADD COLUMN before TEXT NOT NULL DEFAULT ''; -- JSON, '' for none
`, `
ALTER TABLE runs ADD COLUMN event INTEGER NOT NULL DEFAULT 0; -- 1: for one event, beside all others

CREATE TABLE claims (
	scope TEXT NOT NULL,
	key   TEXT NOT NULL,
	run   TEXT NOT NULL,
	done  INTEGER NOT NULL,
	until TEXT NOT NULL, -- not in it
	PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX claims_until ON claims (scope, until);
`}

// errForeign is a database that is sound and another program's.
var errForeign = errors.New("it is a SQLite database, but not a ledger of tagwarden")

// recognise says which version of a ledger the database holds, 0 for an empty
// one, without writing to it.
func recognise(ctx context.Context, q querier) (int, error) {
	var app, version, tables int
	err := q.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).
		Scan(&app, &version, &tables)
	empty := app == 0 && version == 0 && tables == 0
	switch {
	case err != nil:
		return 0, err
	case !empty && (app != application || version < 1):
		return 0, errForeign
	case version > len(migrations):
		return 0, fmt.Errorf("%w: it has version %d, this program knows versions up to %d",
			record.ErrNewer, version, len(migrations))
	}
	return version, nil
}

// migrate brings the database to the newest version. It reads the version
// again in its own transaction: another process may have just done it.
func migrate(ctx context.Context, tx *sql.Tx) error {
	version, err := recognise(ctx, tx)
	if err != nil {
		return err
	}
	if version == len(migrations) {
		// To begin a transaction on a file that is read-only is no error, to write
		// is, even if it changes nothing.
		_, err = tx.ExecContext(ctx, `DELETE FROM runs WHERE FALSE`)
		return err
	}
	for i, m := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("migrating to version %d: %w", version+i+1, err)
		}
	}
	// A pragma takes no parameters; both numbers are constants of this program.
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", application, len(migrations)))
	return err
}
