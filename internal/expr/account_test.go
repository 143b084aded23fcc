package expr

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

func TestWhatIsNotKnownOfAnAccountIsUnknownAndNotEmpty(t *testing.T) {
	c := NewCompiler(time.UTC, nil).Accounts(AccountFields{Name: true, OU: true})
	ref := resource.EC2Ref(resource.Place{Account: "111122223333", Region: "eu-west-1"}, resource.EC2Instance, "i-1")
	for _, tt := range []struct {
		source  string
		account *Account
		want    bool
		unknown string
	}{
		{`account.name == "payments"`, &Account{Name: "payments"}, true, ""},
		{`account.name == ""`, &Account{OU: "ou-ab12-11112222"}, false, "the name of account 111122223333 is not known"},
		{`account.ou != "ou-ab12-11112222"`, nil, false, "the organizational unit of account 111122223333 is not known"},
		{`account.ou == "ou-ab12-11112222"`, &Account{OU: "ou-ab12-11112222"}, true, ""},
		{`account.id == "111122223333" || account.name == "x"`, nil, true, ""},
	} {
		p, problems := c.Compile(tt.source, Bool, []resource.Type{resource.EC2Instance})
		if p == nil {
			t.Fatal(problems)
		}
		got, err := p.Bool(Input{Resource: &resource.Instance{Base: resource.Base{Reference: ref}}, Account: tt.account})
		if said := errText(err); got != tt.want || said != tt.unknown {
			t.Errorf("%s of %+v: %v, %q", tt.source, tt.account, got, said)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
