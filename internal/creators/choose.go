package creators

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// together is how far apart the events of one creation are: a fleet's own and
// that of the instances it launches.
const together = 5 * time.Minute

// ranks say who of several that made one thing is behind it.
var ranks = map[resource.CreatorKind]int{
	resource.PersonCreator: 5, resource.RootCreator: 4, resource.RoleCreator: 3, resource.AccountCreator: 2, resource.ServiceCreator: 1,
}

// choose picks the event that tells who made a resource: of the last creation,
// if a name was given twice, the one that names whoever is closest to a person.
// There is at least one.
func choose(es []record.Made) record.Made {
	last := slices.MaxFunc(es, func(a, b record.Made) int { return a.At.Compare(b.At) }).At
	return slices.MaxFunc(es, func(a, b record.Made) int {
		return cmp.Or(cmp.Compare(recency(a, last), recency(b, last)), cmp.Compare(ranks[a.By.Kind], ranks[b.By.Kind]),
			a.At.Compare(b.At), cmp.Compare(a.Event, b.Event))
	})
}

// recency is 1 for events of the last creation and 0 for others.
func recency(e record.Made, last time.Time) int {
	if last.Sub(e.At) <= together {
		return 1
	}
	return 0
}

// origin is who made a resource by the event that made it.
func origin(e record.Made) resource.Origin {
	if e.By.Kind == resource.UnknownCreator {
		o := resource.Nobody(fmt.Sprintf("the event that made it, %s, does not say who called", e.Event))
		o.PrincipalID, o.ARN = e.By.PrincipalID, e.By.ARN
		return o
	}
	return resource.Origin{Creator: e.By}
}

// add puts a word into a sorted list, once.
func add(list []string, word string) []string {
	i, ok := slices.BinarySearch(list, word)
	if ok {
		return list
	}
	return slices.Insert(list, i, word)
}
