package ui

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
)

const (
	barAfter = 200 * time.Millisecond
	maxCopy  = 100_000 // bytes; terminals drop longer OSC 52 sequences
)

// loadCmd runs the loader and hands its progress to steps.
func loadCmd(ctx context.Context, load Load, steps chan Step) tea.Cmd {
	return func() tea.Msg {
		defer close(steps)
		t, err := load(ctx, func(s Step) {
			select {
			case steps <- s:
			default: // the screen is behind; the next step will do
			}
		})
		if len(t.Dumps) == 0 {
			return loadedMsg{err: err}
		}
		return loadedMsg{prepare(t), err}
	}
}

// stepCmd waits for one step of the loading.
func stepCmd(steps <-chan Step) tea.Cmd {
	return func() tea.Msg {
		s, ok := <-steps
		if !ok {
			return nil
		}
		m := steppedMsg{progress: s.Progress, asked: s.Asked}
		if s.Partial != nil {
			p := prepare(*s.Partial)
			m.partial = &p
		}
		return m
	}
}

func waitCmd() tea.Cmd {
	return tea.Tick(barAfter, func(time.Time) tea.Msg { return waitedMsg{} })
}

// compareCmd puts some of the dumps in a row, by a grouping.
func compareCmd(gen int, dumps []goroutine.Dump, by string) tea.Cmd {
	return func() tea.Msg {
		g, err := query.ParseGrouping(by)
		if err != nil {
			return comparedMsg{gen: gen, err: err}
		}
		return comparedMsg{prepared: prepare(trend.Options{By: g.Name, Group: g.Of}.Compare(dumps)), gen: gen}
	}
}

// arrangement is what the rows of the list are made from. The series are
// changed by nobody.
type arrangement struct {
	gen    int
	filter string
	series []trend.Series
	orders []ordering            // the first that changes the rows shown counts, else the last
	shown  []int                 // rows on the screen
	skip   int                   // of the orders that change them, so many are passed over
	hideGo bool                  // buckets without a frame outside of Go
	idle   map[goroutine.ID]bool // hidden as those are
	gone   map[string]bool       // hidden by hand, by identity
	folded folded                // which a filter and a tree look into
	tree   bool
}

// ordering is an order of the rows.
type ordering struct {
	order
	compare func(a, b *trend.Series) int // nil for the order of the trend
}

// sort puts rows, which are in the order of the trend, in another.
func (o *ordering) sort(rows []int, series []trend.Series) []int {
	rows = slices.Clone(rows)
	switch {
	case o.compare != nil && o.reversed:
		slices.SortStableFunc(rows, func(x, y int) int { return o.compare(&series[y], &series[x]) })
	case o.compare != nil:
		slices.SortStableFunc(rows, func(x, y int) int { return o.compare(&series[x], &series[y]) })
	case o.reversed:
		slices.Reverse(rows)
	}
	return rows
}

// arrangeCmd finds the rows that a filter leaves and puts them in order. Of a
// filter with a mistake the terms that are right apply.
func arrangeCmd(a arrangement) tea.Cmd {
	return func() tea.Msg {
		q, err := query.Parse(a.filter, view.VerdictNames())
		m := arrangedMsg{gen: a.gen, query: q, err: err, tree: a.tree}
		for _, p := range inParts(len(a.series), func(from, to int) part { return a.match(q, from, to) }) {
			m.rows = append(m.rows, p.rows...)
			m.hidden += p.hidden
		}
		matched := m.rows
		for _, o := range a.orders {
			m.order = o.order
			if m.rows = o.sort(matched, a.series); slices.Equal(m.rows, a.shown) {
				continue
			}
			if a.skip--; a.skip < 0 {
				break
			}
			a.shown = m.rows
		}
		if a.tree {
			m.nodes = trend.Tree(a.series, m.rows)
		}
		return m
	}
}

// part is what a filter leaves of some of the series.
type part struct {
	rows   []int
	hidden int
}

func (a *arrangement) match(q query.Query, from, to int) part {
	var p part
	fold := a.filter == "" && !a.tree
	for i := from; i < to; i++ {
		s := &a.series[i]
		if a.folded.row >= 0 && (i == a.folded.row) != fold && (i == a.folded.row || a.folded.has(i)) {
			continue
		}
		if len(a.gone) > 0 && a.gone[identity(s)] || !q.MatchRow(query.Row{Bucket: s.Bucket, Verdict: string(s.Verdict), Change: s.Change()}) {
			continue
		}
		if _, own := s.Bucket.Stack.Owner(); a.hideGo && (!own || a.idle[s.Bucket.ID]) {
			p.hidden++
			continue
		}
		p.rows = append(p.rows, i)
	}
	return p
}

// inParts works on n things side by side, a part a processor: what takes time
// is to fetch them from memory. A panic returns to the caller, where Bubble
// Tea restores the terminal.
func inParts(n int, work func(from, to int) part) []part {
	parts := make([]part, max(1, min(runtime.GOMAXPROCS(0), n/1000)))
	panics := make([]any, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			defer func() { panics[i] = recover() }()
			parts[i] = work(i*n/len(parts), (i+1)*n/len(parts))
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	return parts
}

// jumpCmd finds the series of a goroutine.
func jumpCmd(id uint64, series []trend.Series) tea.Cmd {
	return func() tea.Msg {
		return jumpedMsg{id, slices.IndexFunc(series, func(s trend.Series) bool { return s.Bucket.IDs.Contains(id) })}
	}
}

// copyCmd puts text on the clipboard: of the terminal, which may be far away,
// by OSC 52, which works over ssh and through tmux; and by a program of this
// machine, if there is one.
func copyCmd(w io.Writer, native func(string) error, write func() string) tea.Cmd {
	return func() tea.Msg {
		text := write()
		there := native != nil && native(text) == nil
		if len(text) > maxCopy {
			if there {
				return copiedMsg{what: "copied " + size(text) + " to the clipboard of this machine only: terminals take " + number.Group(maxCopy) + " bytes"}
			}
			return copiedMsg{err: fmt.Errorf("too long to copy: %s bytes, terminals take %s; W writes a file", number.Group(len(text)), number.Group(maxCopy))}
		}
		if _, err := osc52.New(text).WriteTo(w); err != nil && !there {
			return copiedMsg{err: err}
		}
		return copiedMsg{what: "copied " + size(text)}
	}
}

// size is how long a text is, in lines if it has several.
func size(text string) string {
	if n := strings.Count(text, "\n"); n > 0 {
		return number.Plural(n, "line", "lines")
	}
	return number.Plural(len(text), "byte", "bytes")
}

// writeCmd writes what is shown to a file.
func writeCmd(write func(string, *trend.Trend) error, name string, t trend.Trend) tea.Cmd {
	return func() tea.Msg { return wroteMsg{name, write(name, &t)} }
}
