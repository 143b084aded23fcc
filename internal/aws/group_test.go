package aws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// scalingOf answers for one group of these sizes and tags, and fails the action
// named; changes are the calls that were to change something, in short.
func scalingOf(t *testing.T, minimum, desired int, tags map[string]bool, noted, fails string) (*Session, func() []string) {
	t.Helper()
	inner := fmt.Sprintf("<MinSize>%d</MinSize><MaxSize>9</MaxSize><DesiredCapacity>%d</DesiredCapacity><Tags>", minimum, desired)
	for k, propagate := range tags {
		inner += fmt.Sprintf("<member><Key>%s</Key><Value>v</Value><PropagateAtLaunch>%v</PropagateAtLaunch></member>", k, propagate)
	}
	if noted != "" {
		inner += fmt.Sprintf("<member><Key>%s</Key><Value>%s</Value></member>", resource.SizesTag, noted)
	}
	inner += "</Tags>"
	var changes []string
	s, _ := open(t, func(_ int, r request) reply {
		a := r.Get("Action")
		if a == "DescribeAutoScalingGroups" {
			if r.Get("AutoScalingGroupNames.member.1") == "gone" {
				return listed(r, "", "")
			}
			return listed(r, "", inner, "web")
		}
		text := []string{a}
		for _, k := range []string{"MinSize", "DesiredCapacity", "MaxSize"} {
			if v := r.Get(k); v != "" {
				text = append(text, k+"="+v)
			}
		}
		for n := 1; r.Get(fmt.Sprintf("Tags.member.%d.Key", n)) != ""; n++ {
			at := fmt.Sprintf("Tags.member.%d.", n)
			if r.Get(at+"ResourceId") != "web" || r.Get(at+"ResourceType") != "auto-scaling-group" {
				t.Errorf("asked %v", r.Values)
			}
			text = append(text, strings.TrimSuffix(r.Get(at+"Key")+"="+r.Get(at+"Value")+"/"+r.Get(at+"PropagateAtLaunch"), "=/"))
		}
		changes = append(changes, strings.Join(text, " "))
		if a == fails {
			return wireError("ScalingActivityInProgress")
		}
		return wire(r, "")
	})
	return s, func() []string { return changes }
}

func TestWhatIsAskedOfAGroup(t *testing.T) {
	isolate(t)
	tags := map[string]bool{"Owner": false, "Project": true}
	tests := map[string]struct {
		min, desired int
		noted, fails string
		call         execute.Call
		want         []string
		class        fault.Class
	}{
		"a new tag is given to new instances, one that is there keeps what it had": {1, 2, "", "", execute.Call{Action: action.Tag, Tags: tag.Set{"Env": "dev", "Owner": "ana", "Project": "atlas"}},
			[]string{"CreateOrUpdateTags Env=dev/true Owner=ana/false Project=atlas/true"}, ""},
		"the mark is about the group alone":  {1, 2, "", "", execute.Call{Action: action.Mark, Tags: tag.Set{"tagwarden": "x"}}, []string{"CreateOrUpdateTags tagwarden=x/false"}, ""},
		"tags are deleted whatever they say": {1, 2, "", "", execute.Call{Action: action.Untag, Keys: []string{"Owner", "Project"}}, []string{"DeleteTags Owner Project"}, ""},
		"a stop notes the sizes first": {1, 2, "", "", execute.Call{Action: action.Stop},
			[]string{"CreateOrUpdateTags tagwarden:sizes=min=1 desired=2/false", "UpdateAutoScalingGroup MinSize=0 DesiredCapacity=0"}, ""},
		"an old note is written over":                      {0, 3, "min=1 desired=2", "", execute.Call{Action: action.Stop}, []string{"CreateOrUpdateTags tagwarden:sizes=min=0 desired=3/false", "UpdateAutoScalingGroup MinSize=0 DesiredCapacity=0"}, ""},
		"without the note nothing is stopped":              {1, 2, "", "CreateOrUpdateTags", execute.Call{Action: action.Stop}, []string{"CreateOrUpdateTags tagwarden:sizes=min=1 desired=2/false"}, fault.WrongState},
		"what is empty keeps its note":                     {0, 0, "min=1 desired=2", "", execute.Call{Action: action.Stop}, nil, ""},
		"a start brings the sizes back and takes the note": {0, 0, "min=1 desired=2", "", execute.Call{Action: action.Start}, []string{"UpdateAutoScalingGroup MinSize=1 DesiredCapacity=2", "DeleteTags tagwarden:sizes"}, ""},
		"a start that fails leaves the note":               {0, 0, "min=1 desired=2", "UpdateAutoScalingGroup", execute.Call{Action: action.Start}, []string{"UpdateAutoScalingGroup MinSize=1 DesiredCapacity=2"}, fault.WrongState},
		"what runs is not started":                         {1, 2, "min=3 desired=4", "", execute.Call{Action: action.Start}, nil, ""},
		"a start without a note is none":                   {0, 0, "", "", execute.Call{Action: action.Start}, nil, fault.WrongState},
		"a start with a note of somebody else's is none":   {0, 0, "min=1 desired=2000000000000", "", execute.Call{Action: action.Start}, nil, fault.WrongState},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, changes := scalingOf(t, tt.min, tt.desired, tags, tt.noted, tt.fails)
			tt.call.Type, tt.call.At, tt.call.IDs = resource.AutoScalingGroup, place, []string{"web"}
			_, err := s.Actor().Do(t.Context(), tt.call)
			if d := cmp.Diff(tt.want, changes()); d != "" || fault.ClassOf(err) != tt.class {
				t.Errorf("%v of class %q, want %q (-want +got)\n%s", err, fault.ClassOf(err), tt.class, d)
			}
		})
	}
}

func TestAGroupThatIsNotThereIsNotFound(t *testing.T) {
	isolate(t)
	for k := range groupChanges {
		s, changes := scalingOf(t, 1, 2, nil, "", "")
		answer, err := s.Actor().Do(t.Context(), execute.Call{Action: k, Type: resource.AutoScalingGroup, At: place, IDs: []string{"gone"}, Tags: tag.Set{"k": "v"}, Keys: []string{"k"}})
		if fault.ClassOf(err) != fault.NotFound || fault.HintOf(err) == "" || len(changes()) > 0 {
			t.Errorf("%s: %v, %v after %v", k, answer, err, changes())
		}
	}
}
