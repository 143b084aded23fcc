package function

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/span"
)

// policies are those in force, and where newer ones would come from.
type policies struct {
	config  config
	env     map[string]string
	open    policy.Opener
	account *account

	mu      sync.Mutex
	kept    map[string]kept // what was read last, by place
	force   *inForce        // nil before the first that could be loaded
	looked  time.Time       // when it was last looked for newer ones
	trouble error           // why the newest are not in force, nil where they are
}

// kept is what a place held when it was last read.
type kept struct {
	version string
	sources []policy.Source
}

// inForce is a policy set, the ledger that it names, and where its events wait.
type inForce struct {
	set    *policy.Set
	ledger record.Ledger
	later  queue.Keeper // nil where none of them lets anything wait
	since  time.Time
}

// get returns the policies in force. It looks for newer ones where that was not
// done for a while, and where fresh asks for it. Newer ones with a mistake in
// them do not come into force: the former stay, and trouble says why. There is
// an error only where there are none at all.
func (p *policies) get(ctx context.Context, log *slog.Logger, now time.Time, fresh bool) (f *inForce, trouble, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.force != nil && !fresh && now.Sub(p.looked) < p.config.reload {
		return p.force, p.trouble, nil
	}
	changed, err := p.fetch(ctx)
	if err == nil && (changed || p.trouble != nil || p.force == nil || len(p.force.set.Documents()) > 0) {
		err = p.load(ctx, log, now)
	}
	p.looked, p.trouble = now, err
	if err == nil {
		return p.force, nil, nil
	}
	complain(log, "the policies cannot be loaded", err)
	if p.force == nil {
		return nil, nil, err
	}
	log.Error("the former policies stay in force", "digest", p.force.set.Digest, "since", p.force.since)
	return p.force, err, nil
}

// fetch reads every place, and says whether one holds something new.
func (p *policies) fetch(ctx context.Context) (changed bool, err error) {
	if p.kept == nil {
		p.kept = map[string]kept{}
	}
	for _, at := range p.config.policies {
		old := p.kept[at.text]
		next, err := p.read(ctx, at, old)
		if err != nil {
			return changed, fmt.Errorf("reading policies from %s: %w", at.text, err)
		}
		changed = changed || next.version != old.version || old.sources == nil
		p.kept[at.text] = next
	}
	return changed, nil
}

// tooMuch is more than a policy file may have, by what Load needs to say so: a
// byte more, and a byte order mark.
const tooMuch = policy.MaxFile + 4

// read reads what a place holds. The files of the package never change.
func (p *policies) read(ctx context.Context, at place, old kept) (kept, error) {
	one := func(data []byte) []policy.Source {
		return []policy.Source{{Name: at.text, Data: data, Dir: p.config.root, Open: p.open}}
	}
	switch {
	case at.path != "" && old.sources != nil:
		return old, nil
	case at.path != "":
		sources, err := policy.ReadFiles(p.open, at.path)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: put it beside the program, or name another by %s", err, varPolicy)
		}
		return kept{sources: sources}, err
	case at.parameter != "":
		data, err := p.account.parameter(ctx, at.parameter)
		return kept{version: string(data), sources: one(data)}, err
	}
	data, version, err := p.account.object(ctx, at.object, old.version, tooMuch)
	if err != nil || version == old.version && old.sources != nil {
		return old, err
	}
	return kept{version, one(data)}, nil
}

// load makes what was read the policies in force, with the documents that they
// name.
func (p *policies) load(ctx context.Context, log *slog.Logger, now time.Time) error {
	var sources []policy.Source
	for _, at := range p.config.policies {
		sources = append(sources, p.kept[at.text].sources...)
	}
	lookup := func(name string) (string, bool) { v, ok := p.env[name]; return v, ok }
	set, list := policy.Load(sources, lookup)
	if list.Err() == nil {
		if refs := set.Documents(); len(refs) > 0 {
			set, list = policy.LoadWith(sources, lookup, outside.Read(ctx, p.account.library, refs))
		}
	}
	if err := list.Err(); err != nil {
		return err
	}
	if p.force != nil && p.force.set.Digest == set.Digest {
		return nil
	}
	if err := p.appoint(set); err != nil {
		return err
	}
	if err := refused(set, p.config.queue); err != nil {
		return err
	}
	for _, d := range list {
		log.Warn("a policy file may not mean what it says", "place", d.Pos.String(), "problem", d.Summary, "hint", d.Hint)
	}
	ledger, err := p.ledger(ctx, set)
	if err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	later, err := p.later(ctx, set)
	if err != nil {
		return err
	}
	p.force = &inForce{set: set, ledger: ledger, later: later, since: now}
	log.Info("policies are in force", "digest", set.Digest, "files", set.Files, "policies", len(set.Policies))
	return nil
}

// ledger opens the one that a set names, where that is not the one in use. The
// other is not closed: an event may be under way that uses it, and it holds
// nothing that is open.
func (p *policies) ledger(ctx context.Context, set *policy.Set) (record.Ledger, error) {
	name := set.Settings.Ledger.DynamoDB
	if p.force != nil && p.force.set.Settings.Ledger.DynamoDB == name {
		return p.force.ledger, nil
	}
	return p.account.ledger(ctx, name)
}

// appoint gives a set that names no table as its ledger the function's, and
// channels that name no topic theirs.
func (p *policies) appoint(set *policy.Set) error {
	for _, c := range set.Topicless() {
		arn, ok := p.config.topics[c.Name]
		if !ok {
			return fmt.Errorf("%s: the channel %s has no topic: write topic: ARN, or name it by %s, as %s=ARN", c.Pos, c.Name, varTopics, c.Name)
		}
		c.SNS.Topic = arn
	}
	l := &set.Settings.Ledger
	switch own := p.config.ledger; {
	case own == "" || l.DynamoDB == own:
	case l.DynamoDB != "":
		return fmt.Errorf("the policy files name the table %s as the ledger, and %s is %s: two ledgers would know nothing of each other", l.DynamoDB, varLedger, own)
	default:
		*l = policy.Ledger{DynamoDB: own}
	}
	return nil
}

// later opens the queue in which events wait, where a policy lets late tags
// settle and it is not open yet.
func (p *policies) later(ctx context.Context, set *policy.Set) (queue.Keeper, error) {
	if p.force != nil && p.force.later != nil {
		return p.force.later, nil
	}
	if !slices.ContainsFunc(set.Policies, func(one *policy.Policy) bool { return one.Settle > 0 }) {
		return nil, nil
	}
	k, err := p.account.later(ctx, p.config.queue, p.config.sender)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", varQueue, err)
	}
	return k, nil
}

// refused says what of a policy set cannot be kept in a function, whose disk is
// gone with it and which cannot wait by itself.
func refused(set *policy.Set, url string) error {
	var errs []error
	switch l := set.Settings.Ledger; {
	case l.DynamoDB != "":
	case l.None:
		errs = append(errs, errors.New("with ledger: none a function could not tell an event that comes twice from two: "+aTable))
	default:
		errs = append(errs, errors.New("the ledger is a file, which a function has no lasting place for: "+aTable))
	}
	for _, name := range slices.Sorted(maps.Keys(set.Channels)) {
		if set.Channels[name].File != nil {
			errs = append(errs, fmt.Errorf("the channel %s writes files, which nobody would see: take another kind of channel", name))
		}
	}
	for _, one := range set.Policies {
		if one.Settle > 0 && url == "" {
			errs = append(errs, fmt.Errorf("the policy %s judges %s after an event, and this function has no queue in which the event could wait: name by %s the URL of one that calls it, or take settle out", one.Name, span.Format(one.Settle), varQueue))
		}
	}
	return errors.Join(errs...)
}

const aTable = "write settings: {ledger: {dynamodb: TABLE}}, or name the table by " + varLedger + "; \"tagwarden ledger init\" makes one"

// complain logs an error: each mistake in the policy files by itself, with its
// place, and what can be done about it.
func complain(log *slog.Logger, what string, err error) {
	list, ok := errors.AsType[diag.List](err)
	if !ok {
		log.Error(what, "error", err.Error(), "hint", fault.HintOf(err))
		return
	}
	for _, d := range list {
		if d.Severity == diag.Error {
			log.Error(what, "place", d.Pos.String(), "problem", d.Summary, "hint", d.Hint)
		}
	}
}
