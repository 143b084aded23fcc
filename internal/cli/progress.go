package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/tagwarden/tagwarden/internal/app"
)

// progressDelay is how often the line is drawn anew at most.
const progressDelay = 100 * time.Millisecond

// progress shows on a terminal how a listing goes. How many resources there
// are is not known before the last page, so it counts and promises nothing.
type progress struct {
	bar     *progressbar.ProgressBar
	mu      sync.Mutex
	regions map[string]int
}

// newProgress returns one that shows nothing where standard error is no
// terminal, or is taken by the log.
func newProgress(e Env, verbose bool) *progress { return progressEvery(progressDelay, e, verbose) }

// progressEvery is newProgress with another delay.
func progressEvery(delay time.Duration, e Env, verbose bool) *progress {
	p := &progress{regions: map[string]int{}}
	if e.StderrTerminal && !verbose {
		p.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(e.Stderr), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(delay), progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionSetElapsedTime(false))
	}
	return p
}

// show takes the news of a region; it is safe for concurrent use.
func (p *progress) show(n app.Progress) {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.regions[n.Region] = n.Resources
	total := 0
	for _, r := range p.regions {
		total += r
	}
	p.draw(fmt.Sprintf("reading: %d resources in %s", total, strings.Join(slices.Sorted(maps.Keys(p.regions)), ", ")), total)
}

// note shows how far something else has come; it is safe for concurrent use.
func (p *progress) note(text string, n int) {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(text, n)
}

// draw shows a line whose counter stands at n.
func (p *progress) draw(text string, n int) {
	p.bar.Describe(text)
	_ = p.bar.Set(n) // a line that cannot be drawn harms nobody
}

// end takes the line off the screen.
func (p *progress) end() {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Finish() // as in show
}
