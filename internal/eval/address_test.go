package eval_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestOwnersAddress(t *testing.T) {
	const template = "{value}@example.com"
	tests := []struct{ name, value, template, want string }{
		{"a name fills the template", "alice", template, "alice@example.com"},
		{"an address is used as it is", "bob@corp.example", template, "bob@corp.example"},
		{"nothing gives nothing", "", template, ""},
		{"no template", "alice", "", ""},
		{"a comma adds no recipient", "a,eve@evil.example", template, ""},
		{"a line break adds no header", "a\r\nBcc: eve@evil.example", template, ""},
		{"a display name is refused", "Eve <eve@evil.example>", template, ""},
		{"a space is refused", "alice smith", template, ""},
		{"a semicolon is refused", "a;b", template, ""},
		{"a template without a place for the value addresses nobody", "alice", "all@example.com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := eval.AddressOf(tt.value, tt.template); got != tt.want {
				t.Errorf("AddressOf(%q, %q) = %q, want %q", tt.value, tt.template, got, tt.want)
			}
		})
	}
}

const routing = `
settings:
  owner: {tags: [Owner, CreatedBy], address: "{value}@example.com", via: infra, otherwise: ops}
channels:
  infra: {ses: {from: a@example.com, to: [b@example.com]}}
  ops: {file: {dir: out}}
  pay: {file: {dir: pay}}
  teams: {by: tag("Team"), map: {payments: pay}, otherwise: ops}
  strict: {by: 'resource.tags["Team"]', map: {payments: pay}, otherwise: ops}
`

func TestWhoIsTold(t *testing.T) {
	tests := []struct {
		name, to         string
		tags             tag.Set
		channel, address string
	}{
		{"the owner", "owner", tag.Set{"Owner": "alice"}, "infra", "alice@example.com"},
		{"the first tag that is not empty", "owner", tag.Set{"Owner": "", "CreatedBy": "bob"}, "infra", "bob@example.com"},
		{"no owner", "owner", nil, "ops", ""},
		{"an owner that is no address", "owner", tag.Set{"Owner": "a b"}, "ops", ""},
		{"a router by value", "teams", tag.Set{"Team": "payments"}, "pay", ""},
		{"a router otherwise", "teams", tag.Set{"Team": "search"}, "ops", ""},
		{"a router that cannot tell", "strict", nil, "ops", ""},
		{"a channel", "ops", nil, "ops", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := judgeOne(t, routing+onePolicy("tags: {Project: {}}\nenforce: [{notify: "+tt.to+"}]"), instance(tt.tags))
			got := v.Steps[0]
			if got.Channel != tt.channel || got.Address != tt.address {
				t.Errorf("channel %q, address %q; want %q, %q", got.Channel, got.Address, tt.channel, tt.address)
			}
			if want := tt.to == "owner"; got.ToOwner != want {
				t.Errorf("ToOwner = %v", got.ToOwner)
			}
		})
	}
}

func TestOwnerOf(t *testing.T) {
	if got := eval.OwnerOf(instance(tag.Set{"Owner": "x"}), nil); got != "" {
		t.Errorf("without an owner setting: %q", got)
	}
}
