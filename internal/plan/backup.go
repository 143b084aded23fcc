package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
)

const (
	// backupLasts is how old a backup may be when what it is of is ended. EC2 does
	// not tell whether a volume was used since. A policy that runs once a week
	// finds what its last run took.
	backupLasts = 8 * span.Day
	// clocksDiffer is how far AWS's clock may be behind ours.
	clocksDiffer = time.Hour
)

// insure makes an action that ends a resource wait until there is a backup of
// it, and returns the action that takes one where there is none, nil where
// none is to be taken.
func (d *decision) insure(a *Action, t cases.Timing, k *cases.Case) *Action {
	r, ok := d.g.resource.(resource.Backable)
	if !ok || !t.Step.Step.Backup || a.State != Planned {
		return nil
	}
	backup := &Action{Action: action.Backup, State: Planned, At: d.c.Now, Volumes: r.Disks()}
	if no := r.Refuses(action.Backup); no != nil {
		a.State, a.Code, a.Reason = Held, no.Code, no.Text
		backup.State, backup.Code, backup.Reason = Held, no.Code, no.Text
		return backup
	}
	snapshots, every, whole := resource.BackedUp(r, d.backupSince(t, k, r))
	if whole {
		a.Backups = snapshots
		return nil
	}
	// It has a time no longer: it follows as soon as there is a backup.
	a.State, a.Code, a.At, a.After = Waiting, reason.BackupPending, time.Time{}, 0
	if every {
		a.Reason = fmt.Sprintf("its backup is not complete yet (%s), and a later run is to %s it", strings.Join(snapshots, ", "), a.Action)
		return nil
	}
	a.Reason = fmt.Sprintf("a backup is taken first, and a later run is to %s it once that is complete", a.Action)
	return backup
}

// backupSince is when a backup must have been begun to be one of the data that
// would be lost: after the step was due, after the violation came back, after
// the resource was last started, and not long ago.
func (d *decision) backupSince(t cases.Timing, k *cases.Case, r resource.Backable) time.Time {
	since := d.c.Now.Add(-backupLasts)
	for _, at := range []time.Time{t.At.Add(-clocksDiffer), resumed(k).Add(-clocksDiffer), r.Ran()} {
		if at.After(since) {
			since = at
		}
	}
	return since
}

func resumed(k *cases.Case) time.Time {
	if k == nil {
		return time.Time{}
	}
	return k.Resumed
}
