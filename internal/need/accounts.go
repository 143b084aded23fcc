package need

// The calls that lead to other accounts.
var (
	// AssumeRole takes a role on in each account that is governed.
	AssumeRole = Call{Service: "sts", Operation: "AssumeRole"}
	// ListOrganization tells the accounts of an organization and the units they are
	// in.
	ListOrganization = []Call{
		{Service: "organizations", Operation: "ListRoots"},
		{Service: "organizations", Operation: "ListOrganizationalUnitsForParent"},
		{Service: "organizations", Operation: "ListAccountsForParent"},
	}
)
