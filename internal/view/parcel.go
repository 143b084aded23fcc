package view

import (
	"encoding/json"
	"fmt"
)

// parcelVersion is that of the JSON of a parcel. A parcel outlives the run
// that posted it, and perhaps the version of tagwarden that did.
const parcelVersion = 1

// parcel is a Routed as the ledger keeps it. The ledger's own id of it is not
// part of it.
type parcel struct {
	Version int      `json:"version"`
	Channel string   `json:"channel"`
	Address string   `json:"address,omitempty"`
	Policy  string   `json:"policy"`
	Step    string   `json:"step"`
	Keys    []string `json:"keys,omitempty"`
	Item    Item     `json:"item"`
}

// Pack writes an item so that the ledger can keep it until it is delivered.
func Pack(r Routed) ([]byte, error) {
	b, err := json.Marshal(parcel{parcelVersion, r.Channel, r.Address, r.Policy, r.Step, r.Keys, r.Item})
	if err != nil {
		return nil, fmt.Errorf("packing news of %s: %w", r.Item.Resource.ID, err)
	}
	return b, nil
}

// Unpack reads what Pack wrote. The parcel's id is the caller's to set. What a
// newer version wrote is an error.
func Unpack(b []byte) (Routed, error) {
	var p parcel
	if err := json.Unmarshal(b, &p); err != nil {
		return Routed{}, fmt.Errorf("unpacking news: %w", err)
	}
	if p.Version != parcelVersion {
		return Routed{}, fmt.Errorf("unpacking news: it has version %d, this tagwarden reads %d", p.Version, parcelVersion)
	}
	return Routed{Channel: p.Channel, Address: p.Address, Policy: p.Policy, Step: p.Step, Keys: p.Keys, Item: p.Item}, nil
}
