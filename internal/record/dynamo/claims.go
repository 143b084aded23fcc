package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

func claimKey(s record.Scope, key string) Key { return Key{of("claim", s, key), "claim"} }

// claimItem is a claim, or what is remembered of one that was concluded.
func claimItem(run string, done bool, until time.Time) Item {
	i := Item{"run": valid(run), "done": int64(0), "until": stamp(until), AttrTTL: forget(until.Add(record.Window))}
	if done {
		i["done"] = int64(1)
	}
	return i
}

// Claim implements record.Ledger: one conditional write, and only where that
// fails a look at who has it.
func (l *Ledger) Claim(ctx context.Context, s record.Scope, key, run string, now, until time.Time) (answer record.Claimed, err error) {
	k := claimKey(s, key)
	err = again(ctx, func() error {
		err := l.write(ctx, Write{Key: k, Set: claimItem(run, false, until), If: [][]Test{
			{{Attr: AttrPK, Is: Absent}},
			{{Attr: "until", Is: AtMost, Value: stamp(now)}},
			{{Attr: "run", Is: Equal, Value: valid(run)}, {Attr: "done", Is: Equal, Value: int64(0)}},
		}})
		if failed, ok := errors.AsType[*ConditionError](err); ok {
			items, err := l.get(ctx, []Key{k})
			if err != nil {
				return err
			}
			held := items[k]
			answer = record.Answer(stamp(now) < held.text("until"), held.text("run"), held.number("done") != 0, valid(run))
			if answer != record.Yours {
				return nil
			}
			return failed // it was given up meanwhile
		}
		answer = record.Yours
		return err
	})
	if err != nil {
		return record.Taken, l.wrap("claiming", err)
	}
	return answer, nil
}

// Conclude implements record.Ledger.
func (l *Ledger) Conclude(ctx context.Context, s record.Scope, key, run string, done bool, until time.Time) error {
	k := claimKey(s, key)
	mine := Test{Attr: "run", Is: Equal, Value: valid(run)}
	w := Write{Key: k, Set: claimItem(run, true, until), If: [][]Test{{{Attr: AttrPK, Is: Absent}}, {mine}}}
	if !done {
		w = Write{Key: k, Kind: Delete, If: [][]Test{{{Attr: AttrPK, Is: Absent}}, {mine, {Attr: "done", Is: Equal, Value: int64(0)}}}}
	}
	err := again(ctx, func() error {
		err := l.write(ctx, w)
		failed, ok := errors.AsType[*ConditionError](err)
		if !ok {
			return err
		}
		items, err := l.get(ctx, []Key{k})
		i, there := items[k]
		switch {
		case err != nil:
			return err
		case there && i.text("run") != valid(run):
			return record.ErrLost
		case there || !done: // concluded by itself before, or gone
			return nil
		}
		return failed // it was another's, and was given up meanwhile
	})
	return l.wrap("concluding what run "+run+" had claimed", err)
}
