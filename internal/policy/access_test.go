package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccessIsRead(t *testing.T) {
	own := []string{"tagwarden:backup-of", "tagwarden:sizes"}
	const stamps = `
settings: {exempt: [{tag: Keep}, {tag: "aws:x"}, {when: 'tag("A") == "b"'}]}
policies:
  - name: one
    resource: ec2:instance
    exempt: {until_tag: KeepUntil}
    tags:
      PrincipalId: {value: creator.principal_id, overwrite: true}
      Owner: {value: creator.name, overwrite: true, aliases: [owner, CreatedBy]}
      Project: {allow_empty: true, aliases: [Proj]}
      Team: {}
`
	for _, tt := range []struct {
		name, file string
		want       *Access
	}{
		{"none", stamps, nil},
		{"the defaults", "access: {}" + stamps,
			&Access{OwnerKey: "PrincipalId", Protect: append([]string{"PrincipalId", "Owner", "Keep", "KeepUntil", "tagwarden", "CreatedBy"}, own...),
				Owning: []string{"PrincipalId", "Owner"}}},
		{"without a mark", "access: {}" + strings.Replace(stamps, "exempt: [", "mark: off, exempt: [", 1),
			&Access{OwnerKey: "PrincipalId", Protect: append([]string{"PrincipalId", "Owner", "Keep", "KeepUntil", "CreatedBy"}, own...),
				Owning: []string{"PrincipalId", "Owner"}}},
		{"as written", "access: {owner_key: UserId, protect: Project, require_at_creation: [Team]}" + stamps,
			&Access{OwnerKey: "UserId", Protect: append([]string{"UserId", "Project", "Proj"}, own...), Owning: []string{"UserId"}, Require: []Demand{{Key: "Team"}}}},
		{"what is renamed twice", "access: {protect: [PrincipalId]}" + strings.Replace(stamps, "Team: {}", "Team: {aliases: [Crew]}", 1) + "  - {name: two, resource: ec2:volume, tags: {PRINCIPALID: {aliases: [Team]}}}\n",
			&Access{OwnerKey: "PrincipalId", Protect: append([]string{"PrincipalId", "Team", "Crew"}, own...), Owning: []string{"PrincipalId"}}},
		{"what may be empty", "access: {protect: [principalid], require_at_creation: [Project, Team, Owner]}" + stamps,
			&Access{OwnerKey: "PrincipalId", Protect: append([]string{"PrincipalId"}, own...), Owning: []string{"PrincipalId"},
				Require: []Demand{{Key: "Project", Empty: true}, {Key: "Team"}, {Key: "Owner"}}}},
	} {
		set, said := load("version: 1\n" + tt.file)
		if set == nil {
			t.Fatalf("%s: %s", tt.name, said)
		}
		if diff := cmp.Diff(tt.want, set.Access); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAccessIsInOneFile(t *testing.T) {
	file := []byte("version: 1\naccess: {}" + onePolicy)
	other := []byte("version: 1\naccess: {}\n")
	_, list := Load([]Source{{Name: "a.yaml", Data: file}, {Name: "b.yaml", Data: other}}, environ)
	if got := list.Error(); !strings.Contains(got, "b.yaml:2:9: error: access is in two files: here and in a.yaml:2:9") {
		t.Error(got)
	}
}

// Who may stop what says nothing about what is to be done: saved plans stay good.
func TestAccessIsNoPartOfTheDigest(t *testing.T) {
	with, _ := load("version: 1\naccess: {owner_key: A}" + onePolicy)
	without, _ := load("version: 1" + onePolicy)
	if with.Digest != without.Digest {
		t.Error("a saved plan would be refused for a change that no policy judges by")
	}
}

func TestAnOwnersTagThatNobodyWritesIsWarnedOf(t *testing.T) {
	const warning = `p.yaml:2:9: warning: no policy writes the owner's tag Who: nobody owns anything`
	for rule, want := range map[string]bool{
		"Who: {value: creator.principal_id, overwrite: true}": false,
		"who: {value: creator.principal_id, overwrite: true}": true, // IAM takes it for the same, and nothing else does
		"Who: {value: creator.principal_id}":                  true, // what is there stays, whoever wrote it
	} {
		set, said := load("version: 1\naccess: {owner_key: Who}\npolicies: [{name: a, resource: ec2:instance, on: created, tags: {" + rule + "}}]\n")
		if set == nil || strings.HasPrefix(said, warning) != want {
			t.Errorf("%s: %s", rule, said)
		}
	}
}
