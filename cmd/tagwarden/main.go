// Command tagwarden keeps the tags of an AWS account as a policy file wants
// them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones for machines that have none, such as containers

	"github.com/tagwarden/tagwarden/internal/cli"
)

func main() { os.Exit(run()) }

// run ends what is under way in order on the first signal; the second one then
// has its usual effect, which is to end the process at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, cli.OS(os.Args[1:], time.Now))
}
