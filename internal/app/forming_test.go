package app_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// young is an account whose instances have just been launched and show no
// volumes yet.
type young struct{ *sim.Account }

func (y young) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	rs, err := y.Account.Get(ctx, at, t, ids)
	for _, r := range rs {
		if i, ok := r.(*resource.Instance); ok {
			i.State, i.Volumes = "pending", nil
		}
	}
	return rs, err
}

const volumesAlone = `
settings: {mark: off}
policies:
  - {name: volumes, resource: ec2:volume, on: created, mode: enforce, tags: {Owner: {value: creator.name, overwrite: true}}}
`

func TestALaunchWhoseVolumesCannotBeSeenYetIsHandledAgain(t *testing.T) {
	id := "i-00000000000000001"
	for name, file := range map[string]string{"with its children": stamp, "volumes alone": volumesAlone} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, file)
			w.aws.Launch(sim.Instance{ID: id, Region: region})
			i, _ := w.aws.Instance(id)
			a := app.New(app.Options{Set: w.set(), Source: young{w.aws}, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region})
			h, _, err := a.Handle(t.Context(), w.event(launched(id)))
			if err != nil {
				t.Fatal(err)
			}
			if h.Done() || len(h.Unseen) != 1 || h.Unseen[0].ID != id {
				t.Errorf("done %t, unseen %v", h.Done(), h.Unseen)
			}
			if diff := cmp.Diff(tag.Set{}, w.tagsOf(i.Volumes[0])); diff != "" {
				t.Errorf("the volume at first (-want +got)\n%s", diff)
			}
			if h, _ := w.happens(launched(id)); !h.Done() || h.Ignored != "" {
				t.Errorf("a little later: %+v", h)
			}
			if got := w.tagsOf(i.Volumes[0])["Owner"]; got != "ada" {
				t.Errorf("the owner of the volume is %q", got)
			}
			if h, _ := w.happens(launched(id)); h.Ignored != "it was handled before" {
				t.Errorf("once more: %+v", h)
			}
		})
	}
}

func TestVolumesOfAnInstanceThatCannotBeSeenAreNotForgotten(t *testing.T) {
	w := newWorld(t, volumesAlone)
	h, _ := w.happens(launched("i-00000000000000001"))
	if h.Done() || len(h.Unseen) != 1 {
		t.Errorf("done %t, unseen %v", h.Done(), h.Unseen)
	}
}

func TestAPolicyWithoutChildrenWaitsForNone(t *testing.T) {
	w := newWorld(t, `
policies:
  - {name: owners, resource: ec2:instance, on: created, mode: enforce, tags: {Owner: {value: creator.name, overwrite: true}}}
`)
	w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region})
	a := app.New(app.Options{Set: w.set(), Source: young{w.aws}, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region})
	h, _, err := a.Handle(t.Context(), w.event(launched("i-00000000000000001")))
	if err != nil || !h.Done() {
		t.Errorf("unseen %v, %v", h.Unseen, err)
	}
}
