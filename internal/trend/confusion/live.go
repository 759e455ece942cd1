package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"gdump/internal/trend"
	"gdump/internal/trend/kernels"
)

// live runs the kernels in this process, and prints how often the verdicts on
// five dumps in a row are right.
func live(ctx context.Context, w io.Writer, times int) error {
	p, err := kernels.Start()
	if err != nil {
		return err
	}
	const dumps = 5
	var texts [][]byte
	found, lost, alarms := 0, 0, 0
	for range times + dumps - 1 {
		p.Round()
		text, err := p.Dump()
		if err != nil {
			return err
		}
		if texts = append(texts, text); len(texts) < dumps {
			continue
		}
		all, err := kernels.Read(ctx, texts)
		if err != nil {
			return err
		}
		t := trend.Compare(all)
		missed, wrong := kernels.Check(&t, p.Kernels)
		for _, k := range p.Kernels {
			if k.Leaks {
				found++
			}
		}
		found -= len(missed)
		lost += len(missed)
		alarms += len(wrong)
		for _, m := range missed {
			fmt.Fprintln(w, "  missed", m)
		}
		for _, m := range wrong {
			fmt.Fprintln(w, "  false alarm,", m)
		}
		texts = texts[1:]
	}
	fmt.Fprintf(w, "kernels, %d times five dumps: %d of %d leaks accumulate, %d false alarms\n", times, found, found+lost, alarms)
	return nil
}

// paths are the folders that source files lie in on the machine of the run.
var paths = regexp.MustCompile(`(?m)^\t\S*?/((?:internal/trend/(?:kernels|confusion)|src)/)`)

// record writes dumps of a run of the kernels into a folder, as the tests read
// them.
func record(folder string, rounds int) error {
	p, err := kernels.Start()
	if err != nil {
		return err
	}
	for i := range rounds {
		p.Round()
		text, err := p.Dump()
		if err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%02d.txt.gz", i)))
		if err != nil {
			return err
		}
		z := gzip.NewWriter(f)
		if _, err := z.Write(paths.ReplaceAll(text, []byte("\t/home/go/$1"))); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
