package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// stampAlso is stamp for one more type.
func stampAlso(t string) string {
	return strings.Replace(stamp, "ec2:image]", "ec2:image, "+t+"]", 1)
}

func TestWhatWasThereBeforeTheLaunchKeepsItsOwner(t *testing.T) {
	id := "i-00000000000000001"
	for name, file := range map[string]string{
		"as a child":       stamp,
		"in its own right": stampAlso("ec2:network-interface"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, file)
			w.aws.Launch(sim.Instance{ID: id, Region: region})
			i, _ := w.aws.Instance(id)
			eni := i.Interfaces[0].ID
			w.aws.SetTags(eni, tag.Set{"Owner": "bea", "PrincipalId": "AIDABEA"})
			request := fmt.Sprintf(`{"networkInterfaceSet":{"items":[{"networkInterfaceId":%q,"deviceIndex":0}]}}`, eni)
			response := fmt.Sprintf(`{"instancesSet":{"items":[{"instanceId":%q}]}}`, id)
			w.happens(call("RunInstances", request, response))
			if diff := cmp.Diff(tag.Set{"Owner": "bea", "PrincipalId": "AIDABEA"}, w.tagsOf(eni)); diff != "" {
				t.Errorf("the interface that was there before (-want +got)\n%s", diff)
			}
			want := tag.Set{"Owner": "ada", "PrincipalId": "AIDAEXAMPLE"}
			if diff := cmp.Diff(want, w.tagsOf(i.Volumes[0])); diff != "" {
				t.Errorf("the volume that was made (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnEventThatMakesNothingLeavesTheOwnersOfChildren(t *testing.T) {
	w := newWorld(t, `
settings: {mark: off}
policies:
  - name: owners
    resource: ec2:instance
    on: {state: running}
    mode: enforce
    children: [volumes]
    tags:
      Owner: {value: '"ops"', overwrite: true}
      Team: {default: platform}
`)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	i, _ := w.aws.Instance(id)
	w.aws.SetTags(i.Volumes[0], tag.Set{"Owner": "bea"})
	w.happens(running(id))
	if diff := cmp.Diff(tag.Set{"Owner": "ops", "Team": "platform"}, w.tagsOf(id)); diff != "" {
		t.Errorf("the instance (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(tag.Set{"Owner": "bea", "Team": "platform"}, w.tagsOf(i.Volumes[0])); diff != "" {
		t.Errorf("its volume (-want +got)\n%s", diff)
	}
}
