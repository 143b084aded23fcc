package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// errNoOwners is said where there is nothing to make a group of.
var errNoOwners = errors.New("nothing has the owner's tag: the policies that write it come first")

func newAccessGroups(e Env) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "groups",
		Short: "Write a resource group for each owner in the account",
		Long: `groups reads the account, collects the values of the owner's tag, and writes a
CloudFormation template with a resource group for each: what a person made, on one
page. It only reads. A resource group shows its own region: deploy the template in
each. The same owners give the same template.

Nothing is written where something could not be read: deploying half of the groups
would delete the others.`,
		Example: `  tagwarden access groups > groups.json
  aws cloudformation deploy --stack-name owners --template-file groups.json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runGroups(c, e, &f) },
	}
	f.policyFlag(c)
	c.Flags().StringSliceVar(&f.regions, "region", nil, "`REGION` to read, or all; may be given several times (default: as the policy file says)")
	f.accountFlags(c)
	return c
}

func runGroups(c *cobra.Command, e Env, f *flags) error {
	if err := checkRegions(c, f.regions); err != nil {
		return err
	}
	set, err := load(e, f)
	if err != nil {
		return err
	}
	if set.Access == nil {
		return iam.ErrNoAccess
	}
	a, err := openAccount(c.Context(), e, f, set)
	if err != nil {
		return err
	}
	owners, err := findOwners(c.Context(), a, set, f.regions)
	if err != nil {
		return err
	}
	templates, err := iam.Groups(set, owners)
	if err != nil {
		return err
	}
	if len(templates) == 0 {
		return errNoOwners
	}
	for _, t := range templates {
		if err := writeTemplate(e, t); err != nil {
			return err
		}
	}
	if len(templates) > 1 {
		fmt.Fprintf(e.Stderr, "note: these are %d templates, because one holds %d resources: deploy each as a stack of its own\n", len(templates), iam.MaxStack)
	}
	if len(owners) > iam.MaxGroups {
		fmt.Fprintf(e.Stderr, "note: %d groups: an account holds %d in a region unless AWS was asked for more\n", len(owners), iam.MaxGroups)
	}
	return nil
}

// maxTemplateBody is how many bytes a template may have that CloudFormation is
// given itself, and not a bucket in which it is ("CloudFormation quotas" in its
// user guide).
const maxTemplateBody = 51200

// writeTemplate writes a template: indented where CloudFormation still takes it
// so, in one line where not.
func writeTemplate(e Env, t iam.Template) error {
	var b bytes.Buffer
	for _, indent := range []string{"  ", ""} {
		b.Reset()
		if err := writeHostile(&b, t, indent); err != nil {
			return err
		}
		if b.Len() <= maxTemplateBody {
			break
		}
	}
	if n := b.Len(); n > maxTemplateBody {
		fmt.Fprintf(e.Stderr, "note: the template has %d bytes, and more than %d are deployed by way of a bucket of S3: aws cloudformation deploy --s3-bucket NAME\n", n, maxTemplateBody)
	}
	if _, err := e.Stdout.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// findOwners are the values of the owner's tag in the account, sorted.
func findOwners(ctx context.Context, a *account, set *policy.Set, ask []string) ([]string, error) {
	caller, err := a.source.Caller(ctx)
	if err != nil {
		return nil, err
	}
	regions, err := inventory.Regions(ctx, a.source, ask, set.Settings.Regions, a.region)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	owners := map[string]bool{}
	unread, err := inventory.Sweep(ctx, a.source, inventory.Places(caller.Account, regions), iam.OwnedTypes(set), func(_ resource.Place, rs []resource.Resource) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range rs {
			if owner := r.Tags()[set.Access.OwnerKey]; owner != "" && !r.Ended() {
				owners[owner] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, u := range unread {
		failed = append(failed, fmt.Errorf("reading %s in %s: %w", u.Type, u.At.Region, u.Err))
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("no template is written, because it would lack owners: %w", errors.Join(failed...))
	}
	return slices.Sorted(maps.Keys(owners)), nil
}
