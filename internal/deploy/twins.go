package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// twin is the policy files read with another value of one variable. What differs
// follows from the variable; what only reads as its value does not.
type twin struct {
	value string
	set   *policy.Set
}

// others are values for places that take no word: regions, zones, groups of EC2,
// lengths of time, numbers, schedules, and the words that are taken most.
var others = []string{"zz-north-9", "Antarctica/Troll", "sg-00000000000000000", "367d", "1h1m", "97", "1.5", "rate(97 days)", "true", "false", "observe", "enforce"}

// twinOf reads the files with another value of a variable that fits its place,
// nil where none does.
func twinOf(v Variable, with map[string]string, try func(map[string]string) (*policy.Set, diag.List)) *twin {
	if !v.Known || v.Default == "" {
		return nil
	}
	n := strings.ToLower(strings.ReplaceAll(v.Name, "_", "-")) + "-unset-invalid"
	values := []string{n}
	if _, domain, mail := strings.Cut(v.Default, "@"); mail {
		values = []string{n + "@" + domain}
	}
	for _, value := range slices.Concat(values, standIns(v.Name), others) {
		if value == v.Default {
			continue
		}
		one := maps.Clone(with)
		one[v.Name] = value
		if set, _ := try(one); set != nil {
			return &twin{value, set}
		}
	}
	return nil
}

// inSecretOf says whether a secret of a channel is made of the variable.
func (v Variable) inSecretOf(channel, secret string) bool {
	if v.twin == nil {
		return v.within(secret)
	}
	c := v.twin.set.Channels[channel]
	return c != nil && slices.ContainsFunc(secrets(c), Variable{Default: v.twin.value}.within)
}

// follow says which texts of a deployment are made of which variable, and which
// variables decide more than texts.
func (d *Deployment) follow(set *policy.Set) {
	d.refers = map[string]map[string]bool{}
	is, ok := d.essence(set)
	if !ok {
		return // what is wrong is told when it is worked out
	}
	all := d.Variables
	d.Variables = nil
	for _, v := range all {
		if v.Kind != Plain || !v.Known || v.Default == "" {
			d.Variables = append(d.Variables, v)
			continue
		}
		refers, decides := map[string]bool{}, v.twin == nil
		if !decides {
			refers, decides = d.made(v, is)
		}
		if decides {
			d.fixed = append(d.fixed, v)
			continue
		}
		d.Variables, d.refers[v.Name] = append(d.Variables, v), refers
	}
}

// made compares the deployment with that of a variable's twin: the texts that are
// made of the variable, and whether there is another difference than these.
func (d *Deployment) made(v Variable, is map[string]bool) (refers map[string]bool, decides bool) {
	would, ok := d.essence(v.twin.set)
	if !ok {
		return nil, true
	}
	refers = map[string]bool{}
	for text := range is {
		other := strings.ReplaceAll(v.replace(text, text), VariableMark(v.Name), v.twin.value)
		switch {
		case would[text]:
		case other == text || !would[other]:
			return nil, true
		default:
			refers[text] = true
			delete(would, other)
		}
	}
	for text := range would {
		if !is[text] {
			return nil, true
		}
	}
	return refers, false
}

// essence are the texts that a deployment of a set has, of which what no variable
// is put into begins with what it is.
func (d *Deployment) essence(set *policy.Set) (map[string]bool, bool) {
	bare := &Deployment{Name: d.Name}
	bare.regions(set)
	bare.govern(set)
	if bare.rules(set) != nil || bare.schedules(set) != nil {
		return nil, false
	}
	bare.tables(set)
	bare.senders(set)
	bare.waits(set)
	docs, ok := bare.documents(set)
	if !ok {
		return nil, false
	}
	out := map[string]bool{bare.Ledger.Name: true, fmt.Sprint("waits ", bare.Waits, bare.WaitsLong): true, fmt.Sprint("regions ", bare.Regions, bare.Everywhere): true}
	rules := bare.Rules
	if m := bare.Members; m != nil {
		rules = slices.Concat(rules, m.Rules, m.Sent)
		out[fmt.Sprint("members ", m.Accounts, m.Path, m.Role, m.External, m.Always)] = true
	}
	for _, r := range rules {
		b, err := json.Marshal(r)
		if err != nil {
			return nil, false
		}
		out["rule "+string(b)] = true
	}
	for _, s := range bare.Schedules {
		out[fmt.Sprint("schedule ", s)] = true
	}
	for _, t := range bare.Tables {
		out[t.Name] = true
	}
	for _, s := range bare.Senders {
		out[s.From], out["sender "+s.Channel+s.Region] = true, true
	}
	for _, doc := range docs {
		for _, s := range doc.Statement {
			for _, a := range s.Action {
				out["action "+a] = true
			}
			for _, r := range s.Resource {
				out[r] = true
			}
			for op, keys := range s.Condition {
				for key, values := range keys {
					out["key "+op+" "+key] = true
					for _, value := range values {
						out[value] = true
					}
				}
			}
		}
	}
	return out, true
}

// documents are those of the roles and of the people.
func (d *Deployment) documents(set *policy.Set) ([]iam.Document, bool) {
	var docs []iam.Document
	for _, member := range []bool{false, true} {
		if member && d.Members == nil {
			continue
		}
		role, err := d.permissions(set, member)
		if err != nil {
			return nil, false
		}
		docs = append(docs, role.Documents(iam.MaxDocument-room)...)
	}
	if set.Access != nil {
		doc, err := iam.AccessPolicy(set, iam.Options{Account: anyAccount})
		if err != nil {
			return nil, false
		}
		docs = append(docs, *doc)
	}
	return docs, true
}
