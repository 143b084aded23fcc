package cli

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// iamFlags are iam's own.
type iamFlags struct {
	flags
	account  string
	readOnly bool
	member   bool
	explain  bool
	output   string
}

// errOnlyExplained refuses a format for what has but one.
var errOnlyExplained = errors.New("a policy document is always JSON: -o belongs to --explain")

// errNoMembers refuses a role for accounts that are not named.
var errNoMembers = errors.New("--member is for policy files whose settings name accounts")

func newIAM(e Env) *cobra.Command {
	var f iamFlags
	c := &cobra.Command{
		Use:   "iam",
		Short: "Write the smallest IAM policy that this policy file needs",
		Long: `iam writes a policy document for IAM: what plan and apply of this policy file
call, on the resources that it is about, and nothing else. It asks nobody: not
AWS, not the ledger. With --explain it says which policy needs which permission,
on what, and why where that is every resource.

The document is for apply of any kind: by hand, from a saved plan, or by an
event. undo, ledger init and rules init and push need more: docs/permissions.md.
What is named by a variable that is not set can be anything of its kind.

Where the settings name accounts, it is for the credentials that tagwarden has
itself, and --member writes what the role in each of the other accounts needs.

Where one managed policy cannot hold it all, several documents are written one
after the other, and standard error says so.`,
		Example: `  tagwarden iam > policy.json
  tagwarden iam --read-only --account 111122223333
  tagwarden iam --member > member.json
  tagwarden iam --explain`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runIAM(c, e, &f) },
	}
	f.policyFlag(c)
	c.Flags().StringSliceVar(&f.regions, "region", nil, "`REGION` that is read, or all; may be given several times (default: as the policy file says)")
	accountFlag(c, &f.account)
	c.Flags().BoolVar(&f.readOnly, "read-only", false, "what plan needs, without what only apply does")
	c.Flags().BoolVar(&f.member, "member", false, "what the role in each of the settings' other accounts needs")
	c.Flags().BoolVar(&f.explain, "explain", false, "say what needs each permission instead")
	textOrJSON(c, &f.output)
	return c
}

// accountID is what AWS calls an account.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func runIAM(c *cobra.Command, e Env, f *iamFlags) error {
	if c.Flags().Changed("output") && !f.explain {
		return &mistake{verb: c.CommandPath(), err: errOnlyExplained}
	}
	if err := checkAccount(c, f.account); err != nil {
		return err
	}
	if err := checkRegions(c, f.regions); err != nil {
		return err
	}
	set, unset, err := loadUnset(e, &f.flags)
	if err != nil {
		return err
	}
	if f.member && set.Settings.Accounts == nil {
		return &mistake{verb: c.CommandPath(), err: errNoMembers}
	}
	role, err := iam.For(set, iam.Options{Regions: f.regions, Account: f.account, ReadOnly: f.readOnly, Member: f.member, Unset: unset})
	if err != nil {
		return err
	}
	for _, n := range role.Notes {
		fmt.Fprintln(e.Stderr, "note: "+diag.Printable(n))
	}
	if f.explain {
		return explainRole(e, role, f.output)
	}
	return writeRole(e, role)
}

// loadUnset is load for those who have not set all variables: a value stands in
// for each that is not set and has no default.
func loadUnset(e Env, f *flags) (*policy.Set, map[string]string, error) {
	sources, _, _, err := read(e, f)
	if err != nil {
		return nil, nil, err
	}
	set, variables, list := deploy.Read(sources, e.LookupEnv, func(env deploy.Lookup) (*policy.Set, diag.List) { return policy.Load(sources, env) })
	if err := warned(e, list); err != nil {
		return nil, nil, err
	}
	unset := map[string]string{}
	for _, v := range variables {
		if !v.Known && v.Default != "" {
			unset[v.Name] = v.Default
		}
	}
	return set, unset, nil
}

// writeRole writes the documents.
func writeRole(e Env, role *iam.Role) error {
	docs := role.Documents(iam.MaxDocument)
	for i := range docs {
		b, err := docs[i].JSON()
		if err := write(e.Stdout, b, err); err != nil {
			return err
		}
	}
	if len(docs) > 1 {
		fmt.Fprintf(e.Stderr, "note: these are %d documents, because a managed policy holds %d characters: make a policy of each, and attach all\n", len(docs), iam.MaxDocument)
	}
	return nil
}

// granted is a permission as iam --explain -o json writes it.
type granted struct {
	Permission string         `json:"permission"`
	Resources  []string       `json:"resources"`
	Conditions iam.Conditions `json:"conditions,omitempty"`
	// Why is the reason for every resource.
	Why  string     `json:"why,omitempty"`
	Uses []neededBy `json:"uses"`
}

type neededBy struct {
	Policy string `json:"policy,omitempty"`
	For    string `json:"for"`
	Plan   bool   `json:"plan"`
}

func explainRole(e Env, role *iam.Role, output string) error {
	if output != "json" {
		var rows [][]string
		for _, g := range role.Grants {
			rows = append(rows, explained(&g)...)
		}
		grid(e, []string{"PERMISSION", "ON", "POLICY", "FOR", "VERB"}, rows)
		for _, line := range append(limited(role), unlimited(role)...) {
			prose(e, line)
		}
		return nil
	}
	out := make([]granted, 0, len(role.Grants))
	for _, g := range role.Grants {
		one := granted{Permission: g.Permission, Resources: g.Resources, Conditions: g.Conditions, Why: g.Why, Uses: []neededBy{}}
		for _, u := range g.Uses {
			one.Uses = append(one.Uses, neededBy(u))
		}
		out = append(out, one)
	}
	return writeHostile(e.Stdout, out, "  ")
}

// explained are the lines of one permission, one for each use; what they share
// is said once.
func explained(g *iam.Grant) [][]string {
	var rows [][]string
	for i, u := range g.Uses {
		permission, on := "", ""
		if i == 0 {
			permission, on = g.Permission, diag.Printable(strings.Join(g.Resources, " "))
		}
		policy, verb := u.Policy, "apply"
		if policy == "" {
			policy = "(all)"
		}
		if u.Plan {
			verb = "plan, apply"
		}
		rows = append(rows, []string{permission, on, diag.Printable(policy), diag.Printable(u.For), verb})
	}
	return rows
}

// limited says of each permission under which conditions it is given.
func limited(role *iam.Role) []string {
	said := func(g *iam.Grant) string {
		var all []string
		for _, op := range slices.Sorted(maps.Keys(g.Conditions)) {
			for _, key := range slices.Sorted(maps.Keys(g.Conditions[op])) {
				all = append(all, diag.Printable(op+" "+key+" "+strings.Join(g.Conditions[op][key], ", ")))
			}
		}
		return strings.Join(all, "; ")
	}
	return grouped(role, "only where ", said)
}

// unlimited says of each permission on every resource why it is.
func unlimited(role *iam.Role) []string {
	return grouped(role, "on every resource: ", func(g *iam.Grant) string { return g.Why })
}

// grouped are lines that say the same of some permissions, nothing of those of
// which there is nothing to say; they are in the order of the grants.
func grouped(role *iam.Role, words string, said func(*iam.Grant) string) []string {
	var order []string
	of := map[string][]string{}
	for i := range role.Grants {
		g := &role.Grants[i]
		text := said(g)
		if text == "" {
			continue
		}
		if of[text] == nil {
			order = append(order, text)
		}
		if !slices.Contains(of[text], g.Permission) {
			of[text] = append(of[text], g.Permission)
		}
	}
	out := make([]string, 0, len(order))
	for _, text := range order {
		out = append(out, "\n"+strings.Join(of[text], ", ")+" "+words+text+".")
	}
	return out
}
