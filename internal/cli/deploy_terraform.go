package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

func newDeployTerraform(e Env) *cobra.Command {
	var f deployFlags
	var regions []string
	c := &cobra.Command{
		Use:   "terraform",
		Short: "Write Terraform files for a policy file",
		Long: `terraform writes a folder with everything that the policy file needs in AWS: the
function, rules of EventBridge, schedules, queues, the ledger's table, topics,
alarms, and a role that may do what the policies do and nothing else. It asks
nobody, needs neither Terraform nor credentials, and writes the same bytes for the
same files.

The folder is one root module. Files in it that are not of tagwarden stay as they
are: a backend, terraform.tfvars, and what ends in _override.tf. Where the policy
file names regions, the events of the others are sent on to the function's; with
regions: [all] those of --regions are, or of every region that all accounts have.
Where it names accounts, member is a module for each region of each of these.

With --package the function's package is written beside them, made of the program
that --bootstrap names, the policy files, and the tables that they name.

A variable of the policy file, ${NAME}, becomes one of Terraform's; one that is a
secret is read from Secrets Manager. docs/terraform.md says how it is applied.`,
		Example: `  tagwarden deploy terraform --out stack
  tagwarden deploy terraform --out stack --package --bootstrap build/bootstrap
  tagwarden deploy terraform --diff stack`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDeploy(c, e, &f, form{render: func(d *deploy.Deployment) ([]deploy.File, error) { return deploy.Terraform(d, regions) }, diff: showFolderDiff})
		},
	}
	deployFlagsOf(c, &f, "write nothing, and say what would change from the files in the folder `OLD`")
	c.Flags().StringSliceVar(&regions, "regions", nil, "with regions: [all], send on the events of these `REGIONS` (default: those that every account has)")
	return c
}

// showFolderDiff says what would change from the files of an old folder, of
// which those of others are no part.
func showFolderDiff(e Env, old string, files []deploy.File) error {
	var was []deploy.File
	if info, err := os.Stat(old); err != nil {
		return fmt.Errorf("reading the old folder: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("reading the old folder: %s is a file: name the folder that it is in", old)
	}
	for _, name := range deploy.TerraformFiles() {
		data, err := os.ReadFile(filepath.Join(old, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the old folder: %w", err)
		}
		was = append(was, deploy.File{Name: name, Data: data})
	}
	changes, err := deploy.DiffTerraform(was, files)
	if err != nil {
		return err
	}
	showChanges(e, changes)
	return nil
}
