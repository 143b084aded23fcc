package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// backers remembers, for one run, who is behind what services make things for.
// It is safe for concurrent use.
type backers struct {
	mu sync.Mutex
	of map[string]func() (backer, error) // by place, type and name
}

// backer is who is behind a parent: its creator, or its owner by its tags, or
// nobody; then it may belong to something itself.
type backer struct {
	creator resource.Creator
	owner   string
	parents []resource.Parent
}

// attribute gives what a service made the creator of what it was made for: of
// the Auto Scaling group, the fleet, the launch template or the stack that its
// tags name, the nearest of which it can be told. Of what only an owner tag
// tells, the name is taken and nothing else: the call was the service's. Where
// that cannot be read, or not yet, it is not known who is behind it.
func (a *App) attribute(ctx context.Context, s *session, at resource.Place, rs []resource.Resource) {
	for _, r := range rs {
		o, err := r.Origin()
		if err != nil || o.Kind != resource.ServiceCreator {
			continue
		}
		b, err := a.behind(ctx, s, at, creation.ParentsOf(r.Tags()))
		switch {
		case err != nil:
			r.SetOrigin(resource.Unread[resource.Origin](err))
			continue
		case b.owner != "":
			o.Name = b.owner
		case b.creator.Name != "":
			o.Creator = b.creator
		}
		r.SetOrigin(resource.Known(o))
	}
}

// maxGenerations bounds how far up it is looked: a group of a stack of a stack.
const maxGenerations = 12

// behind is who is behind the nearest of these parents of which it can be told.
func (a *App) behind(ctx context.Context, s *session, at resource.Place, parents []resource.Parent) (backer, error) {
	seen := map[resource.Parent]bool{}
	for n := 0; len(parents) > 0 && n < maxGenerations; n++ {
		p := parents[0]
		parents = parents[1:]
		if seen[p] {
			continue
		}
		seen[p] = true
		b, err := a.backerOf(ctx, s, at, p)
		if err != nil || b.owner != "" || b.creator.Name != "" {
			return b, err
		}
		parents = slices.Concat(b.parents, parents)
	}
	return backer{}, nil
}

// backerOf asks about one parent, once in a run. Who asks for the same one waits
// for the answer; others, as of another region, do not.
func (a *App) backerOf(ctx context.Context, s *session, at resource.Place, p resource.Parent) (backer, error) {
	ask := sync.OnceValues(func() (backer, error) {
		b, err := a.askBacker(ctx, s, at, p)
		if err != nil {
			err = fmt.Errorf("finding out who is behind %s %s: %w", p.Type, p.ID, err)
		}
		return b, err
	})
	return s.backers.once(at.String()+" "+p.Type+" "+p.ID, ask)()
}

// once is what was kept first under a key.
func (b *backers) once(key string, ask func() (backer, error)) func() (backer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.of[key]; ok {
		return known
	}
	if b.of == nil {
		b.of = map[string]func() (backer, error){}
	}
	b.of[key] = ask
	return ask
}

// askBacker asks who made a parent and, where that was a service too or cannot
// be told, its owner tag.
func (a *App) askBacker(ctx context.Context, s *session, at resource.Place, p resource.Parent) (backer, error) {
	r, err := a.parent(ctx, s, at, p)
	if err != nil || r == nil {
		return backer{}, err
	}
	var unread error
	if a.creators != nil {
		a.creators.Fill(ctx, s.makersOf(at.Account), at, []resource.Resource{r}, a.present(s))
		o, err := r.Origin()
		switch {
		case err != nil:
			unread = err
		case o.Name != "" && o.Kind != resource.ServiceCreator && o.Kind != resource.UnknownCreator:
			return backer{creator: o.Creator}, nil
		}
	}
	if _, strange := r.(*resource.Anything); strange {
		a.o.Source.Fill(ctx, at, need.Tags, []resource.Resource{r})
	}
	owner := a.o.Set.Settings.Owner
	if owner == nil {
		owner = &policy.Owner{Tags: []string{"Owner"}}
	}
	if name := eval.OwnerOf(r, owner); name != "" && !strings.HasSuffix(name, ".amazonaws.com") {
		return backer{owner: name}, nil
	}
	if err := resource.TagsUnread(r); err != nil && unread == nil && fault.ClassOf(err) != fault.NotFound {
		unread = err
	}
	return backer{parents: creation.ParentsOf(r.Tags())}, unread
}

// parent reads a parent: a group with its tags, of others no more than which
// they are. It is nil for what is gone, and for what its tag does not name so
// that anybody could be asked.
func (a *App) parent(ctx context.Context, s *session, at resource.Place, p resource.Parent) (resource.Resource, error) {
	arn := ""
	switch t := resource.Type(p.Type); t {
	case resource.AutoScalingGroup:
		rs, err := a.source(s).Get(ctx, at, t, []string{p.ID})
		if err != nil || len(rs) == 0 {
			return nil, err
		}
		return rs[0], nil
	case "ec2:fleet", "ec2:launch-template":
		arn = resource.EC2Ref(at, t, p.ID).ARN
	case "ec2:spot-fleet":
		arn = resource.EC2Ref(at, "ec2:spot-fleet-request", p.ID).ARN
	case "elasticmapreduce:cluster":
		arn = fmt.Sprintf("arn:%s:elasticmapreduce:%s:%s:cluster/%s", resource.Partition(at.Region), at.Region, at.Account, p.ID)
	case "cloudformation:stack":
		arn = p.ID
	}
	ref, ok := resource.AnythingRef(at, arn)
	if !ok || ref.Account != at.Account || ref.Region != at.Region {
		return nil, nil
	}
	return &resource.Anything{Base: resource.Base{Reference: ref}}, nil
}
