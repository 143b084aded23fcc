package app

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// ownWrites is how long after a write of ours the event about it may come.
// EventBridge delivers nearly all within seconds; a later one is judged, and
// finds nothing left to do.
const ownWrites = 2 * time.Minute

// ours says whether an event about changed tags is about what we did: whether we
// wrote or deleted each of its keys a moment before, and each is as we left it.
// Somebody else may change another key right after, or take the same away again.
func ours(r *trigger.Request, done []record.Entry, mark string) bool {
	done = slices.DeleteFunc(slices.Clone(done), func(d record.Entry) bool { return d.State != plan.Done || !within(d.At, r.Time) })
	return !slices.ContainsFunc(r.Keys, func(key string) bool {
		return !slices.ContainsFunc(done, func(d record.Entry) bool { return left(d, r, key, mark) })
	})
}

// left says whether what was done left a key as an event found it. What was
// written is not known of everything: that counts as if it had been this.
func left(d record.Entry, r *trigger.Request, key, mark string) bool {
	switch d.Action {
	case action.Mark, action.Unmark:
		return key == mark
	case action.Tag, action.Untag:
	default:
		return false
	}
	var was execute.Was
	if d.Before == nil || json.Unmarshal(d.Before, &was) != nil {
		return true
	}
	now, there := r.Tags[key]
	if v, wrote := was.Wrote[key]; wrote {
		return r.Tags == nil || there && now == v
	}
	return slices.Contains(was.Deleted, key) && !there
}

// within says whether an event may be about what was done at a time.
func within(done, event time.Time) bool {
	late := event.Sub(done)
	return late >= -time.Second && late <= ownWrites
}
