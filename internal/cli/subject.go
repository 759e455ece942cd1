package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/run"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// subject is what run and watch look at: a process, or a fleet as one.
type subject struct {
	name    string
	process *source.Process // nil for a fleet
	count   func(context.Context) (int, error)
	counts  func(context.Context) (*goroutine.Dump, error) // what costs least
	// full is a dump that is kept in a folder, if there is one.
	full   func(ctx context.Context, folder string) ([]goroutine.Dump, error)
	memory func(context.Context) (*source.Memory, error) // nil if it has none
	// worst takes a full dump of the instance that has most of a bucket; nil for
	// a process.
	worst func(ctx context.Context, b *goroutine.Bucket, folder string) error
}

func (a *app) subject(arg string) (*subject, error) {
	if fleet.Is(arg) {
		return a.fleetSubject(arg)
	}
	t, err := source.NewTarget(arg, a.sourceOptions())
	if err != nil {
		return nil, err
	}
	return &subject{
		name: t.Name(), process: t, count: t.Count, memory: t.Memory,
		counts: func(ctx context.Context) (*goroutine.Dump, error) { return one(t.TakeCounts(ctx)) },
		full: func(ctx context.Context, folder string) ([]goroutine.Dump, error) {
			return a.keepDump(ctx, t, folder)
		},
	}, nil
}

// fleetSubject is a fleet: its processes are looked for again for each look,
// since they come and go.
func (a *app) fleetSubject(arg string) (*subject, error) {
	s, err := fleet.Parse(arg)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var found *fleet.Fleet // as of the last look
	failing := 0
	pull := func(ctx context.Context) (*goroutine.Dump, error) {
		f, err := a.find(ctx, arg, a.fleetOptions())
		if err != nil {
			return nil, err
		}
		d, failed, err := f.Pull(ctx)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if found = f; len(failed) != failing {
			a.sayFailed(failed, len(f.Instances))
		}
		failing = len(failed)
		return &d, nil
	}
	return &subject{
		name: s.Name(), counts: pull,
		count: func(ctx context.Context) (int, error) {
			d, err := pull(ctx)
			if err != nil {
				return 0, err
			}
			return d.Goroutines, nil
		},
		full: func(ctx context.Context, _ string) ([]goroutine.Dump, error) {
			d, err := pull(ctx)
			if err != nil {
				return nil, err
			}
			return []goroutine.Dump{*d}, nil
		},
		worst: func(ctx context.Context, b *goroutine.Bucket, folder string) error {
			mu.Lock()
			f := found
			mu.Unlock()
			return a.keepWorst(ctx, f, b, folder)
		},
	}, nil
}

// keepWorst takes a full dump of the instance that has most of a bucket.
func (a *app) keepWorst(ctx context.Context, f *fleet.Fleet, b *goroutine.Bucket, folder string) error {
	if f == nil || b == nil || b.Spread == nil {
		return nil
	}
	worst, n := b.Spread.Worst()
	i := slices.IndexFunc(f.Instances, func(x fleet.Instance) bool { return worst != nil && x.Name == worst.Name && x.Process != nil })
	if i < 0 {
		return nil
	}
	taken, err := f.Instances[i].Process.Save(ctx, folder+string(filepath.Separator), false)
	if err != nil {
		return err
	}
	a.say(fmt.Sprintf("%s has most, %s: its dump is in %s", worst.Name, number.Group(n), goroutine.Clean(taken.File)))
	return nil
}

// grewMost is the bucket that grew most in a sample of a watch.
func grewMost(s *run.Sample) *goroutine.Bucket {
	if len(s.Grew) == 0 || s.Counts == nil {
		return nil
	}
	i := slices.IndexFunc(s.Counts.Buckets, func(b goroutine.Bucket) bool { return b.ID == s.Grew[0] })
	if i < 0 {
		return nil
	}
	return &s.Counts.Buckets[i]
}
