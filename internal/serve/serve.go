// Package serve is the daemon: it takes events from a queue and runs what is
// scheduled, through the one pipeline, until it is told to end. It decides
// nothing about resources.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
)

// Loaded is the policies as they are at one time, and the pipeline for them.
type Loaded struct {
	Set *policy.Set
	App *app.App
}

// Options are what a Server is made of. All that do not say what nil means are
// needed.
type Options struct {
	// Load reads the policies: when the daemon begins, before every sweep, and for
	// events where that is more than ten minutes ago.
	Load func(context.Context) (*Loaded, error)
	// Inbox is where events come from; nil: only what is scheduled is done.
	Inbox queue.Inbox
	// Manner is how the inbox is set up.
	Manner queue.Manner
	// Notes are what settles in this process; nil: nothing does.
	Notes *queue.Timer
	// Ledger remembers which schedules were run, in Scope.
	Ledger record.Ledger
	Scope  record.Scope
	// Run names a run that begins now. Clock is the present time.
	Run   func(now time.Time) string
	Clock func() time.Time
	// Drain is how long what is under way may go on once the daemon is to end.
	Drain time.Duration
	// Listener is where health and metrics are served; nil: nowhere.
	Listener net.Listener
	Log      *slog.Logger
}

// Server is the daemon.
type Server struct {
	o       Options
	metrics *metrics
	health  health
	// sweeping is held by the one sweep that runs.
	sweeping chan struct{}
	// done is the last time of each policy's schedule that needs nothing more; it
	// belongs to who runs the schedules.
	done map[string]time.Time

	mu     sync.Mutex
	loaded *Loaded
	at     time.Time // when it was
}

// New returns a Server. It does nothing before Run.
func New(o Options) *Server {
	return &Server{o: o, metrics: newMetrics(), sweeping: make(chan struct{}, 1), done: map[string]time.Time{}}
}

// Run works until the context ends, and then for as long as what is under way
// takes, at most Drain: after that it is interrupted, and handed back to the
// queue. An error says that it could not begin.
func (s *Server) Run(ctx context.Context) error {
	if _, err := s.reload(ctx); err != nil {
		if s.o.Listener != nil {
			err = errors.Join(err, s.o.Listener.Close())
		}
		return err
	}
	work, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	stop := context.AfterFunc(ctx, func() {
		s.health.drain()
		s.o.Log.Info("ending: nothing new is begun", "limit", s.o.Drain)
		t := time.AfterFunc(s.o.Drain, interrupt)
		context.AfterFunc(work, func() { t.Stop() })
	})
	defer stop()
	closed := s.listen()
	s.warn()
	s.o.Log.Info("serving", "queue", s.o.Manner.ARN, "policies", len(s.current().Set.Policies))
	var wg sync.WaitGroup
	wg.Go(func() { s.schedules(ctx, work) })
	if s.o.Inbox != nil {
		wg.Go(func() { s.intake(ctx, work) })
	}
	if s.o.Notes != nil {
		wg.Go(func() { s.notes(ctx, work) })
	}
	wg.Wait()
	s.health.drain()
	closed()
	if s.o.Notes != nil && s.o.Notes.Len() > 0 {
		s.o.Log.Warn("what was to settle is forgotten; the next sweep finds what of it a policy is swept for", "events", s.o.Notes.Len())
	}
	s.o.Log.Info("ended")
	return nil
}

// warn says which policies may never judge what settles in memory.
func (s *Server) warn() {
	if s.o.Notes == nil {
		return
	}
	var lost []string
	for _, p := range s.current().Set.Policies {
		if p.Settle > 0 && p.NoSweep {
			lost = append(lost, p.Name)
		}
	}
	if len(lost) > 0 {
		s.o.Log.Warn("what settles is kept in memory, and no sweep finds what of it is forgotten at the end", "policies", lost)
	}
}

// readTimeout is how long a request for health or metrics may take to arrive.
const readTimeout = 5 * time.Second

// listen serves health and metrics, and returns what ends that.
func (s *Server) listen() func() {
	if s.o.Listener == nil {
		return func() {}
	}
	server := &http.Server{Handler: s.Handler(), ReadTimeout: readTimeout, WriteTimeout: readTimeout, MaxHeaderBytes: 1 << 14}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(s.o.Listener); !errors.Is(err, http.ErrServerClosed) {
			s.o.Log.Error("health and metrics are no longer served", "error", err)
		}
	})
	return func() {
		if err := server.Close(); err != nil {
			s.o.Log.Warn("closing the listener", "error", err)
		}
		wg.Wait()
	}
}

// stale is how old the policies may be for an event: documents that they name
// are read when they are.
const stale = 10 * time.Minute

// current is the policies as they were last read.
func (s *Server) current() *Loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loaded
}

// fresh is the policies, read again where that is long ago.
func (s *Server) fresh(ctx context.Context) (*Loaded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Clock().Sub(s.at) < stale {
		return s.loaded, nil
	}
	return s.load(ctx)
}

// reload reads the policies.
func (s *Server) reload(ctx context.Context) (*Loaded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(ctx)
}

// load reads the policies; the lock is held. Where that fails nothing is judged
// by the old ones: whoever changed them meant to.
func (s *Server) load(ctx context.Context) (*Loaded, error) {
	l, err := s.o.Load(ctx)
	if err != nil {
		s.health.set(policies, err)
		return nil, err
	}
	s.health.set(policies, nil)
	s.loaded, s.at = l, s.o.Clock()
	return l, nil
}

// pause waits for a length of time, or until the context ends or something
// comes from wake, which may be nil. False says that the context has ended.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-t.C:
	}
	return ctx.Err() == nil
}

// backoff is how long to wait after something failed n times in a row.
func backoff(n int, least, most time.Duration) time.Duration {
	return min(least<<min(max(n-1, 0), 16), most)
}
