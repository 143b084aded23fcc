// Package inventory reads what exists: every resource of some types in some
// regions, several regions at a time, page by page, and what could not be
// read.
package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// All stands for every region that is enabled for the account.
const All = "all"

// parallel is how many places are read at once: AWS counts calls per account and
// region, so they do not slow each other down, but each holds a page in memory.
const parallel = 8

// ErrNoRegion says that nothing names a region to read.
var ErrNoRegion = errors.New("no region is given: set settings.regions in the policy file, --region, or the region of the AWS configuration")

// Unread is a listing that failed, in whole or after some pages.
type Unread struct {
	At   resource.Place
	Type resource.Type
	Err  error
}

// Named are the regions that are to be read, as they are named, sorted and without
// repetition: ask wins over set, and set over def, the region of the AWS
// configuration. All may be among them; there are none where nothing names one.
func Named(ask, set []string, def string) []string {
	want := ask
	if len(want) == 0 {
		want = set
	}
	if len(want) == 0 && def != "" {
		want = []string{def}
	}
	return slices.Compact(slices.Sorted(slices.Values(want)))
}

// Regions are those that Named names, each by its own name. All takes one API
// call, and is an error where that fails.
func Regions(ctx context.Context, src Source, ask, set []string, def string) ([]string, error) {
	want := Named(ask, set, def)
	if len(want) == 0 {
		return nil, ErrNoRegion
	}
	if slices.Contains(want, All) {
		all, err := src.Regions(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the enabled regions: %w", err)
		}
		return slices.Compact(slices.Sorted(slices.Values(all))), nil
	}
	return want, nil
}

// Places are the regions of an account as places.
func Places(account string, regions []string) []resource.Place {
	places := make([]resource.Place, len(regions))
	for i, region := range regions {
		places[i] = resource.Place{Account: account, Region: region}
	}
	return places
}

// Sweep lists every resource of the types in the places and hands each page to
// page, from several goroutines. A place that fails does
// not stop the others: what could not be read is returned, sorted. An error of
// page stops everything and is returned, as is the end of the context.
func Sweep(ctx context.Context, src Source, places []resource.Place, types []resource.Type,
	page func(resource.Place, []resource.Resource) error) ([]Unread, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu     sync.Mutex
		unread []Unread
		group  sync.WaitGroup
		slots  = make(chan struct{}, parallel)
	)
	for _, at := range places {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for _, t := range types {
				if ctx.Err() != nil {
					return
				}
				err := src.List(ctx, at, t, func(rs []resource.Resource) error {
					if err := page(at, rs); err != nil {
						cancel(err)
						return err
					}
					return ctx.Err()
				})
				if err != nil && ctx.Err() == nil {
					mu.Lock()
					unread = append(unread, Unread{At: at, Type: t, Err: err})
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(unread, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(a.At.Account, b.At.Account), cmp.Compare(a.At.Region, b.At.Region), cmp.Compare(a.Type, b.Type))
	})
	return unread, nil
}

// Call is the API call that could not be made, as far as the error tells.
func (u Unread) Call() string {
	if f, ok := errors.AsType[*fault.Error](u.Err); ok && f.Call != "" {
		return f.Call
	}
	return "list " + string(u.Type)
}
