package eval_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The origins of an instance.
var (
	byAda    = resource.Known(resource.Origin{Creator: resource.Creator{Name: "ada, lovelace", PrincipalID: "AROA:ada", Kind: resource.PersonCreator}})
	byNobody = resource.Known(resource.Nobody("it is older than 90 days"))
	byRole   = resource.Known(resource.Origin{Creator: resource.Creator{Name: "ci", Kind: resource.RoleCreator}})
	unread   = resource.Unread[resource.Origin](errors.New("denied"))
	unasked  = resource.Lazy[resource.Origin]{}
)

func TestWhatATagGetsWhenItsValueIsTheCreator(t *testing.T) {
	const (
		plain     = `{value: creator.name}`
		fallback  = `{value: creator.name, fallback: Undefined}`
		overwrite = `{value: creator.name, fallback: Undefined, overwrite: true}`
		optional  = `{value: creator.name, required: false}`
		principal = `{value: creator.principal_id, fallback: none}`
	)
	tests := []struct {
		name, rule string
		origin     resource.Lazy[resource.Origin]
		tags       tag.Set
		status     eval.Status
		set        tag.Set
		code       string
	}{
		{"the name, as every service takes it", plain, byAda, nil, eval.Fixable, tag.Set{"Owner": "ada_ lovelace"}, reason.TagMissing},
		{"nobody, without a fallback", plain, byNobody, nil, eval.Violating, nil, reason.CreatorUnfound},
		{"nobody, and the tag is empty", plain, byNobody, tag.Set{"Owner": ""}, eval.Violating, nil, reason.CreatorUnfound},
		{"nobody, and the tag may be missing", optional, byNobody, nil, eval.Compliant, nil, ""},
		{"nobody, with a fallback", fallback, byNobody, nil, eval.Fixable, tag.Set{"Owner": "Undefined"}, reason.CreatorUnfound},
		{"an empty tag gets the fallback", fallback, byNobody, tag.Set{"Owner": " "}, eval.Fixable, tag.Set{"Owner": "Undefined"}, reason.CreatorUnfound},
		{"a value that is there is kept", fallback, byNobody, tag.Set{"Owner": "bob"}, eval.Compliant, nil, ""},
		{"and is not asked about", fallback, unasked, tag.Set{"Owner": "bob"}, eval.Compliant, nil, ""},
		{"nor does overwrite put the fallback over it", overwrite, byNobody, tag.Set{"Owner": "bob"}, eval.Compliant, nil, ""},
		{"overwrite puts the creator over it", overwrite, byRole, tag.Set{"Owner": "bob"}, eval.Fixable, tag.Set{"Owner": "ci"}, reason.TagWrong},
		{"a fallback is replaced once somebody is found", overwrite, byRole, tag.Set{"Owner": "Undefined"}, eval.Fixable, tag.Set{"Owner": "ci"}, reason.TagWrong},
		{"what could not be read is no reason for a fallback", fallback, unread, nil, eval.Unknown, nil, reason.ValueUnknown},
		{"a creator without a principal has none to write", principal, byRole, nil, eval.Fixable, tag.Set{"Owner": "none"}, reason.TagMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := instance(tt.tags)
			i.SetOrigin(tt.origin)
			v := judgeOne(t, onePolicy("tags: {Owner: "+tt.rule+"}"), i)
			if v.Status != tt.status || len(v.Needs) > 0 || len(v.Fix.Delete) > 0 {
				t.Errorf("%s, needs %v, %v; want %s", v.Status, v.Needs, v.Reasons, tt.status)
			}
			if diff := cmp.Diff(tt.set, v.Fix.Set); diff != "" {
				t.Errorf("it writes (-want +got)\n%s", diff)
			}
			if got := append(codes(v.Reasons), "")[0]; got != tt.code {
				t.Errorf("reasons %v, want %q", v.Reasons, tt.code)
			}
		})
	}
}

func TestTheFindingSaysWhyNobodyIsFound(t *testing.T) {
	i := instance(nil)
	i.SetOrigin(byNobody)
	v := judgeOne(t, onePolicy("tags: {Owner: {value: creator.name, fallback: Undefined}}"), i)
	const want = "tag Owner is missing, and nobody is known to have made it: it is older than 90 days"
	if len(v.Reasons) != 1 || v.Reasons[0].Text != want {
		t.Errorf("got %v", v.Reasons)
	}
}

func TestTheCreatorIsNeededOnlyInScopeAndWhereTheTagLacks(t *testing.T) {
	const file = "match: resource.vpc == \"vpc-1\"\ntags: {Owner: {value: creator.name, fallback: Undefined}}"
	i := instance(nil)
	if v := judgeOne(t, onePolicy(file), i); !cmp.Equal(v.Needs, []need.Fact{need.Creator}) {
		t.Errorf("needs %v", v.Needs)
	}
	i.VPC = "vpc-2"
	if v := judgeOne(t, onePolicy(file), i); len(v.Needs) > 0 || v.Status != eval.OutOfScope {
		t.Errorf("out of scope: needs %v, %s", v.Needs, v.Status)
	}
}

// An exemption never blocks ownership stamping, and stamping never invents.
func TestAnExemptResourceIsStampedWithItsCreator(t *testing.T) {
	const file = "exempt: [{tag: Exempt}]\ntags: {PrincipalId: {value: creator.principal_id, fallback: none, overwrite: true}}"
	i := instance(tag.Set{"Exempt": "", "PrincipalId": "forged"})
	i.SetOrigin(byAda)
	if v := judgeOne(t, onePolicy(file), i); v.Status != eval.Exempt || v.Fix.Set["PrincipalId"] != "AROA:ada" {
		t.Errorf("%s, %v", v.Status, v.Fix)
	}
	i.SetOrigin(byNobody)
	if v := judgeOne(t, onePolicy(file), i); v.Status != eval.Exempt || !v.Fix.Empty() {
		t.Errorf("of nobody: %s, %v", v.Status, v.Fix)
	}
}
