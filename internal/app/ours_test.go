package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// What somebody else changes right after we did is no change of ours.
func TestAnotherKeyChangedRightAfterOursWakesPolicies(t *testing.T) {
	w := newWorld(t, `
settings: {mark: off}
policies:
  - {name: projects, resource: ec2:instance, on: tags_changed, mode: enforce, tags: {Project: {default: none}, Team: {default: none}}}
`)
	id := w.launch("i-00000000000000001", time.Hour, tag.Set{"Project": "shop"})
	w.apply()
	w.aws.Clock().Advance(time.Minute)
	change := func(event, key, tags string) string {
		at := w.aws.Clock().Now().Format(time.RFC3339)
		return fmt.Sprintf(`{"id":%q,"detail-type":"Tag Change on Resource","source":"aws.tag","account":%q,"time":%q,"region":%q,"resources":[%q],"detail":{"changed-tag-keys":[%q],"tags":%s}}`,
			event, account, at, region, resource.InstanceARN(region, account, id), key, tags)
	}
	w.aws.SetTags(id, tag.Set{"Team": "none"})
	if h, _ := w.happens(change("t-1", "Project", `{"Team":"none"}`)); h.Ignored != "" {
		t.Errorf("another key: %s", h.Ignored)
	}
	w.aws.SetTags(id, tag.Set{"Project": "none"})
	w.aws.Clock().Advance(10 * time.Second)
	if h, _ := w.happens(change("t-2", "Team", `{"Project":"none"}`)); h.Ignored != "" {
		t.Errorf("the key we wrote, taken away: %s", h.Ignored)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Project"] != "none" || i.TagSet["Team"] != "none" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}
