package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/report"
)

// Errors of asking.
var (
	errNobody   = errors.New("there is nobody to ask: standard input is no terminal. Give --yes to apply without asking, or make a plan first and read it")
	errDeclined = errors.New("nothing was done")
)

// ask asks whether to apply the plan. Only "yes" is one; anything else, the
// end of the input and the end of the context are not.
func ask(ctx context.Context, e Env, p *plan.Plan) error {
	return question(ctx, e, fmt.Sprintf("Apply this plan (%s) to %s?", report.Summary(p), whose(p)))
}

// question asks one, as ask does.
func question(ctx context.Context, e Env, text string) error {
	fmt.Fprintf(e.Stderr, "\n%s Only 'yes' is accepted: ", text)
	answer := make(chan string, 1)
	// Reading a terminal cannot be interrupted. Where the context ends first,
	// the goroutine is left behind for the moments until the process ends.
	go func() {
		line, _ := bufio.NewReader(e.Stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(e.Stderr)
		return fmt.Errorf("interrupted: %w", errDeclined)
	case line := <-answer:
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(e.Stderr)
		}
		if strings.TrimSpace(line) != "yes" {
			return errDeclined
		}
		return nil
	}
}

// whose says in a sentence which accounts a plan is for.
func whose(p *plan.Plan) string {
	switch n := len(p.Accounts); n {
	case 0:
		return "account " + p.Account
	case 1:
		return "account " + p.Accounts[0]
	default:
		return plural(n, "account", "accounts")
	}
}
