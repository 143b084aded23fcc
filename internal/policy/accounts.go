package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rawAccounts are the accounts that are governed: a list, or an organization.
type rawAccounts struct {
	list         []val[rawAccount]
	organization val[rawOrganization]
}

// rawAccount is one account of a list.
type rawAccount struct {
	id, name, role, externalID val[string]
}

// rawOrganization is the accounts of an organization.
type rawOrganization struct {
	role             val[string]
	include, exclude val[[]val[string]]
}

var accountSection = section[rawAccount]{name: "an account", doc: "An account that is governed.", fields: []field[rawAccount]{
	must(key("id", "Its 12 digits, in quotes.", accountID, func(a *rawAccount) *val[string] { return &a.id })),
	key("name", "What people call it, and account.name in expressions.", accountName, func(a *rawAccount) *val[string] { return &a.name }),
	key("role", "The role in it that is assumed, by its name or ARN; none for the account that tagwarden's own credentials are of.", accountRole,
		func(a *rawAccount) *val[string] { return &a.role }),
	key("external_id", "With role: the external ID that the role asks for.", externalID, func(a *rawAccount) *val[string] { return &a.externalID }),
}, check: func(r *reporter, _ *node, a *rawAccount) {
	if a.externalID.set() && !a.role.set() {
		r.fault(a.externalID.at, "write role: beside it", `"external_id" belongs to "role"`)
	}
	if arn := roleARN.FindStringSubmatch(a.role.v); arn != nil && a.id.set() && arn[1] != a.id.v {
		r.fault(a.role.at, "what is done with a role is done in the role's account", "the role %s is not of account %s", a.role.at.show(), a.id.at.show())
	}
}, refine: func(o object) { o["dependentRequired"] = object{"external_id": []string{"role"}} }}

var organizationSection = section[rawOrganization]{name: "organization", doc: "The accounts of the organization that tagwarden's own account is of.",
	fields: []field[rawOrganization]{
		must(key("role", "The name of the role that is assumed in each account but tagwarden's own.", organizationRole,
			func(o *rawOrganization) *val[string] { return &o.role })),
		key("include", "The accounts, organizational units or roots that are governed, with all that is below them; everything unless set.",
			listOf(organizationPart), func(o *rawOrganization) *val[[]val[string]] { return &o.include }),
		key("exclude", "The accounts or organizational units that are not, with all that is below them.",
			listOf(organizationPart), func(o *rawOrganization) *val[[]val[string]] { return &o.exclude }),
	}, check: func(r *reporter, _ *node, o *rawOrganization) {
		for _, x := range o.exclude.v {
			if slices.ContainsFunc(o.include.v, func(in val[string]) bool { return in.v == x.v }) {
				r.fault(x.at, "delete one", "%s is both included and excluded", x.at.show())
			}
		}
		for _, list := range [][]val[string]{o.include.v, o.exclude.v} {
			for i, v := range list {
				if slices.ContainsFunc(list[:i], func(w val[string]) bool { return w.v == v.v }) {
					r.fault(v.at, "delete one", "%s is there twice", v.at.show())
				}
			}
		}
	}}

var wholeSection = section[rawAccounts]{name: "accounts", doc: "The accounts of an organization.", fields: []field[rawAccounts]{
	must(key("organization", "The accounts of the organization that tagwarden's own account is of.", organizationSection.kind(),
		func(a *rawAccounts) *val[rawOrganization] { return &a.organization })),
}}

// accountsWant is what the accounts can be.
const accountsWant = "a list of accounts, or {organization: …}"

// accountsKind is a list of accounts, or a mapping with organization.
var accountsKind = kind[rawAccounts]{want: accountsWant,
	schema: func(defs object) object {
		return object{"anyOf": []any{listOf(accountSection.kind()).schema(defs), wholeSection.schema(defs)}}
	},
	read: func(r *reporter, n *node) (rawAccounts, bool) {
		has := func(keys ...string) bool {
			return slices.ContainsFunc(n.pairs, func(p pair) bool { return slices.Contains(keys, p.key.text) })
		}
		switch {
		case n.shape == sequence, n.shape == mapping && has(accountSection.keys()...) && !has(wholeSection.keys()...):
			list, ok := listOf(accountSection.kind()).read(r, n)
			return rawAccounts{list: list}, ok
		case n.shape == mapping:
			a, ok := wholeSection.kind().read(r, n)
			return a, ok && a.organization.set()
		}
		r.wrong(n, accountsWant, `write a list: [{id: "111122223333", role: tagwarden}]`)
		return rawAccounts{}, false
	}}

var (
	twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)
	fewerDigits  = regexp.MustCompile(`^[0-9]{9,11}$`)
)

// accountID is the number of an account. It is a string: as numbers, those that
// begin with 0 would lose it, and YAML takes some of them for octal ones.
var accountID = kind[string]{want: text.want,
	schema: func(object) object { return object{"type": "string", "pattern": twelveDigits.String() + `|\$\{`} },
	read: func(r *reporter, n *node) (string, bool) {
		if n.shape == scalar && !n.null && !n.isText() {
			r.wrong(n, "a string", "put the 12 digits in quotes: a number would lose the zeros that it begins with")
			return "", false
		}
		return text.that(func(s string) (string, string) {
			bare := strings.NewReplacer("-", "", " ", "").Replace(s)
			switch {
			case twelveDigits.MatchString(s):
				return "", ""
			case bare != s && twelveDigits.MatchString(bare):
				return "is no account ID", "write the 12 digits without anything between them"
			case fewerDigits.MatchString(s):
				return fmt.Sprintf("is no account ID: it has %d digits", len(s)), "it has 12, and zeros at the beginning are a part of it"
			}
			return "is no account ID", `12 digits: "111122223333"`
		}).read(r, n)
	}}

// longestAccountName is what AWS Organizations takes (AccountName in the
// CreateAccount page of its API reference).
const longestAccountName = 50

var accountName = filled.that(func(s string) (string, string) {
	if wrong, hint := oneLine(s); wrong != "" {
		return wrong, hint
	}
	if n := len([]rune(s)); n > longestAccountName {
		return fmt.Sprintf("is too long for the name of an account: %d characters", n), fmt.Sprintf("at most %d", longestAccountName)
	}
	return "", ""
}).with(object{"maxLength": longestAccountName})

// What IAM takes as the name of a role with its path, and as the ARN of one
// ("IAM and AWS STS quotas" and RoleArn in the AssumeRole page of the STS API
// reference).
var (
	roleName = regexp.MustCompile(`^([\w+=,.@-]+/)*[\w+=,.@-]{1,64}$`)
	roleARN  = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}$`)
)

const roleExample = "the name of a role, such as tagwarden, with its path where it has one: ops/tagwarden"

var (
	accountRole = filled.that(func(s string) (string, string) {
		if !roleName.MatchString(s) && !roleARN.MatchString(s) {
			return "is neither the name nor the ARN of a role", "for example tagwarden, or arn:aws:iam::111122223333:role/tagwarden"
		}
		return "", ""
	})
	organizationRole = filled.that(func(s string) (string, string) {
		switch {
		case roleARN.MatchString(s):
			return "is the ARN of a role in one account", "write its name, which is the same in every account"
		case !roleName.MatchString(s):
			return "is not the name of a role", roleExample
		}
		return "", ""
	})
)

// What STS takes as an external ID (ExternalId in the AssumeRole page of its API
// reference).
var externalIDShape = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)

const longestExternalID = 1224

var externalID = text.that(func(s string) (string, string) {
	if !externalIDShape.MatchString(s) || len(s) > longestExternalID {
		return "is not what STS takes as an external ID", "2 to 1224 letters of the English alphabet, digits and _+=,.@:/-"
	}
	return "", ""
}).hidden()

// partShape is an account, an organizational unit or a root (ParentId in the
// ListAccountsForParent page of the API reference of Organizations).
var partShape = regexp.MustCompile(`^([0-9]{12}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$`)

// organizationPart is an account or a part of the tree of an organization.
var organizationPart = kind[string]{want: text.want,
	schema: func(object) object { return object{"type": "string", "pattern": partShape.String() + `|\$\{`} },
	read: func(r *reporter, n *node) (string, bool) {
		if n.shape == scalar && !n.null && !n.isText() || fewerDigits.MatchString(n.text) {
			return accountID.read(r, n)
		}
		return text.that(func(s string) (string, string) {
			if !partShape.MatchString(s) {
				return "is neither an account nor an organizational unit", `by their IDs: "111122223333", or ou-ab12-11112222`
			}
			return "", ""
		}).read(r, n)
	}}

// buildAccounts fills in which accounts are governed.
func (l *loader) buildAccounts() {
	raw := l.settings.accounts
	if !raw.set() {
		return
	}
	a := &Accounts{}
	if org := raw.v.organization; org.set() {
		a.Organization = &Organization{Role: org.v.role.v, Include: values(org.v.include), Exclude: values(org.v.exclude)}
	}
	ids, names, own := map[string]*node{}, map[string]*node{}, (*node)(nil)
	for _, one := range raw.v.list {
		written := slices.ContainsFunc(one.at.pairs, func(p pair) bool { return p.key.text == "role" })
		one := one.v
		l.again(one.id, ids, "account")
		l.again(one.name, names, "name of an account")
		if one.id.set() && !written {
			if own != nil {
				l.fault(one.id.at, "only the account that tagwarden's own credentials are of goes without role:",
					"two accounts have no role (the first in line %d)", own.line)
			}
			own = one.id.at
		}
		a.List = append(a.List, Account{ID: one.id.v, Name: one.name.v, Role: one.role.v, ExternalID: one.externalID.v})
	}
	l.set.Settings.Accounts = a
}

// again reports a value that stood before.
func (l *loader) again(v val[string], seen map[string]*node, what string) {
	if !v.set() {
		return
	}
	if first, dup := seen[v.v]; dup {
		l.fault(v.at, "delete one, or give it another", "the %s %s is there twice (first in line %d)", what, v.at.show(), first.line)
		return
	}
	seen[v.v] = v.at
}
