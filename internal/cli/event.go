package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// told is what one event tells, as inspect -o json writes it.
type told struct {
	// Resources are those that a call created; for any other event, those that
	// it names.
	Resources []toldResource `json:"resources"`
	// Creator is nil where the event does not say who made the call.
	Creator  *resource.Creator `json:"creator"`
	Policies []string          `json:"policies"`
	// Ignored is why nothing comes of the event, "" where something does.
	Ignored string `json:"ignored"`
	// Error is why the event could not be read, "" where it could.
	Error string `json:"error,omitempty"`

	request *trigger.Request // nil where Ignored or Error is all there is
	made    creation.Creation
	why     creation.Why // "" where the call made something, or there is none
}

// toldResource is one resource of it.
type toldResource struct {
	ARN  string        `json:"arn"`
	ID   string        `json:"id"`
	Type resource.Type `json:"type"`
}

// tell says what an event tells, and which policies of the set it wakes; of no
// set none.
func tell(set *policy.Set, m trigger.Message) told {
	t := told{Resources: []toldResource{}, Policies: []string{}, request: m.Request, Ignored: m.Ignored}
	if m.Err != nil {
		t.Error = m.Err.Error()
	}
	if m.Request == nil {
		return t
	}
	for _, ref := range m.Request.Refs {
		t.add(ref)
	}
	if record := m.Request.Subject().Record; record != nil {
		t.call(record)
	}
	if set != nil {
		names, why := app.Woken(set, m.Request)
		t.Policies, t.Ignored = append(t.Policies, names...), why
	}
	if len(t.Resources)+len(t.Policies) > 0 {
		t.Ignored = ""
	}
	return t
}

// call adds what the record of a call tells.
func (t *told) call(r *creation.Record) {
	if by := r.CreatedBy().Creator; by != (resource.Creator{Kind: resource.UnknownCreator}) {
		t.Creator = &by
	}
	made, ignored := r.Creation()
	if ignored != nil {
		t.why, t.Ignored = ignored.Why, ignored.Text
		return
	}
	t.made = made
	for _, m := range made.Made {
		t.add(m.Ref)
	}
}

func (t *told) add(ref resource.Ref) {
	t.Resources = append(t.Resources, toldResource{ref.ARN, ref.ID, ref.Type})
}

// writeHostile writes a value whose text is from outside as JSON, in which no
// character can do anything to a terminal.
func writeHostile(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	if err == nil {
		_, err = w.Write(diag.JSON(b.Bytes()))
	}
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// perhapsLoad is load for verbs that do without a policy file: the set is nil
// where none is named and there is none in the working directory.
func perhapsLoad(c *cobra.Command, e Env, f *flags) (*policy.Set, error) {
	if _, err := os.Stat(defaultPolicy); errors.Is(err, fs.ErrNotExist) && !c.Flags().Changed("policy") {
		return nil, nil
	}
	return load(e, f)
}
