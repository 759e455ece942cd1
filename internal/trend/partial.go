package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

// skipTwins looks for dumps that are the same. Where their times or places say
// that they are one dump given twice, the second is not judged.
func (f *followed) skipTwins() {
	for i := 1; i < len(f.dumps); i++ {
		a, b := &f.dumps[i-1], &f.dumps[i]
		if a.Goroutines == 0 || a.Level != b.Level || !sameBuckets(a, b) {
			continue
		}
		once := a.Source == b.Source && a.Offset == b.Offset || !a.TakenAt.IsZero() && a.TakenAt.Equal(b.TakenAt)
		names := []string{a.Source, b.Source}
		switch {
		case once && len(f.dumps) > 2:
			f.skip[i] = true
			f.warn(Warning{Kind: SameDump, Names: names})
		case once || a.Level.HasIDs() && a.Reason == "" && (a.TakenAt.IsZero() || b.TakenAt.IsZero()): // a program crashes alike again and again
			f.warn(Warning{Kind: PerhapsSame, Names: names})
		}
	}
}

func sameBuckets(a, b *goroutine.Dump) bool {
	return slices.EqualFunc(a.Buckets, b.Buckets, func(x, y goroutine.Bucket) bool {
		return x.ID == y.ID && x.Count == y.Count && slices.Equal(x.States, y.States) && slices.Equal(x.Waits, y.Waits) &&
			x.IDs.Equal(&y.IDs)
	})
}

// skipPartial leaves dumps that do not show all goroutines out of the
// judgement, as long as enough others remain: what is missing has not ended.
func (f *followed) skipPartial() {
	f.skipBad(NotAll, 2, partial)
	f.skipBad(Damaged, 3, (*goroutine.Dump).Incomplete)
}

func (f *followed) skipBad(kind WarningKind, least int, bad func(*goroutine.Dump) bool) {
	good := 0
	w := Warning{Kind: kind}
	for i := range f.dumps {
		switch {
		case f.skip[i]:
		case bad(&f.dumps[i]):
			w.Names = append(w.Names, f.dumps[i].Source)
		default:
			good++
		}
	}
	if good >= least {
		w.Of = 1
		for i := range f.dumps {
			f.skip[i] = f.skip[i] || bad(&f.dumps[i])
		}
	}
	if len(w.Names) > 0 {
		f.warn(w)
	}
}
