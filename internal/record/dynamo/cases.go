package dynamo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
)

// shards is over how many partitions the cases of a scope are spread: DynamoDB
// reads and writes each of them with a rate of its own.
const shards = 16

// keepClosed is how long a closed case is kept at the most.
const keepClosed = 2 * 365 * 24 * time.Hour

func shard(s record.Scope, n int) string { return of("cases", s, fmt.Sprintf("%x", n)) }

// Cases implements record.Ledger.
func (l *Ledger) Cases(ctx context.Context, s record.Scope, now time.Time, remember time.Duration) ([]*cases.Case, error) {
	var found [shards][]*cases.Case
	var errs [shards]error
	since := stamp(now.Add(-remember))
	var group sync.WaitGroup
	for n := range shards {
		group.Go(func() { found[n], errs[n] = l.shard(ctx, shard(s, n), since) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, l.wrap("reading cases", err)
		}
	}
	return slices.Concat(found[:]...), nil
}

// shard reads the cases of a partition that are open, or closed since.
func (l *Ledger) shard(ctx context.Context, pk, since string) ([]*cases.Case, error) {
	items, err := l.table.Query(ctx, Query{PK: pk})
	if err != nil {
		return nil, err
	}
	var out []*cases.Case
	for _, i := range items {
		if closed := i.text("closed"); closed != "" && closed < since {
			continue
		}
		c := new(cases.Case)
		if err := unpackJSON(i["body"], c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// SaveCases implements record.Ledger.
func (l *Ledger) SaveCases(ctx context.Context, s record.Scope, cs []*cases.Case) error {
	items := map[Key]Item{} // of one key the last
	for _, c := range cs {
		body, err := packJSON(c)
		if err != nil {
			return l.wrap("saving cases", err)
		}
		sk := key(c.Policy, c.Resource.ARN)
		pk := shard(s, int(sha256.Sum256([]byte(sk))[0])%shards)
		i := Item{AttrPK: pk, AttrSK: sk, "body": body}
		if !c.Closed.IsZero() {
			i["closed"], i[AttrTTL] = stamp(c.Closed), forget(c.Closed.Add(keepClosed))
		}
		items[i.Key()] = i
	}
	return l.wrap("saving cases", l.put(ctx, slices.Collect(maps.Values(items))))
}
