package cli

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/span"
)

// demoPolicy is the policy file of the demo.
//
//go:embed demo.yaml
var demoPolicy []byte

// grace is how far the demo moves the clock: a day more than its policy's
// grace period.
const grace = 8 * span.Day

func newDemo(e Env) *cobra.Command {
	var (
		out     string
		noColor bool
	)
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show everything in a minute, without AWS",
		Long: `demo runs the whole of tagwarden on an account that exists only in memory: it
makes a plan, applies it, lets eight days pass, and applies again. It needs no
credentials and reaches no network. The mails it would have sent are left as
files that a mail program opens.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), e, out, noColor) },
	}
	c.Flags().StringVar(&out, "out", "", "leave the mails and the policy file in this `FOLDER` (default: a new one)")
	c.Flags().BoolVar(&noColor, "no-color", false, "show no colours (as does the variable NO_COLOR)")
	return c
}

// demo is the demo while it runs.
type demo struct {
	e       Env
	opts    report.Options
	dir     string
	account *sim.Account
	box     *outbox
	set     *policy.Set
	app     *app.App
	step    int
}

func runDemo(ctx context.Context, e Env, dir string, noColor bool) (err error) {
	dir, err = demoFolder(dir)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "tagwarden-ledger-")
	if err != nil {
		return fmt.Errorf("making a folder for the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	set, list := policy.Load([]policy.Source{{Name: "demo.yaml", Data: demoPolicy, Dir: scratch}}, e.LookupEnv)
	if err := list.Err(); err != nil {
		return err
	}
	ledger, err := sqlite.Open(ctx, set.Settings.Ledger.SQLite)
	if err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	d := &demo{e: e, dir: dir, set: set, account: sim.Demo(), box: &outbox{},
		opts: report.Options{Width: e.Width, Color: colors(e, noColor), Zone: set.Settings.Zone, Extent: report.Samples}}
	d.box.keep = d.keep
	d.app = app.New(app.Options{Set: set, Source: d.account, Actor: d.account, Ledger: ledger,
		Notifier: notify.New(set, notify.Transports{Mail: d.box}, nil), Region: set.Settings.Regions[0]})
	return d.run(ctx)
}

// demoFolder is the folder for what the demo leaves behind, with the policy
// file in it.
func demoFolder(dir string) (string, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "tagwarden-demo-")
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, defaultPolicy), demoPolicy, 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("making a folder for the demo: %w", err)
	}
	return dir, nil
}

// run is the demo's story.
func (d *demo) run(ctx context.Context) error {
	d.say("An account with %d instances in two regions, and a policy file with %s. It exists only in memory.",
		len(d.account.Instances()), plural(len(d.set.Policies), "policy", "policies"))
	d.say(`What would be done, and why? ("tagwarden plan"; here one finding of each kind.)`)
	p, err := d.app.Plan(ctx, d.request("plan"))
	if err != nil {
		return err
	}
	if err := report.Write(d.e.Stdout, report.Table, report.Document{Plan: p}, d.opts); err != nil {
		return err
	}
	d.say(`Do it ("tagwarden apply"). Tags are repaired and owners are told; what is to be stopped has a week's notice.`)
	if err := d.apply(ctx, "first", false); err != nil {
		return err
	}
	d.account.Clock().Advance(grace)
	d.say("Eight days pass. What still has no Project tag is stopped; what must not be stopped is held, with the reason.")
	if err := d.apply(ctx, "second", true); err != nil {
		return err
	}
	d.account.Clock().Advance(time.Hour)
	d.say("An hour later: everything was done, and nobody is told twice.")
	if err := d.apply(ctx, "third", false); err != nil {
		return err
	}
	mails := plural(d.box.total(), "mail", "mails")
	d.say("That is all. %s, none of them sent, and the policy file are in the folder below.", mails)
	fmt.Fprintf(d.e.Stdout, "%s\nTry: tagwarden plan --embedded -f %s\n", d.dir, filepath.Join(d.dir, defaultPolicy))
	return nil
}

// say begins the next step with a sentence or two.
func (d *demo) say(format string, args ...any) {
	d.step++
	text := fmt.Sprintf("%d. %s", d.step, fmt.Sprintf(format, args...))
	if d.step > 1 {
		fmt.Fprintln(d.e.Stdout)
	}
	prose(d.e, text+"\n")
}

func (d *demo) request(run string) app.Request {
	return app.Request{Run: "demo-" + run, Now: d.account.Clock().Now()}
}

// apply applies a fresh plan and shows what came of it: all of it, or the last
// lines and who was told.
func (d *demo) apply(ctx context.Context, run string, whole bool) error {
	r := d.request(run)
	p, err := d.app.Plan(ctx, r)
	if err != nil {
		return err
	}
	rep, err := d.app.Apply(ctx, p, r.Now)
	if err != nil {
		return err
	}
	opts := d.opts
	if !whole {
		opts.Extent = report.Totals
	}
	return report.Write(d.e.Stdout, report.Table, report.Document{Plan: rep.Plan, Outcome: outcome(rep)}, opts)
}

// keep leaves a mail in the folder.
func (d *demo) keep(n int, m notify.Mail) error {
	data, err := notify.EML(m, fmt.Sprintf("demo-%02d", n), d.account.Clock().Now())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, fmt.Sprintf("%02d-%s.eml", n, fileName(m))), data, 0o600)
}

// fileName is the first recipient of a mail as part of a file's name.
func fileName(m notify.Mail) string {
	if len(m.To) == 0 {
		return "mail"
	}
	return strings.Map(func(r rune) rune {
		if r == '@' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, diag.Printable(m.To[0]))
}
