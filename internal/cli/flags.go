package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// defaultPolicy is the policy file that is read where none is named.
const defaultPolicy = "tagwarden.yaml"

// flags are what the verbs have in common; each registers those it uses.
type flags struct {
	policies []string
	profile  string
	embedded bool
	regions  []string
	only     []string
	at       string
	format   string
	noColor  bool
	verbose  bool
}

func (f *flags) policyFlag(c *cobra.Command) {
	c.Flags().StringArrayVarP(&f.policies, "policy", "f", []string{defaultPolicy}, "the policy `FILE`, or a folder of them; may be given several times")
}

func (f *flags) accountFlags(c *cobra.Command) {
	c.Flags().StringVar(&f.profile, "profile", "", "`NAME` of the profile in the AWS configuration")
	c.Flags().BoolVar(&f.embedded, "embedded", false, "look at the sample account that is built in, instead of AWS: needs no credentials, sends nothing, forgets everything")
	c.MarkFlagsMutuallyExclusive("profile", "embedded")
}

func (f *flags) judgeFlags(c *cobra.Command, at string) {
	c.Flags().StringSliceVar(&f.regions, "region", nil, "`REGION` to read, or all; may be given several times (default: as the policy file says)")
	c.Flags().StringSliceVar(&f.only, "only", nil, "judge this `POLICY` alone; may be given several times")
	c.Flags().StringVar(&f.at, "at", "", at)
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log what is done to standard error")
}

func (f *flags) reportFlags(c *cobra.Command) {
	formats := make([]string, 0, len(report.Formats()))
	for _, w := range report.Formats() {
		formats = append(formats, string(w))
	}
	words(c, &f.format, "output", "o", "write the result as `FORMAT`: "+strings.Join(formats, ", "), formats...)
	c.Flags().BoolVar(&f.noColor, "no-color", false, "show no colours (as does the variable NO_COLOR)")
}

// wordValue is the value of a flag that takes one of a few words.
type wordValue struct {
	value   *string
	allowed []string
}

// words registers a flag that takes one of a few words, the first by default.
func words(c *cobra.Command, into *string, name, short, usage string, allowed ...string) {
	*into = allowed[0]
	c.Flags().VarP(&wordValue{into, allowed}, name, short, usage)
	err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("cli: " + err.Error()) // the flag is registered above
	}
}

// textOrJSON registers the flag of what is written for people or for programs.
func textOrJSON(c *cobra.Command, into *string) {
	words(c, into, "output", "o", "write the result as `FORMAT`: text, json", "text", "json")
}

// String is the word.
func (v *wordValue) String() string { return *v.value }

// Type is what help calls the value.
func (v *wordValue) Type() string { return "WORD" }

// Set takes the word if it is one of those allowed.
func (v *wordValue) Set(s string) error {
	if !slices.Contains(v.allowed, s) {
		return fmt.Errorf("it is none of %s%s", strings.Join(v.allowed, ", "), near(s, v.allowed))
	}
	*v.value = s
	return nil
}

// flagSuggestion is the flag of a command that was probably meant.
func flagSuggestion(c *cobra.Command, name string) string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	slices.SortFunc(names, cmp.Compare[string])
	for i, n := range names {
		names[i] = "--" + n
	}
	return suggestion("--"+name, names)
}

// typeNames are the types of resources, for suggestions and completion.
func typeNames() []string {
	var names []string
	for _, s := range resource.Schemas() {
		names = append(names, string(s.Type))
	}
	return names
}

// unknown is the mistake of a word that is none of the candidates.
func unknown(c *cobra.Command, what, word string, candidates []string) error {
	return &mistake{verb: c.CommandPath(), err: fmt.Errorf("there is no %s %q%s", what, word, suggestion(word, candidates))}
}
