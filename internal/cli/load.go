package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
)

// errNoPolicy is the hint for a first run.
var errNoPolicy = errors.New(`there is no policy file; "tagwarden init" writes one to start from, and -f names another`)

// load reads the policy files, and none of the documents that they name.
// Warnings go to standard error; mistakes are the error, all of them.
func load(e Env, f *flags) (*policy.Set, error) {
	_, set, err := loadSources(e, f)
	return set, err
}

// loadSources is load, and returns what was read as well.
func loadSources(e Env, f *flags) ([]policy.Source, *policy.Set, error) {
	sources, set, list, err := read(e, f)
	if err == nil {
		err = warned(e, list)
	}
	return sources, set, err
}

// loadAll is load with the documents that the policy files name, which are read
// from the account that open opens. Whoever can tell nobody is told so.
func loadAll(ctx context.Context, e Env, f *flags, open func(*policy.Set) (*account, error)) (*policy.Set, *account, error) {
	sources, set, list, err := read(e, f)
	if err != nil {
		return nil, nil, err
	}
	if err := list.Err(); err != nil {
		return nil, nil, err
	}
	if c := set.Topicless(); len(c) > 0 {
		return nil, nil, fmt.Errorf("%s: the channel %s has no topic: write topic: ARN. Without one it is for functions that tagwarden deploy has made a topic for", c[0].Pos, c[0].Name)
	}
	a, err := open(set)
	if err != nil {
		return nil, nil, err
	}
	if refs := set.Documents(); len(refs) > 0 {
		set, list = policy.LoadWith(sources, e.LookupEnv, outside.Read(ctx, a.library, refs))
	}
	return set, a, warned(e, list)
}

// warned shows warnings; mistakes are the error.
func warned(e Env, list diag.List) error {
	if err := list.Err(); err != nil {
		return err
	}
	for _, d := range list {
		fmt.Fprintln(e.Stderr, d)
	}
	return nil
}

// read reads the policy files and returns every diagnostic there is.
func read(e Env, f *flags) ([]policy.Source, *policy.Set, diag.List, error) {
	sources, err := policy.ReadFiles(func(path string) (fs.File, error) { return os.Open(path) }, f.policies...)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && slices.Equal(f.policies, []string{defaultPolicy}) {
			return nil, nil, nil, fmt.Errorf("reading %s: %w", defaultPolicy, errNoPolicy)
		}
		return nil, nil, nil, err
	}
	set, list := policy.Load(sources, e.LookupEnv)
	return sources, set, list, nil
}

// checkRegions refuses what is no name of a region, in the words that
// settings.regions has for it.
func checkRegions(c *cobra.Command, regions []string) error {
	for _, r := range regions {
		if wrong, hint := policy.WrongRegion(r); wrong != "" && r != inventory.All {
			return &mistake{verb: c.CommandPath(), err: fmt.Errorf("--region: %q %s: %s", r, wrong, hint)}
		}
	}
	return nil
}

// checkOnly makes sure that --only names policies that there are.
func checkOnly(c *cobra.Command, set *policy.Set, only []string) error {
	var names []string
	for _, p := range set.Policies {
		names = append(names, p.Name)
	}
	for _, o := range only {
		if !slices.Contains(names, o) {
			return unknown(c, "policy", o, names)
		}
	}
	return nil
}

// openLedger opens the ledger that the settings name. For the embedded
// account, and with "ledger: none", it is one that is forgotten. So is that of
// a mere look (write is false) where there is no file yet: looking leaves
// nothing behind. A table must be there: made with one name and looked for by
// another, it would look as if nothing had ever been announced.
func openLedger(ctx context.Context, e Env, set *policy.Set, a *account, write bool) (record.Ledger, error) {
	l := set.Settings.Ledger
	switch {
	case l.DynamoDB != "" && a.table != nil:
		table, err := a.table(ctx)
		if err != nil {
			return nil, err
		}
		return dynamo.New(l.DynamoDB, table, e.Now), nil
	case a.forgets || l.SQLite == "":
		return record.NewMemory(), nil
	}
	if _, err := os.Stat(l.SQLite); !write && errors.Is(err, fs.ErrNotExist) {
		return record.NewMemory(), nil
	}
	return sqlite.Open(ctx, l.SQLite)
}
