package expr

import "cel.dev/cel-go/common/types"

// Account is what an expression sees as account, beside the id that the
// resource itself tells. What is "" is not known.
type Account struct {
	// Name is what people call it.
	Name string
	// OU is the ID of the organizational unit, or of the root, that it is in.
	OU string
}

// AccountFields says which fields of account expressions can name, beside id.
type AccountFields struct{ Name, OU bool }

// Accounts lets the expressions that are compiled from now on name these
// fields. It returns the compiler, and is to be called before any is compiled.
func (c *Compiler) Accounts(f AccountFields) *Compiler {
	c.accounts = accountKind(f)
	return c
}

// accountKind is the kind of the variable account.
func accountKind(f AccountFields) *kind {
	k := newKind(accountType).
		add("id", types.StringType, func(self any) (any, error) { return self.(*evaluation).in.Resource.Ref().Account, nil })
	if f.Name {
		k.add("name", types.StringType, accountField("name", func(a *Account) string { return a.Name }))
	}
	if f.OU {
		k.add("ou", types.StringType, accountField("organizational unit", func(a *Account) string { return a.OU }))
	}
	return k
}

// accountField reads what is known of the account. A name that is not known is
// not "": a condition that compares it would have an answer that is none.
func accountField(what string, get func(*Account) string) getter {
	return func(self any) (any, error) {
		in := &self.(*evaluation).in
		if in.Account == nil || get(in.Account) == "" {
			return nil, &worded{"the " + what + " of account " + in.Resource.Ref().Account + " is not known"}
		}
		return get(in.Account), nil
	}
}

// accountHints say where the fields of account are known, by their names.
var accountHints = map[string]string{
	"name": "give every account a name in the settings' accounts, or compare account.id",
	"ou":   "it is known with accounts: {organization: …} in the settings; compare account.id",
}
