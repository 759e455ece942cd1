package cli

import (
	"os"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// abridged are files with the dumps they hold, of which only an outline is
// kept. Of very many dumps a comparison chooses some, by what the outlines say,
// and the files of those are read again: so thousands take no more memory than
// those that are compared.
type abridged []abridgedFile

type abridgedFile struct {
	name string
	at   int // the number of its first dump
	n    int // of its dumps
}

// abridge lets go of the buckets of a source's dumps, the first of which has
// the number at, if the source can be read again and the dumps are not listed,
// as crashes are, whether or not they are compared.
func (a *abridged) abridge(name string, at int, dumps []goroutine.Dump) bool {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || source.IsTarget(name) {
		return false
	}
	if slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return d.Reason != "" || d.Alone }) {
		return false
	}
	for i := range dumps {
		dumps[i].Abridge()
	}
	*a = append(*a, abridgedFile{name, at, len(dumps)})
	return true
}

// restore reads the dumps again that are compared. They share their stacks.
func (a abridged) restore(dumps []goroutine.Dump, shared *goroutine.Stacks, read func(name string) ([]goroutine.Dump, error)) error {
	if len(a) == 0 {
		return nil
	}
	needed := map[*goroutine.Outline]bool{}
	for _, o := range trend.Needs(dumps) {
		needed[o] = true
	}
	for _, f := range a {
		own := dumps[f.at : f.at+f.n]
		if !slices.ContainsFunc(own, func(d goroutine.Dump) bool { return needed[d.Outline] }) {
			continue
		}
		got, err := read(f.name)
		if len(got) == 0 && err != nil {
			return err
		}
		if !slices.EqualFunc(own, got, sameOutline) {
			return &source.Error{Kind: source.Local, Name: f.name, What: "changed while it was read"}
		}
		shared.Adopt(got)
		for i := range own {
			if needed[own[i].Outline] {
				own[i].Buckets, own[i].Outline = got[i].Buckets, nil
			}
		}
	}
	return nil
}

// sameOutline reports whether a dump that was read again is as it was.
func sameOutline(was, d goroutine.Dump) bool {
	return was.Goroutines == d.Goroutines && was.Outline.Buckets == len(d.Buckets) && was.Outline.Highest == d.Highest()
}
