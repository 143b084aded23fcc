package notify

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tagwarden/tagwarden/internal/view"
)

// deliveryID names the message of one digest: the same for every attempt to
// send it, so that a receiver can tell a repetition.
func deliveryID(d *view.Digest) string {
	h := sha256.New()
	for _, s := range []string{d.Name, d.Account, d.Run, d.Channel, d.Address} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// writer returns the writer of a digest's pages.
func (n *Notifier) writer(d *view.Digest, full string) *writer {
	return &writer{d: d, zone: n.zone, full: full}
}
