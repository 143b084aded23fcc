package serve

import (
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// part is something that the daemon needs for its work.
type part int

const (
	policies part = iota
	receiving
	sweeping
	parts // how many there are
)

var partNames = [parts]string{"reading the policies", "receiving messages", "the last sweep"}

// health is what is wrong at present. The zero value is well.
type health struct {
	mu       sync.Mutex
	wrong    [parts]error
	draining bool
}

func (h *health) set(p part, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong[p] = err
}

func (h *health) drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// ready says what keeps the daemon from its work, a line each; none where
// nothing does.
func (h *health) ready() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	if h.draining {
		lines = append(lines, "ending")
	}
	for p, err := range h.wrong {
		if err != nil {
			lines = append(lines, partNames[p]+": "+diag.Printable(err.Error()))
		}
	}
	return lines
}

// Handler serves /healthz, which answers as long as the process lives, /readyz,
// which says what keeps it from its work with status 503, and /metrics.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	text := func(w http.ResponseWriter, kind string, code int, write func(io.Writer) error) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(code)
		if err := write(w); err != nil {
			s.o.Log.Debug("answering", "error", err)
		}
	}
	const plain = "text/plain; charset=utf-8"
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		text(w, plain, http.StatusOK, func(w io.Writer) error { _, err := io.WriteString(w, "ok\n"); return err })
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		lines, code := s.health.ready(), http.StatusServiceUnavailable
		if len(lines) == 0 {
			lines, code = []string{"ok"}, http.StatusOK
		}
		text(w, plain, code, func(w io.Writer) error {
			for _, l := range lines {
				if _, err := fmt.Fprintln(w, l); err != nil {
					return err
				}
			}
			return nil
		})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		ready := 0.0
		if len(s.health.ready()) == 0 {
			ready = 1
		}
		s.metrics.set("tagwarden_ready", ready)
		text(w, "text/plain; version=0.0.4; charset=utf-8", http.StatusOK, s.metrics.write)
	})
	return mux
}
