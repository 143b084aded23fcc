package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// deployFlags are those of deploy.
type deployFlags struct {
	flags
	out       string
	name      string
	pack      bool
	bootstrap string
	diff      string
}

func newDeploy(e Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Write what a policy file needs in AWS to run there by itself",
		Args:  verbs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDeployCloudFormation(e), newDeployTerraform(e))
	return c
}

func newDeployCloudFormation(e Env) *cobra.Command {
	var f deployFlags
	c := &cobra.Command{
		Use:   "cloudformation",
		Short: "Write CloudFormation templates for a policy file",
		Long: `cloudformation writes a template with everything that the policy file needs in
AWS: the function, rules of EventBridge, schedules, queues, the ledger's table,
topics, alarms, and a role that may do what the policies do and nothing else. It
asks nobody, needs no credentials, and writes the same bytes for the same files.

template.yaml is the stack. Where the policy file names regions, forwarding.yaml
is for each of the others: it sends their events to the stack's. Where it names
accounts, member.yaml is for each of these, in every region: docs/organisations.md.

With --package the function's package is written beside them, made of the program
that --bootstrap names, the policy files, and the tables that they name.

A variable of the policy file, ${NAME}, becomes a parameter; one that is a secret
is read from Secrets Manager. docs/cloudformation.md says how it is deployed.`,
		Example: `  tagwarden deploy cloudformation --out stack
  tagwarden deploy cloudformation --out stack --package --bootstrap build/bootstrap
  tagwarden deploy cloudformation --diff stack/template.yaml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDeploy(c, e, &f, form{render: deploy.CloudFormation, names: deploy.TemplateFiles(), diff: showDiff, packed: bucketed})
		},
	}
	deployFlagsOf(c, &f, "write nothing, and say what would change from the template `OLD`, or the folder with templates")
	return c
}

// form is what a deployment is written as.
type form struct {
	// render makes the files.
	render func(*deploy.Deployment) ([]deploy.File, error)
	// names are those of the files that are not always made.
	names []string
	// diff says what would change from old files, or those in an old folder.
	diff func(e Env, old string, files []deploy.File) error
	// packed says what is to be done with the package, nil for nothing.
	packed func(*deploy.Deployment) string
}

// bucketed says where a template looks for the package.
func bucketed(d *deploy.Deployment) string {
	return "the template looks for " + deploy.PackageFile + " in the bucket as " + d.CodeKey()
}

// deployFlagsOf adds the flags that all forms have.
func deployFlagsOf(c *cobra.Command, f *deployFlags, diff string) {
	f.policyFlag(c)
	c.Flags().StringVar(&f.out, "out", "", "write the files into the folder `DIR`")
	c.Flags().StringVar(&f.name, "name", "", "the function's `NAME` (default: tagwarden, and the settings' name after it)")
	c.Flags().BoolVar(&f.pack, "package", false, "make the package of the function as well")
	c.Flags().StringVar(&f.bootstrap, "bootstrap", deploy.Program, "with --package: the `FILE` that is the program, built for Linux")
	c.Flags().StringVar(&f.diff, "diff", "", diff)
	c.MarkFlagsMutuallyExclusive("out", "diff")
	c.MarkFlagsOneRequired("out", "diff")
}

func runDeploy(c *cobra.Command, e Env, f *deployFlags, as form) error {
	if c.Flags().Changed("bootstrap") && !f.pack {
		return &mistake{verb: c.CommandPath(), err: errors.New("--bootstrap belongs to --package")}
	}
	if c.Flags().Changed("name") && f.name == "" {
		return &mistake{verb: c.CommandPath(), err: errors.New("--name: a function has a name")}
	}
	files, d, err := deployment(e, f, as)
	if err != nil {
		return err
	}
	for _, n := range d.Notes {
		fmt.Fprintln(e.Stderr, "note: "+diag.Printable(n))
	}
	if f.diff != "" {
		return as.diff(e, f.diff, files)
	}
	for _, file := range files {
		path := filepath.Join(f.out, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(e.Stderr, "wrote "+diag.Printable(path))
	}
	for _, name := range as.names {
		left := filepath.Join(f.out, name)
		if _, err := os.Lstat(left); err == nil && !slices.ContainsFunc(files, func(f deploy.File) bool { return f.Name == name }) {
			fmt.Fprintln(e.Stderr, "note: "+diag.Printable(left)+" is of an earlier time, and these policy files need none: delete the stacks that were made of it, and the file")
		}
	}
	if f.pack && as.packed != nil {
		fmt.Fprintln(e.Stderr, as.packed(d))
	}
	return nil
}

// deployment makes the files of a deployment.
func deployment(e Env, f *deployFlags, as form) ([]deploy.File, *deploy.Deployment, error) {
	var opened []string
	open := func(path string) (fs.File, error) {
		file, err := os.Open(path)
		if err == nil && !slices.Contains(opened, path) {
			opened = append(opened, path)
		}
		return file, err
	}
	sources, err := policy.ReadFiles(open, f.policies...)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && slices.Equal(f.policies, []string{defaultPolicy}) {
			return nil, nil, fmt.Errorf("reading %s: %w", defaultPolicy, errNoPolicy)
		}
		return nil, nil, err
	}
	set, variables, list := deploy.Read(sources, e.LookupEnv, func(env deploy.Lookup) (*policy.Set, diag.List) { return policy.Load(sources, env) })
	if err := warned(e, list); err != nil {
		return nil, nil, err
	}
	inside, err := places(opened)
	if err != nil {
		return nil, nil, err
	}
	o := deploy.Options{Name: f.name, Variables: variables}
	for _, s := range sources {
		o.Files = append(o.Files, inside[s.Name])
	}
	if f.pack {
		if o.Package, err = packageOf(f.bootstrap, inside); err != nil {
			return nil, nil, err
		}
	}
	d, err := deploy.For(set, o)
	if err != nil {
		return nil, nil, err
	}
	files, err := as.render(d)
	if err == nil && o.Package != nil && f.out != "" {
		files = append(files, deploy.File{Name: deploy.PackageFile, Data: o.Package.Data})
	}
	return files, d, err
}
