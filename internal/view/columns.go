package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

// Column is one column of the list of buckets, in the text and on the screen.
type Column struct {
	Title string
	Right bool // numbers are at the right
	Cell  func(*trend.Series) string
	// Quiet reports whether the cell says nothing new, so that it is drawn
	// fainter; nil for a column whose cells all count.
	Quiet func(*trend.Series) bool
	// Compare orders two series by this column, the one that is looked for
	// first: large numbers, then names from A to Z.
	Compare func(a, b *trend.Series) int

	cut   func(s string, w int) string // makes a cell too long fit; nil cuts its end
	rank  int                          // the columns with the least go first when the width does not do
	least int                          // cells to which the column can shrink
	// comfort is the cells to which it shrinks at most as long as a column of a
	// rank below optional is left to go instead; 0 means least.
	comfort int
	short   int // cells to which it shrinks before any other: nothing is lost
}

// optional is the rank from which on a column is worth more than a name in full.
const optional = 6

// SiteTitle heads the column of call sites; those behind it say more of them.
const SiteTitle = "call site"

// Gap is the blank between two columns.
const Gap = 2

// Columns are what is shown of each bucket of a trend.
func Columns(t *trend.Trend) []Column {
	var cols []Column
	add := func(c Column) {
		if c.least == 0 {
			c.least = 1000
		}
		cols = append(cols, c)
	}
	count := func(title string, rank int, n func(*trend.Series) int, write func(int) string) {
		add(Column{
			Title: title, Right: true, rank: rank,
			Cell:    func(s *trend.Series) string { return write(n(s)) },
			Compare: func(a, b *trend.Series) int { return cmp.Compare(n(b), n(a)) },
		})
	}
	name := func(title string, rank, least int, cut func(string, int) string, f func(*goroutine.Bucket) string) {
		add(Column{
			Title: title, rank: rank, least: least, cut: cut,
			Cell:    func(s *trend.Series) string { return f(s.Bucket) },
			Compare: func(a, b *trend.Series) int { return cmp.Compare(f(a.Bucket), f(b.Bucket)) },
		})
	}
	switch n := len(t.Dumps); {
	case n > 1 && t.Apart():
		count("first", 4, func(s *trend.Series) int { return s.Counts[0] }, number.Group)
		if n > 2 {
			add(history("counts", func(a, b *trend.Series) int { return cmp.Compare(b.Now(), a.Now()) }))
		}
		count("last", 11, (*trend.Series).Now, number.Group)
	case n == 1:
		count("count", 20, (*trend.Series).Now, number.Group)
		count("share", 3, (*trend.Series).Now, func(n int) string { return share(n, t.Dumps[0].Goroutines) })
	default:
		count("change", 20, (*trend.Series).Change, number.Signed)
		count("before", 4, func(s *trend.Series) int { return s.Counts[0] }, number.Group)
		if n > 2 {
			add(history("trend", func(a, b *trend.Series) int { return cmp.Compare(b.PerDump, a.PerDump) }))
		}
		count("after", 11, (*trend.Series).Now, number.Group)
		verdict := func(a, b *trend.Series) int { return cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()) }
		add(Column{rank: 12, Cell: func(s *trend.Series) string { return Of(s.Verdict).Sign }, Compare: verdict})
		add(Column{Title: "verdict", rank: 5, Cell: func(s *trend.Series) string { return string(s.Verdict) }, Compare: verdict})
	}
	if OfFleet(t) {
		count("instances", 9, instances, nil)
		cols[len(cols)-1].Cell = func(s *trend.Series) string { return diagnose.Instances(s) }
		strip := Column{Title: "each", rank: 6, Cell: func(s *trend.Series) string { return Strip(s.Bucket, maxStrip) }}
		worst := Column{Title: "worst", rank: 7, Cell: func(s *trend.Series) string { return Worst(s) }, least: 16, cut: CutFront}
		for _, c := range []Column{strip, worst} {
			c.Compare = func(a, b *trend.Series) int { return cmp.Compare(most(b), most(a)) }
			add(c)
		}
	}
	add(Column{
		Title: "leaked", Right: true, rank: 9, Cell: leakedCell,
		Compare: func(a, b *trend.Series) int { return cmp.Compare(b.Leaked, a.Leaked) },
	})
	name("state", 10, min(shortStates(t.Series), leastState), CutState, State)
	cols[len(cols)-1].short = shortStates(t.Series)
	cols[len(cols)-1].comfort = cols[len(cols)-1].short
	add(Column{
		Title: "wait", Right: true, rank: 6, Cell: func(s *trend.Series) string { return Waits(s.Bucket.Waits) },
		Compare: func(a, b *trend.Series) int {
			return cmp.Or(cmp.Compare(b.Bucket.Waits.Max(), a.Bucket.Waits.Max()), cmp.Compare(b.Bucket.Waits.Median(), a.Bucket.Waits.Median()))
		},
	})
	if t.By != "" && t.By != string(trend.ByStack) {
		group := func(s *trend.Series) string { return goroutine.Clean(s.Name) }
		add(Column{
			Title: t.By, cut: CutFront, rank: 21, least: 24, Cell: group,
			Compare: func(a, b *trend.Series) int { return cmp.Compare(a.Name, b.Name) },
		})
		return cols
	}
	add(Column{
		Title: SiteTitle, rank: 21, least: 18, comfort: 28, cut: CutName, Cell: Name,
		Compare: func(a, b *trend.Series) int { return cmp.Compare(Name(a), Name(b)) },
	})
	name("at", 8, 10, CutFront, func(b *goroutine.Bucket) string { return Show(b.Stack.Site()).Place })
	cols[len(cols)-1].comfort = 16
	name("created by", 1, 24, CutName, func(b *goroutine.Bucket) string { return Show(b.Stack.CreatedBy()).Name })
	name("module", 2, 20, CutFront, ownerModule)
	return cols
}

// WithBlocks adds to the columns how many goroutines those of a bucket keep
// waiting. Where there is no room, it gives way to file and line: few rows have
// it, and the stack says it as well.
func WithBlocks(cols []Column, blocks func(*goroutine.Bucket) int) []Column {
	at := slices.IndexFunc(cols, func(c Column) bool { return c.Title == "state" })
	return slices.Insert(cols, max(0, at), Column{
		Title: "blocks", Right: true, rank: 7, least: 1000,
		Cell: func(s *trend.Series) string {
			if n := blocks(s.Bucket); n > 0 {
				return number.Group(n)
			}
			return ""
		},
		Compare: func(a, b *trend.Series) int { return cmp.Compare(blocks(b.Bucket), blocks(a.Bucket)) },
	})
}

// history is a column of counts dump by dump.
func history(title string, compare func(a, b *trend.Series) int) Column {
	return Column{
		Title: title, rank: 9, least: 5, comfort: 8, cut: squeeze, Compare: compare,
		Cell: func(s *trend.Series) string { return History(s.Counts, maxSpark) },
		Quiet: func(s *trend.Series) bool {
			return s.Verdict == trend.Stable || s.Verdict == trend.Turnover || slices.Min(s.Counts) == slices.Max(s.Counts)
		},
	}
}

// leakedCell is empty without proof, so that the column goes where there is no
// proof at all.
func leakedCell(s *trend.Series) string {
	if s.Leaked == 0 {
		return ""
	}
	return number.Group(s.Leaked)
}

// First are the first n series of a trend.
func First(t *trend.Trend, n int) []*trend.Series {
	rows := make([]*trend.Series, min(n, len(t.Series)))
	for i := range rows {
		rows[i] = &t.Series[i]
	}
	return rows
}

// Widths are the natural widths of columns over some series: of the widest
// cell, 0 where all are empty.
func Widths(cols []Column, series []*trend.Series) []int {
	widths := make([]int, len(cols))
	for i := range cols {
		for _, s := range series {
			widths[i] = max(widths[i], ansi.StringWidth(cols[i].Cell(s)))
		}
		if widths[i] > 0 {
			widths[i] = max(widths[i], ansi.StringWidth(cols[i].Title))
		}
	}
	return widths
}

// Fit makes columns of natural widths fit into width: long names are cut as
// far as they can be, then whole columns go, those that say least first. A
// column that went has width 0.
func Fit(cols []Column, natural []int, width int) []int {
	w := append([]int(nil), natural...)
	for {
		over := -Gap - width
		for i := range w {
			if w[i] > 0 {
				over += w[i] + Gap
			}
		}
		if over <= 0 {
			return w
		}
		if i, n := widest(cols, w); i >= 0 {
			// Long names give way step by step, so that they share what is left.
			w[i] -= min(over, max(1, n/2))
			continue
		}
		least := -1
		for i := range w {
			if w[i] > 0 && (least < 0 || cols[i].rank < cols[least].rank) {
				least = i
			}
		}
		if cols[least].rank >= 20 { // only the count and the call site are left
			for i := range w {
				if cols[i].rank == 21 {
					w[i] = max(1, w[i]-over)
				}
			}
			return w
		}
		w[least] = 0
		// What went leaves room: the others start again from their natural widths.
		for i := range w {
			if w[i] > 0 {
				w[i] = natural[i]
			}
		}
	}
}

// widest is the column that exceeds what it can shrink to the most, and by how
// much; -1 if none does.
func widest(cols []Column, w []int) (column, excess int) {
	spare := false
	for i := range w {
		spare = spare || w[i] > 0 && cols[i].rank < optional
	}
	column = -1
	for i := range w {
		if short := cols[i].short; short > 0 && w[i] > short {
			return i, w[i] - short
		}
		least := cols[i].least
		if spare {
			least = max(least, cols[i].comfort)
		}
		if w[i]-least > excess {
			column, excess = i, w[i]-least
		}
	}
	return column, excess
}

// Fill writes a cell into exactly w cells.
func (c *Column) Fill(s string, w int) string {
	switch {
	case ansi.StringWidth(s) <= w:
	case c.cut != nil:
		s = c.cut(s, w)
	default:
		s = ansi.Truncate(s, w, "…")
	}
	if c.Right {
		return PadLeft(s, w)
	}
	return PadRight(s, w)
}

// ownerModule is the module of the call site's owner, or what it is instead.
func ownerModule(b *goroutine.Bucket) string {
	f, ok := b.Stack.Owner()
	switch {
	case !ok && (b.Stack.Missing() || b.Stack.Len() == 0):
		return ""
	case !ok:
		return "go"
	case f.Module != "":
		return Module(f.Module)
	}
	return Show(f).Package
}

// share is what part of all goroutines n are, as a bar and in percent.
func share(n, all int) string {
	const cells = 6
	if all <= 0 {
		return ""
	}
	bar := (n*cells + all - 1) / all
	return fmt.Sprintf("%s%s %3d%%", strings.Repeat("█", bar), strings.Repeat("░", cells-bar), (100*n+all/2)/all)
}

const (
	maxSpark = 12
	// lowest is the least difference that is drawn over the full height: one
	// goroutine must not look like a tower.
	lowest = 8
)

// History draws the counts of a series as a row of blocks, at most n of them,
// and a line where nothing changes. Counts that change little are in the middle,
// so that what grows by a tenth rises, and what is steady is no tower.
func History(counts []int, n int) string {
	if len(counts) == 0 {
		return ""
	}
	low, high := slices.Min(counts), slices.Max(counts)
	if low == high {
		return strings.Repeat("─", min(len(counts), n))
	}
	span := max(high-low, high*3/4, lowest)
	return blocks(counts, n, max(0, (low+high-span)/2), span)
}

// Spark draws counts as a row of blocks, at most n of them: the highest count
// is a full block, none the lowest line.
func Spark(counts []int, n int) string {
	top := 1
	for _, c := range pickLast(counts, n) {
		top = max(top, c)
	}
	return blocks(counts, n, 0, top)
}

// blocks draws counts as a row of at most n blocks, of which a full one is span
// above the bottom. Any count is above the lowest line.
func blocks(counts []int, n, bottom, span int) string {
	steps := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, c := range pickLast(counts, n) {
		i := (max(c-bottom, 0)*(len(steps)-1) + span - 1) / span
		b.WriteRune(steps[min(max(i, min(c, 1), 0), len(steps)-1)])
	}
	return b.String()
}

// squeeze makes a row of blocks fit into w cells.
func squeeze(s string, w int) string { return string(pickLast([]rune(s), max(w, 0))) }

// pickLast picks at most n values, of each span the last.
func pickLast[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	picked := make([]T, n)
	for i := range picked {
		picked[i] = all[(i+1)*len(all)/n-1]
	}
	return picked
}

// Span is how far the times of a trend reach, "" if they are not known or the same.
func Span(t *trend.Trend) string {
	if len(t.Dumps) < 2 {
		return ""
	}
	a, b := t.Dumps[0].TakenAt, t.Dumps[len(t.Dumps)-1].TakenAt
	if a.IsZero() || !b.After(a) {
		return ""
	}
	d := b.Sub(a)
	switch {
	case d < time.Second:
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return number.Span(d)
}
