package deploy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
)

// maxName is how long a function's name may be ("CreateFunction" in the Lambda
// API reference). Schedule groups, trails and tables have room for as much.
const maxName = 64

// functionName is what a name looks like that functions, schedule groups and
// tables can have.
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{2,}$`)

// adjoining are hyphens and underscores beside each other.
var adjoining = regexp.MustCompile("[_-]{2,}")

// trailName is the function's name as a trail can have it: with no two hyphens or
// underscores beside each other, and none at its end ("Naming requirements" in
// the user guide of CloudTrail).
func (d *Deployment) trailName() string {
	name := strings.TrimRight(adjoining.ReplaceAllStringFunc(d.Name, func(s string) string { return s[:1] }), "_-")
	if len(name) < 3 {
		return "trail-" + name
	}
	return name
}

// ownPrefix begins the variables that the function itself reads.
const ownPrefix = "TAGWARDEN_"

// nameOf makes a function's name of the settings' name.
func nameOf(settings string) string {
	if settings == "default" {
		return "tagwarden"
	}
	return "tagwarden-" + strings.ReplaceAll(settings, ".", "-")
}

// check says what cannot be deployed, all of it.
func check(set *policy.Set, d *Deployment, o Options) error {
	errs := []error{checkName(d.Name, o.Name), checkAccounts(set)}
	for _, name := range slices.Sorted(maps.Keys(set.Channels)) {
		errs = append(errs, checkChannel(set.Channels[name]))
	}
	for _, p := range set.Policies {
		if bus := set.Settings.Outcomes; len(p.Wakes.Outcomes) > 0 && strings.HasPrefix(bus, "arn:") {
			errs = append(errs, fmt.Errorf("%s: the policy %s follows outcomes on the bus %s, which may be in another account: name a bus of this one, as settings: {outcomes: {eventbridge: NAME}}", p.Pos, p.Name, bus))
		}
	}
	for _, v := range o.Variables {
		errs = append(errs, checkVariable(v.Name))
	}
	for _, f := range o.Files {
		if strings.Contains(f, ",") {
			errs = append(errs, fmt.Errorf("the path %q has a comma, and the function divides paths by commas: rename the file", f))
		} else if strings.HasPrefix(f, "s3:") || strings.HasPrefix(f, "ssm:") || strings.TrimSpace(f) != f {
			errs = append(errs, fmt.Errorf("the path %q begins with s3: or ssm:, or has a space at one end, and the function would look for it elsewhere: rename the file", f))
		}
	}
	return errors.Join(errs...)
}

func checkName(name, asked string) error {
	hint := "give a shorter one with --name, or to the settings"
	if asked != "" {
		hint = "give a shorter one"
	}
	switch {
	case len(name) > maxName:
		return fmt.Errorf("the function's name %s has %d characters, and Lambda takes %d: %s", name, len(name), maxName, hint)
	case name == "default":
		return errors.New("the name default is that of AWS's own bus and group of schedules, and the function's would have it too: give another")
	case !functionName.MatchString(name):
		return fmt.Errorf("%q is no name of a function: it has at least three letters, digits, hyphens and underscores, a letter first", name)
	}
	return nil
}

// checkChannel says why the function cannot tell anybody through a channel.
func checkChannel(c *policy.Channel) error {
	switch {
	case c.File != nil:
		return fmt.Errorf("%s: the channel %s writes files, which nobody would see: take another kind of channel", c.Pos, c.Name)
	case c.SES != nil && strings.HasSuffix(strings.TrimSuffix(c.SES.From, ">"), "."+unsetDomain):
		return fmt.Errorf("%s: the channel %s sends as an identity that is not known, and the role is limited to it: set its variable, or write %s", c.Pos, c.Name, "from: ${NAME:-ADDRESS}")
	}
	return nil
}

// maxEnvironment is how many bytes the variables of a function may have, names and
// values ("Lambda quotas").
const maxEnvironment = 4 << 10

// checkEnvironment refuses more than Lambda takes. What only AWS knows is not
// counted.
func (d *Deployment) checkEnvironment() error {
	n := 0
	for _, s := range d.Function.Environment {
		n += len(s.Name) + len(marked.ReplaceAllString(s.Value, ""))
	}
	for _, v := range d.Variables {
		if v.Kind == Plain && v.Known {
			n += len(v.Default)
		}
	}
	if n > maxEnvironment {
		return fmt.Errorf("the variables of the function have %d bytes, and Lambda takes %d: write fewer and shorter ones, or put policy files together", n, maxEnvironment)
	}
	return nil
}

// checkVariable says why a function cannot have a variable of that name
// ("Using Lambda environment variables": reserved ones).
func checkVariable(name string) error {
	reserved := []string{"_HANDLER", "_X_AMZN_TRACE_ID", "TZ", "LANG", "PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH", "GEM_PATH"}
	switch {
	case strings.HasPrefix(name, ownPrefix):
		return fmt.Errorf("the policy files name the variable %s, and variables of the function that begin so are its own: give it another name", name)
	case strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "LAMBDA_") || strings.HasPrefix(name, "_") || slices.Contains(reserved, name) || len(name) < 2:
		return fmt.Errorf("the policy files name the variable %s, which Lambda does not let functions set: give it another name", name)
	}
	return nil
}
