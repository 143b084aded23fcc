package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

// starter is the policy file that init writes.
//
//go:embed starter.yaml
var starter []byte

// errExists is the error of init where there is a file already.
var errExists = errors.New("there is one already; --force replaces it")

func newInit(e Env) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a policy file to start from",
		Long: `init writes a small policy file with a comment on every line, as tagwarden.yaml
or as FILE. It only observes: nothing is changed before you write "mode: enforce".`,
		Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := defaultPolicy
			if len(args) == 1 {
				path = args[0]
			}
			if err := writeStarter(path, force); err != nil {
				return fmt.Errorf("writing %s: %w", path, err)
			}
			fmt.Fprintf(e.Stdout, "wrote %s\n", path)
			fmt.Fprintf(e.Stderr, "next: read it, then try \"tagwarden plan -f %s --embedded\", then without --embedded on your account\n", path)
			return nil
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return c
}

func writeStarter(path string, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return errExists
	}
	if err != nil {
		return err
	}
	_, err = f.Write(starter)
	return errors.Join(err, f.Close())
}
