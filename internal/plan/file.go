package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// Errors of Decode.
var (
	// ErrNotAPlan: the file is no plan at all.
	ErrNotAPlan = errors.New("it is not a plan that tagwarden saved")
	// ErrVersion: the plan was saved by another version of tagwarden.
	ErrVersion = errors.New("it was saved by another version of tagwarden; make a new plan")
	// ErrDigest: the plan was changed after it was saved.
	ErrDigest = errors.New("it was changed after it was saved; make a new plan")
)

// maxFile is the largest plan that is read: some hundred thousand findings.
const maxFile = 1 << 30

// Seal writes the digest over everything the plan says. Whatever changes the
// plan afterwards makes Decode refuse it.
func (p *Plan) Seal() error {
	d, err := p.digest()
	if err != nil {
		return err
	}
	p.Digest = d
	return nil
}

func (p *Plan) digest() (string, error) {
	c := *p
	c.Digest = ""
	// encoding/json sorts the keys of maps, so equal plans have equal bytes.
	b, err := json.Marshal(&c)
	if err != nil {
		return "", fmt.Errorf("taking the digest of a plan: %w", err)
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Encode writes a sealed plan as indented JSON that can be shown on a terminal.
func (p *Plan) Encode(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return fmt.Errorf("writing a plan: %w", err)
	}
	if _, err := w.Write(diag.JSON(b.Bytes())); err != nil {
		return fmt.Errorf("writing a plan: %w", err)
	}
	return nil
}

// Decode reads a plan that Encode wrote. Its errors wrap ErrNotAPlan,
// ErrVersion or ErrDigest.
func Decode(r io.Reader) (*Plan, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, fmt.Errorf("reading a plan: %w", err)
	}
	var head struct {
		Version int    `json:"version"`
		Digest  string `json:"digest"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.Digest == "" {
		return nil, fmt.Errorf("reading a plan: %w", ErrNotAPlan)
	}
	if head.Version != Version {
		return nil, fmt.Errorf("reading a plan of version %d: %w", head.Version, ErrVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var p Plan
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("reading a plan: %w: %w", ErrNotAPlan, err)
	}
	d, err := p.digest()
	if err != nil {
		return nil, err
	}
	if d != p.Digest {
		return nil, fmt.Errorf("reading a plan: %w", ErrDigest)
	}
	return &p, nil
}
