package aws

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// known is what an inventory service says of a resource.
type known struct {
	arn     string
	region  string  // "" where it does not tell; "global" for what is in none
	tags    tag.Set // those that the tagging API tells win, being fresher
	created time.Time
	unread  error // why it does not tell the tags, nil where it does
}

// errUntagged is the cause of a listing that is whole but for what was never
// tagged.
var errUntagged = errors.New("listing what was never tagged")

// lack is why an inventory service cannot list everything.
type lack struct {
	why string
	err error // what the service answered to its first call, nil where it is off
}

// anywhere is a listing of everything in one region.
type anywhere struct {
	s    *Session
	at   resource.Place
	page func([]resource.Resource) error
	tags map[string]tag.Set // by ARN, of what has or had any
	seen map[string]bool
}

// listAnything hands over everything in a region that has an ARN. The tagging
// API knows what has or had tags, and nothing else; the rest is AWS Config's to
// tell, or else Resource Explorer's. Where neither is there, what was found is
// handed over, and the error says what is not seen.
func (s *Session) listAnything(ctx context.Context, at resource.Place, page func([]resource.Resource) error) error {
	l := &anywhere{s: s, at: at, page: page, tags: map[string]tag.Set{}, seen: map[string]bool{}}
	if err := l.readTags(ctx); err != nil {
		return err
	}
	without, err := s.listRecorded(ctx, at, l.add)
	if err == nil && without != nil {
		var more *lack
		if more, err = s.listExplored(ctx, at, l.add); more != nil {
			more.why = without.why + "; " + more.why
			more.err = cmp.Or(more.err, without.err)
		}
		without = more
	}
	if err != nil {
		return err
	}
	if err := l.rest(); err != nil || without == nil {
		return err
	}
	f := invalid(callResources, at.Region, "resources that were never tagged are not seen there: "+without.why)
	f.Class, f.Err = cmp.Or(fault.ClassOf(without.err), fault.Unsupported), errUntagged
	f.Hint = "turn on Resource Explorer in " + at.Region + ", with a default view that includes tags, or let AWS Config record all types there"
	return f
}

// readTags reads the tags of everything in the region that has or had any.
func (l *anywhere) readTags(ctx context.Context) error {
	api, err := l.s.tagging(callResources, l.at.Region)
	if err != nil {
		return err
	}
	return eachPage(callResources, l.at.Region, func(token *string) (*string, error) {
		out, err := api.resources(ctx, &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: awssdk.Int32(maxAsked), PaginationToken: token})
		if err != nil {
			return nil, err
		}
		for _, m := range out.ResourceTagMappingList {
			l.tags[awssdk.ToString(m.ResourceARN)] = mappedTags(m.Tags)
		}
		return out.PaginationToken, nil
	})
}

// add hands over one page of an inventory, as far as it is of this region and
// account, each resource once.
func (l *anywhere) add(list []known) error {
	rs := make([]resource.Resource, 0, len(list))
	for _, k := range list {
		if r := l.make(k); r != nil {
			rs = append(rs, r)
		}
	}
	if len(rs) == 0 {
		return nil
	}
	return l.page(rs)
}

func (l *anywhere) make(k known) resource.Resource {
	ref, ok := resource.AnythingRef(l.at, k.arn)
	parts := strings.SplitN(k.arn, ":", 6)
	switch {
	case !ok, l.seen[k.arn], ref.Account != l.at.Account:
		return nil
	case k.region == "global", k.region == "" && parts[3] == "" && parts[2] != "s3":
		// What is in no region is listed by many; it is judged once.
		if !mainRegion(l.at.Region) {
			return nil
		}
	case k.region != "" && k.region != l.at.Region, ref.Region != l.at.Region:
		return nil
	}
	l.seen[k.arn] = true
	tags := k.tags
	if fresh, ok := l.tags[k.arn]; ok {
		tags, k.unread = fresh, nil
	}
	if tags == nil {
		tags = tag.Set{}
	}
	return &resource.Anything{Base: resource.Base{Reference: ref, TagSet: tags, TagsErr: k.unread}, CreatedAt: k.created}
}

// mainRegion says whether the resources of a partition that are in no region
// are judged in this one. AWS keeps those of its main partition in us-east-1.
func mainRegion(region string) bool {
	switch resource.Partition(region) {
	case "aws":
		return region == "us-east-1"
	case "aws-cn":
		return region == "cn-north-1"
	case "aws-us-gov":
		return region == "us-gov-west-1"
	default:
		return strings.HasSuffix(region, "-1")
	}
}

// rest hands over what has tags and is in no inventory.
func (l *anywhere) rest() error {
	var list []known
	for arn := range l.tags {
		list = append(list, known{arn: arn})
	}
	slices.SortFunc(list, func(a, b known) int { return strings.Compare(a.arn, b.arn) })
	return l.add(list)
}

// getAnything reads resources of a type that tagwarden does not have anew: no
// service tells of single ones whether they are there, so all are listed.
func (s *Session) getAnything(ctx context.Context, at resource.Place, arns []string) ([]resource.Resource, error) {
	var found []resource.Resource
	err := s.listAnything(ctx, at, func(rs []resource.Resource) error {
		for _, r := range rs {
			if slices.Contains(arns, r.Ref().ID) {
				found = append(found, r)
			}
		}
		return nil
	})
	if errors.Is(err, errUntagged) { // a partial listing has what it had before
		err = nil
	}
	return found, err
}

// foreign says whether a type is one that tagwarden does not have but has seen
// among all others: service:thing, or a service alone.
func foreign(t resource.Type) bool {
	_, ours := readers[t]
	return !ours && t != "" && t != resource.Any && !strings.ContainsAny(string(t), " /\n")
}

// foreignChange is how resources of such a type are tagged: their ids are
// their ARNs. EC2 and IAM are asked by themselves.
func foreignChange(t resource.Type, k action.Kind) (change, bool) {
	if !foreign(t) {
		return change{}, false
	}
	if strings.HasPrefix(string(t), "ec2:") && k != action.Invoke {
		ch, ok := ec2Tagging[k]
		if !ok {
			return change{}, false
		}
		return change{ch.call, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
			ids := make([]string, len(c.IDs))
			for i, arn := range c.IDs {
				ids[i] = arn[strings.LastIndex(arn, "/")+1:]
			}
			c.IDs = ids
			return ch.do(ctx, s, c)
		}}, true
	}
	if thing, ok := iamThings[t]; ok && k != action.Invoke {
		return iamChange(thing, k)
	}
	ch, ok := foreignTagging[k]
	return ch, ok
}

var foreignTagging = taggedByARN(func(at resource.Place, arn string) resource.Ref {
	return resource.Ref{ID: arn, ARN: arn, Account: at.Account, Region: at.Region}
})

// asWithout sorts an error of the first call to a service that could tell
// everything: why one is without it (a missing permission, no such service in
// the region), or an error that another run may not have.
func asWithout(name string, err error) (*lack, error) {
	switch fault.ClassOf(err) {
	case "", fault.Throttled, fault.Passing, fault.TimedOut, fault.Cancelled, fault.Credentials:
		return nil, err
	case fault.NotFound: // nobody has turned it on
		return &lack{why: name + " is not set up (" + err.Error() + ")"}, nil
	default:
		return &lack{name + " cannot be asked (" + err.Error() + ")", err}, nil
	}
}
