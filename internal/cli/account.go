package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/aws"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/pause"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// account is what a command looks at and acts on: AWS, or the sample account
// that is built in.
type account struct {
	source inventory.Source
	actor  execute.Actor
	trail  creators.Trail
	// realm leads to other accounts.
	realm accounts.Realm
	// archive is what a trail has left, nil without one.
	archive creators.Archive
	ways    notify.Transports
	// library has the documents that policy files name.
	library outside.Tables
	// table is the one that the settings name as the ledger; nil where the account
	// has none.
	table func(context.Context) (*aws.LedgerTable, error)
	// queue and schedule open queues, and schedules that put messages into one;
	// nil where the account has none.
	queue    func(url string) (*aws.Queue, error)
	schedule func(queueARN, role, group string) (*aws.Scheduled, error)
	// wait lets time pass on the account's clock.
	wait   outside.Wait
	region string
	now    func() time.Time
	// advance moves the account's own clock to a time; nil where it has none.
	advance func(time.Time)
	// rehearsal says that nothing real is at stake.
	rehearsal bool
	// suffix ends the names of runs.
	suffix string
	// forgets says that what is done is forgotten when the process ends, and so
	// must its ledger be.
	forgets bool
	// outbox holds what the sample account did not send, nil for AWS.
	outbox *outbox
}

// openAccount opens the account that the flags name.
func openAccount(ctx context.Context, e Env, f *flags, set *policy.Set) (*account, error) {
	switch {
	case e.open != nil:
		return e.open(), nil
	case f.embedded:
		return openEmbedded(sim.Demo()), nil
	default:
		return openAWS(ctx, e, f, set)
	}
}

// openAWS opens AWS as its configuration says. It makes no call.
func openAWS(ctx context.Context, e Env, f *flags, set *policy.Set) (*account, error) {
	s, err := aws.Open(ctx, aws.Options{Profile: f.profile, FallbackRegion: fallback(f.regions, set.Settings.Regions), Version: version()})
	if err != nil {
		return nil, err
	}
	var archive creators.Archive
	if c := set.Settings.Creators; c != nil {
		archive = s.Archive(c.Bucket, c.Prefix, c.Region)
	}
	return &account{queue: s.Queue, schedule: s.Scheduled, table: ledgerTable(f, set), archive: archive, source: s.Source(), actor: s.Actor(), trail: s.Trail(), realm: s.Realm(), library: s, wait: pause.For, region: s.Region(), now: e.Now, rehearsal: s.EndpointOverridden(),
		ways: notify.Transports{Mail: s, Topics: s, Events: s, Audit: s, Files: notify.Folder{}, Now: e.Now}, suffix: random()}, nil
}

// errLedgerRegion is said where nothing tells which region the ledger is in.
var errLedgerRegion = errors.New("the ledger is a table in the region of the AWS configuration, which names none: " +
	"set AWS_REGION, region in the profile or settings.regions, or write the ARN of the table")

// ledgerTable opens the table that the settings name as the ledger: where its
// ARN says, else in the region of the AWS configuration. What --region asks to
// be read must not decide which ledger is used.
func ledgerTable(f *flags, set *policy.Set) func(context.Context) (*aws.LedgerTable, error) {
	return func(ctx context.Context) (*aws.LedgerTable, error) {
		ref := document.TableRef(set.Settings.Ledger.DynamoDB, "")
		s, err := aws.Open(ctx, aws.Options{Profile: f.profile, Region: ref.Region, FallbackRegion: fallback(nil, set.Settings.Regions), Version: version()})
		if err != nil {
			return nil, err
		}
		if s.Region() == "" {
			return nil, errLedgerRegion
		}
		return s.LedgerTable(ref.Table)
	}
}

// anyRegion is where an account is asked which regions it has, where all are
// wanted and the AWS configuration names none.
const anyRegion = "us-east-1"

// fallback is the region for calls that concern no region in particular, where
// the AWS configuration names none: the first that is to be read.
func fallback(asked, set []string) string {
	want := asked
	if len(want) == 0 {
		want = set
	}
	switch {
	case len(want) == 0:
		return ""
	case want[0] == inventory.All:
		return anyRegion
	default:
		return want[0]
	}
}

// openEmbedded opens the sample account. Nothing that is sent leaves this
// process, but files are written.
func openEmbedded(a *sim.Account) *account {
	box := &outbox{}
	pass := func(ctx context.Context, d time.Duration) error {
		a.Clock().Advance(d)
		return ctx.Err()
	}
	return &account{source: a, actor: a, trail: a, realm: sim.NewRealm(), library: a, wait: pass, region: "us-east-1", now: a.Clock().Now, advance: a.Clock().Set, rehearsal: true,
		ways:   notify.Transports{Mail: box, Topics: box, Events: box, Audit: box, HTTP: &http.Client{Transport: box}, Files: notify.Folder{}},
		suffix: "embedded", forgets: true, outbox: box}
}

// random is what tells two runs of one second apart.
func random() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// governs are the accounts that a policy set names, nil where it names none.
func (a *account) governs(set *policy.Set) *accounts.Accounts {
	return accounts.New(&set.Settings, accounts.Door{Source: a.source, Actor: a.actor, Trail: a.trail}, a.realm)
}

// run names a run: when it is, and what tells it from others.
func (a *account) run(now time.Time) string {
	return now.UTC().Format("20060102T150405Z") + "-" + a.suffix
}
