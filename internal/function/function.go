package function

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/trigger"
)

// Function handles invocations. It is safe for concurrent use.
type Function struct {
	world   World
	config  config
	env     map[string]string
	log     *slog.Logger
	version string
	wrong   error // the configuration's mistakes

	mu       sync.Mutex
	policies *policies // nil before AWS could be opened
}

// New returns the function that the environment describes. What is wrong with
// that is logged, and the error of every invocation. version is tagwarden's.
func New(w World, version string) *Function {
	f := &Function{world: w, env: environment(w.Environ), version: version}
	f.config, f.wrong = configure(f.env)
	f.log = newLog(w.Log, f.config.level)
	if f.wrong != nil {
		f.log.Error("the function is not set up as it should be", "error", f.wrong.Error())
	}
	return f
}

// Logger is where the function logs.
func (f *Function) Logger() *slog.Logger { return f.log }

// patience is how long Warm may take: Lambda gives an environment ten seconds
// to start ("Understanding the Lambda execution environment lifecycle").
const patience = 8 * time.Second

// Warm loads the policies before the first event asks for them. Where that
// fails, the first event tries again.
func (f *Function) Warm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p, err := f.open(ctx); err == nil {
		_, _, _ = p.get(ctx, f.log, p.account.now(), false) // it has logged what is wrong
	}
}

// open opens AWS where that is not done yet.
func (f *Function) open(ctx context.Context) (*policies, error) {
	if f.wrong != nil {
		return nil, &Error{Misconfigured, f.wrong}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.policies != nil {
		return f.policies, nil
	}
	p := &policies{config: f.config, env: f.env, open: f.world.Open}
	if f.world.account != nil {
		p.account = f.world.account()
	} else {
		a, err := openAWS(ctx, f.world.Now, f.version)
		if err != nil {
			complain(f.log, "AWS cannot be opened", err)
			return nil, &Error{Misconfigured, err}
		}
		p.account = a
	}
	f.policies = p
	return p, nil
}

// Invoke handles one invocation, whose id is the request's. The error, an
// *Error, says that it is to be delivered again; what is malformed is an answer
// instead, and so are the messages of a queue that failed.
func (f *Function) Invoke(ctx context.Context, id string, payload []byte) (*Answer, error) {
	log := f.log.With("requestId", id)
	began := f.world.Now()
	a, err := f.invoke(ctx, log, id, payload)
	took := f.world.Now().Sub(began).Milliseconds()
	if err != nil {
		e := named(err)
		log.Error("the invocation failed", "name", e.Name, "error", e.Error(), "ms", took)
		return nil, e
	}
	log.Info("the invocation has ended", "status", a.StatusCode, "result", a.Body, "events", len(a.Events), "again", len(a.Failures), "ms", took)
	return a, nil
}

func (f *Function) invoke(ctx context.Context, log *slog.Logger, id string, payload []byte) (*Answer, error) {
	p, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	batch, err := trigger.Read(payload)
	if err != nil {
		return malformed(log, err), nil
	}
	i := &invocation{log: log, id: id, answer: newAnswer(), batch: batch, policies: p, until: f.deadline(ctx)}
	ctx, cancel := i.until.bound(ctx)
	defer cancel()
	if err := i.prepare(ctx); err != nil {
		return nil, err
	}
	var failed []error
	for n := range batch.Messages {
		if err := i.message(ctx, n); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 && !batch.Queue {
		return nil, failure(failed, len(batch.Messages))
	}
	i.answer.sum()
	return i.answer, nil
}

// malformed is the answer to what is no event.
func malformed(log *slog.Logger, err error) *Answer {
	a := newAnswer()
	e := &Error{Malformed, err}
	log.Error("it is no event", "name", e.Name, "error", e.Error())
	a.StatusCode, a.Body = statusMalformed, e.Error()
	a.Events = append(a.Events, Event{Policies: []string{}, Error: e.Name, Text: e.Error()})
	return a
}

// failure is the error of an invocation of which some events failed: what may
// pass counts as such only where all of it may.
func failure(failed []error, of int) error {
	if of == 1 {
		return failed[0]
	}
	name := Unfinished
	for _, err := range failed {
		if n := named(err).Name; n != Unfinished {
			name = n
		}
	}
	return &Error{name, fmt.Errorf("%d of %d events failed: %w", len(failed), of, errors.Join(failed...))}
}
