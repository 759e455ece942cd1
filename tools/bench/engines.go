package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gdump/internal/parse"

	"github.com/DataDog/gostackparse"
	"github.com/google/pprof/profile"
	"github.com/maruel/panicparse/v2/stack"
)

// engines read a file and say how many goroutines and stacks it has. Each runs
// in a process of its own, so that its time and memory are its alone.
var engines = map[string]func(name string, workers int) (goroutines, stacks int, err error){
	"gdump":        readGdump,
	"counts":       readCounts,
	"gostackparse": readGostackparse,
	"panicparse":   readPanicparse,
	"pprof":        readPprof,
}

// readPprof reads all profiles of a folder.
func readPprof(folder string, _ int) (goroutines, stacks int, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, 0, err
		}
		p, err := profile.ParseData(data)
		if err != nil {
			return 0, 0, err
		}
		for _, s := range p.Sample {
			goroutines += int(s.Value[0])
		}
		stacks += len(p.Sample)
	}
	return goroutines, stacks, nil
}

func readGdump(name string, workers int) (int, int, error) {
	return gdump(name, parse.Options{Workers: workers})
}

// readCounts is gdump without the statistics of a bucket.
func readCounts(name string, workers int) (int, int, error) {
	return gdump(name, parse.Options{Workers: workers, CountsOnly: true})
}

func gdump(name string, o parse.Options) (goroutines, stacks int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	dumps, err := parse.Read(context.Background(), f, o)
	if err != nil {
		return 0, 0, err
	}
	for i := range dumps {
		goroutines += dumps[i].Goroutines
		stacks += len(dumps[i].Buckets)
	}
	return goroutines, stacks, nil
}

func readGostackparse(name string, _ int) (int, int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	all, problems := gostackparse.Parse(f)
	if len(problems) > 0 {
		fmt.Fprintf(os.Stderr, "gostackparse: %d problems, the first: %v\n", len(problems), problems[0])
	}
	return len(all), 0, nil
}

// readPanicparse reads and groups as panicparse's own program does. Creators'
// ids are taken off first: with them, grouping takes time in the square.
func readPanicparse(name string, _ int) (int, int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var in io.Reader = f
	goroutines, stacks := 0, 0
	for {
		snap, suffix, err := stack.ScanSnapshot(in, io.Discard, &stack.Opts{})
		if snap != nil {
			for _, g := range snap.Goroutines {
				for i := range g.CreatedBy.Calls {
					c := &g.CreatedBy.Calls[i].Func
					c.Complete, _, _ = strings.Cut(c.Complete, " in goroutine ")
				}
			}
			goroutines += len(snap.Goroutines)
			stacks += len(snap.Aggregate(stack.AnyValue).Buckets)
		}
		if errors.Is(err, io.EOF) {
			return goroutines, stacks, nil
		}
		if err != nil && snap == nil {
			return goroutines, stacks, err
		}
		in = io.MultiReader(strings.NewReader(string(suffix)), f)
	}
}
