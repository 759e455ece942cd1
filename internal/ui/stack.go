package ui

import (
	"fmt"
	"strconv"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

const (
	shownIDs  = 10
	factWidth = 8 // cells for the name of a fact
	waitBars  = 8

	leastPlace = 14 // cells that a place keeps next to a long name
)

// stackText is how a bucket is written in the stack pane.
type stackText struct {
	dumps   int // of the trend
	width   int
	whole   bool     // full names and paths, as much room as they need
	wrapped bool     // lines too long go on in the next
	folded  bool     // frames of Go itself are left out
	notes   []string // below the title
}

// lines write a bucket: a title and its stack.
func (x stackText) lines(s *trend.Series) []line {
	lines := wrapLine(line{text: view.Title(s, x.dumps), kind: strongLine}, x.width)
	for _, n := range x.notes {
		lines = append(lines, wrapLine(line{text: n}, x.width)...)
	}
	if x.whole {
		lines = append(lines, line{})
	}
	rows := view.ShownRows(s.Bucket.Stack)
	names, places := x.columns(rows)
	hidden := 0
	for i := range rows {
		r := &rows[i]
		if x.folded && r.Faint() && r.Frame != nil && r.Prefix == "" {
			hidden++
			continue
		}
		lines = append(lines, x.fold(&hidden)...)
		lines = append(lines, x.row(r, names, places)...)
	}
	return x.wrap(append(lines, x.fold(&hidden)...))
}

// facts are what else is known of a bucket.
func (x stackText) facts(b *goroutine.Bucket) []line { return x.wrap(facts(b, x.width)) }

func (x stackText) wrap(lines []line) []line {
	if x.whole && x.wrapped {
		return hardWrap(lines, x.width)
	}
	return lines
}

// shownMembers is how many stacks of a group are written.
const shownMembers = 30

// group writes the stacks of a group, the largest first.
func (x stackText) group(s *trend.Series, members []*goroutine.Bucket) []line {
	lines := wrapLine(line{text: goroutine.Clean(s.Name) + ": " + view.Title(s, x.dumps), kind: strongLine}, x.width)
	for i, b := range members {
		if i == shownMembers {
			return append(lines, line{}, line{text: "and " + number.Plural(len(members)-i, "more stack", "more stacks"), kind: faintLine})
		}
		one := trend.Series{Bucket: b, Counts: []int{b.Count}, At: []*goroutine.Bucket{b}}
		of := x
		of.dumps = 1
		lines = append(append(append(lines, line{}), of.lines(&one)...), of.facts(b)...)
	}
	return lines
}

// fold writes a line for the frames left out.
func (x stackText) fold(hidden *int) []line {
	if *hidden == 0 {
		return nil
	}
	text := fmt.Sprintf("… %s of Go", number.Plural(*hidden, "frame", "frames"))
	*hidden = 0
	return []line{{text: text, kind: faintLine}}
}

func (x stackText) name(f *view.Frame) string {
	if x.whole {
		return f.Function
	}
	return f.Name
}

func (x stackText) place(f *view.Frame) string {
	if x.whole {
		return f.Path
	}
	return f.Place
}

// columns are the widths of names and places; names is 0 where the two do not
// fit in a line, and each has its own as Go prints them.
func (x stackText) columns(rows []view.StackRow) (names, places int) {
	for i := range rows {
		if f := rows[i].Frame; f != nil {
			names = max(names, cells(rows[i].Prefix+x.name(f)))
			places = max(places, cells(x.place(f)))
		}
	}
	switch {
	case names+2+places <= x.width:
	case x.whole:
		names = 0
	default: // the name says more than the place
		names = min(names, max(1, x.width-2-min(places, leastPlace)))
		places = max(0, x.width-2-names)
	}
	return names, places
}

func (x stackText) row(r *view.StackRow, names, places int) []line {
	k := plainLine
	if r.Faint() {
		k = faintLine
	}
	if r.Frame == nil {
		return []line{{text: r.Remark, kind: k}}
	}
	name, place := x.name(r.Frame), x.place(r.Frame)
	if names == 0 {
		return []line{{text: r.Prefix + name, kind: k, frame: &r.Frame.Raw, row: r.At}, {tail: "    " + place, kind: k}}
	}
	name = r.Prefix + view.CutFront(name, names-cells(r.Prefix))
	return []line{{text: pad(name, names), tail: "  " + view.CutFront(place, places), kind: k, frame: &r.Frame.Raw, row: r.At}}
}

// hardWrap breaks lines at the width, whatever is there.
func hardWrap(lines []line, width int) []line {
	var out []line
	for _, l := range lines {
		if cells(l.String()) <= width {
			out = append(out, l)
			continue
		}
		for t := range strings.SplitSeq(ansi.Hardwrap(l.String(), max(width, 1), true), "\n") {
			out = append(out, line{text: t, kind: l.kind, frame: l.frame, row: l.row})
		}
	}
	return out
}

// facts are what else is known of a bucket.
func facts(b *goroutine.Bucket, width int) []line {
	var lines []line
	put := func(name string, wrapped []line) {
		if len(lines) == 0 {
			lines = append(lines, line{})
		}
		for _, l := range wrapped {
			lines = append(lines, line{text: pad(name, factWidth) + l.text, kind: faintLine})
			name = ""
		}
	}
	add := func(name, text string) { put(name, wrapLine(line{text: text}, width-factWidth)) }
	if f, ok := b.Stack.Owner(); ok && f.Module != "" {
		add("module", view.Module(f.Module))
	}
	if len(b.States) > 3 { // the title has the first three
		add("states", view.States(b.States, len(b.States)))
	}
	if w := b.Waits; w.Max() > 0 {
		add("wait", fmt.Sprintf("%s  %s to %s, median %s", waitSpark(w), number.Minutes(w.Min()), number.Minutes(w.Max()), number.Minutes(w.Median())))
	}
	for i := range b.Labels {
		add("label", goroutine.Clean(b.Labels[i].Key)+": "+view.States(b.Labels[i].Values, 5))
	}
	if n := b.IDs.Len(); n > 0 {
		ids := someIDs(b, shownIDs)
		if n > shownIDs {
			ids += " and " + whole(number.Group(n-shownIDs)) + " more"
		}
		put("ids", wrapWords(line{text: ids}, width-factWidth))
	}
	for _, a := range b.Args {
		add("args", "("+goroutine.Clean(a)+")")
	}
	for _, call := range sharedPointers(b) {
		add("shared", call)
	}
	return lines
}

// sharedPointers are the calls of a bucket's first goroutine that have pointers
// in common, which are named #1, #2 and so on.
func sharedPointers(b *goroutine.Bucket) []string {
	const most = 6
	if len(b.Members) == 0 {
		return nil
	}
	args, _ := parse.Analyze(b.Stack, b.Members[0].Args)
	var calls []string
	for i, f := range b.Stack.Frames() {
		if i < len(args) && strings.Contains(args[i], "#") && len(calls) < most {
			calls = append(calls, goroutine.Clean(f.Name()+"("+args[i]+")"))
		}
	}
	return calls
}

// someIDs lists the first n ids in the order of the dump: to sort them would
// take the longer, the more there are.
func someIDs(b *goroutine.Bucket, n int) string {
	ids := make([]string, 0, min(n, b.IDs.Len()))
	for id := range b.IDs.All() {
		if len(ids) == n {
			break
		}
		ids = append(ids, strconv.FormatUint(id, 10))
	}
	return strings.Join(ids, " ")
}

// waitSpark draws how many wait how long, from the shortest to the longest.
func waitSpark(w goroutine.Waits) string {
	counts := make([]int, min(waitBars, w.Max()-w.Min()+1))
	for _, x := range w {
		counts[min((x.Minutes-w.Min())*len(counts)/(w.Max()-w.Min()+1), len(counts)-1)] += x.N
	}
	return view.Spark(counts, waitBars)
}

func pad(s string, w int) string { return s + strings.Repeat(" ", max(0, w-cells(s))) }
