package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// Failure is an instance that gave nothing, and why.
type Failure struct {
	Instance *Instance
	Err      error
}

// What says why, without the name, which a table has in another column.
func (f *Failure) What() string {
	var e *source.Error
	if errors.As(f.Err, &e) {
		return e.What
	}
	return goroutine.Clean(f.Err.Error())
}

// Pull asks all instances for what costs them least, some at the same time,
// and adds up what comes. It is an error only if none answers.
func (f *Fleet) Pull(ctx context.Context) (goroutine.Dump, []Failure, error) {
	sum := newAdding(len(f.Instances))
	errs := make([]error, len(f.Instances))
	var mu sync.Mutex
	done := Progress{Of: len(f.Instances), What: "instances"}
	var g errgroup.Group
	g.SetLimit(f.o.parallel())
	for i := range f.Instances {
		x := &f.Instances[i]
		g.Go(func() error {
			var d *goroutine.Dump
			err := ctx.Err()
			if err == nil {
				d, err = x.take(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			if done.Done++; err != nil {
				errs[i] = err
				done.Failed++
			} else {
				sum.add(goroutine.Instance{Name: x.Name, Labels: x.Labels}, d)
			}
			f.o.progress(done)
			return nil
		})
	}
	_ = g.Wait() // each error is kept with its instance
	var failed []Failure
	for i, err := range errs {
		if err != nil {
			failed = append(failed, Failure{&f.Instances[i], err})
		}
	}
	if err := ctx.Err(); err != nil && len(failed) == len(f.Instances) {
		return goroutine.Dump{}, failed, &source.Error{Kind: source.Target, Name: f.Name, What: "interrupted", Err: err}
	}
	if len(failed) == len(f.Instances) {
		return goroutine.Dump{}, failed, f.none(failed)
	}
	d := sum.dump(f.Name)
	for i := range failed {
		d.Problems = append(d.Problems, goroutine.Problem{Message: "no answer from " + failed[i].Instance.Name + ": " + failed[i].What()})
	}
	return d, failed, nil
}

// none is the error if all instances failed: that of the first, which stands
// for the others.
func (f *Fleet) none(failed []Failure) error {
	none := &source.Error{Kind: source.Target, Name: f.Name, What: fmt.Sprintf("none of %d instances answered: %s: %s", len(failed), failed[0].Instance.Name, failed[0].What()), Err: failed[0].Err}
	var e *source.Error
	if errors.As(failed[0].Err, &e) {
		none.Kind, none.Hint = e.Kind, e.Hint
	}
	return none
}
