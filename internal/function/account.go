package function

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// account is what a function reads, changes and tells through: AWS, or what a
// test puts in its place.
type account struct {
	source inventory.Source
	actor  execute.Actor
	trail  creators.Trail
	// realm leads to other accounts.
	realm   accounts.Realm
	archive func(*policy.Creators) creators.Archive
	ways    notify.Transports
	library outside.Reader
	// object reads an object that is not of that version any more, and parameter
	// one of Parameter Store.
	object    func(ctx context.Context, r document.Ref, version string, atMost int64) ([]byte, string, error)
	parameter func(ctx context.Context, name string) ([]byte, error)
	// ledger opens the table of that name or ARN.
	ledger func(ctx context.Context, table string) (record.Ledger, error)
	// later opens a queue, by its URL, for what is to wait; sender is the role of
	// EventBridge Scheduler for what waits long, "" for none.
	later  func(ctx context.Context, address, sender string) (queue.Keeper, error)
	region string
	// now is the account's clock, and wait lets time pass on it.
	now  func() time.Time
	wait func(context.Context, time.Duration) error

	// governed are the accounts that the policy set of that digest names: what is
	// known of them serves all invocations of a process.
	mu       sync.Mutex
	governed *accounts.Accounts
	digest   string
}

// governs are the accounts that a policy set names, nil where it names none.
func (a *account) governs(set *policy.Set) *accounts.Accounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.digest != set.Digest {
		a.digest = set.Digest
		a.governed = accounts.New(&set.Settings, accounts.Door{Source: a.source, Actor: a.actor, Trail: a.trail}, a.realm)
	}
	return a.governed
}

// openAWS opens AWS with the credentials of the function's role. It makes no
// call.
func openAWS(ctx context.Context, now func() time.Time, version string) (*account, error) {
	s, err := aws.Open(ctx, aws.Options{Version: version})
	if err != nil {
		return nil, err
	}
	return &account{
		source: &sameCaller{Source: s.Source()}, actor: s.Actor(), trail: s.Trail(), realm: s.Realm(), library: s, region: s.Region(), now: now, wait: pause.For,
		ways:   notify.Transports{Mail: s, Topics: s, Events: s, Audit: s, Now: now},
		object: s.Newer, parameter: s.Parameter,
		archive: func(c *policy.Creators) creators.Archive { return s.Archive(c.Bucket, c.Prefix, c.Region) },
		later: func(ctx context.Context, address, sender string) (queue.Keeper, error) {
			return keeper(ctx, s, address, sender)
		},
		ledger: func(ctx context.Context, name string) (record.Ledger, error) {
			ref, at := document.TableRef(name, ""), s
			if ref.Region != "" && ref.Region != s.Region() {
				if at, err = aws.Open(ctx, aws.Options{Region: ref.Region, Version: version}); err != nil {
					return nil, err
				}
			}
			table, err := at.LedgerTable(ref.Table)
			if err != nil {
				return nil, err
			}
			return dynamo.New(name, table, now), nil
		},
	}, nil
}

// keeper keeps events in a queue, and what waits for longer than its messages can
// be held back in EventBridge Scheduler, where there is a role for that. Else it
// comes back too early, and is kept again.
func keeper(ctx context.Context, s *aws.Session, address, sender string) (queue.Keeper, error) {
	q, err := s.Queue(address)
	if err != nil {
		return nil, err
	}
	manner, err := q.Manner(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading how the queue is set up: %w", err)
	case manner.Ordered:
		return nil, errors.New("a FIFO queue delays no single message, so that nothing can wait in it")
	case sender == "":
		return aws.Delayed{Queue: q}, nil
	}
	late, err := s.Scheduled(manner.ARN, sender, "")
	if err != nil {
		return nil, err
	}
	return queue.Split{Soon: aws.Delayed{Queue: q}, Late: late, Within: aws.DelayMost}, nil
}

// sameCaller asks once who we are: a function has one role as long as its
// process lives.
type sameCaller struct {
	inventory.Source

	mu     sync.Mutex
	caller inventory.Caller
}

// Caller implements inventory.Source.
func (s *sameCaller) Caller(ctx context.Context) (inventory.Caller, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caller != (inventory.Caller{}) {
		return s.caller, nil
	}
	c, err := s.Source.Caller(ctx)
	if err == nil {
		s.caller = c
	}
	return c, err
}
