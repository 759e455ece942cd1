package report

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

// column is one column of the table. Those with a low rank go first when the
// width does not do.
type column struct {
	title string
	right bool
	front bool // cut at the front
	rank  int
	cells []string
	width int
}

const gap = 2

func (p *printer) table() {
	cols := p.columns()
	fit(cols, p.o.Width)
	for row := -1; row < len(p.t.Series); row++ {
		var b strings.Builder
		for i := range cols {
			c := &cols[i]
			if c.width == 0 {
				continue
			}
			s := c.title
			if row >= 0 {
				s = c.cells[row]
			}
			if b.Len() > 0 {
				b.WriteString(strings.Repeat(" ", gap))
			}
			if c.front {
				s = cutFront(s, c.width)
			} else {
				s = ansi.Truncate(s, c.width, "…")
			}
			if c.right {
				b.WriteString(padLeft(s, c.width))
			} else {
				b.WriteString(padRight(s, c.width))
			}
		}
		style := ""
		switch {
		case row < 0:
			style = faint
		case p.t.Series[row].Verdict == trend.Accumulating:
			style = bold
		}
		p.styled(style, b.String())
	}
}

func (p *printer) columns() []column {
	var cols []column
	add := func(title string, rank int, right, front bool, cell func(*trend.Series) string) {
		c := column{title: title, rank: rank, right: right, front: front}
		for i := range p.t.Series {
			c.cells = append(c.cells, cell(&p.t.Series[i]))
		}
		cols = append(cols, c)
	}
	bucket := func(f func(*goroutine.Bucket) string) func(*trend.Series) string {
		return func(s *trend.Series) string { return f(s.Bucket) }
	}
	n := len(p.t.Dumps)
	switch {
	case n == 1:
		add("count", 9, true, false, func(s *trend.Series) string { return group(s.Now()) })
	default:
		add("change", 9, true, false, func(s *trend.Series) string { return signed(s.Change()) })
		for i := range n {
			title, rank := fmt.Sprintf("#%d", i+1), 2
			switch i {
			case 0:
				title, rank = "before", 7
			case n - 1:
				title, rank = "after", 8
			}
			add(title, rank, true, false, func(s *trend.Series) string { return group(s.Counts[i]) })
		}
		add("verdict", 6, false, false, func(s *trend.Series) string { return strings.TrimSpace(Sign(s.Verdict) + " " + string(s.Verdict)) })
	}
	add("state", 5, false, false, bucket(func(b *goroutine.Bucket) string { return goroutine.Clean(b.State()) }))
	add("wait", 4, true, false, bucket(func(b *goroutine.Bucket) string { return Waits(b.Waits) }))
	add("call site", 10, false, true, bucket(func(b *goroutine.Bucket) string { return siteName(b) }))
	add("at", 3, false, true, bucket(func(b *goroutine.Bucket) string { return goroutine.Clean(b.Stack.Site().Place()) }))
	add("created by", 1, false, true, bucket(func(b *goroutine.Bucket) string { return goroutine.Clean(b.Stack.CreatedBy.Name()) }))
	add("module", 0, false, true, bucket(ownerModule))
	return cols
}

// ownerModule is the module of the call site's owner, or what it is instead.
func ownerModule(b *goroutine.Bucket) string {
	f, ok := b.Stack.Owner()
	switch {
	case !ok:
		return "go"
	case f.Module != "":
		return Module(f.Module)
	}
	return goroutine.Clean(f.Package)
}

// fit gives each column the width of its widest cell, then takes from the
// widest names what is too much, and then whole columns, the least first.
func fit(cols []column, width int) {
	for i := range cols {
		c := &cols[i]
		for _, s := range c.cells {
			c.width = max(c.width, ansi.StringWidth(s))
		}
		if c.width > 0 {
			c.width = max(c.width, len(c.title))
		}
	}
	for {
		total := -gap
		for i := range cols {
			if cols[i].width > 0 {
				total += cols[i].width + gap
			}
		}
		if total <= width {
			return
		}
		if c := widest(cols, 24); c != nil {
			c.width = max(24, c.width-(total-width))
			continue
		}
		least := -1
		for i := range cols {
			if cols[i].width > 0 && (least < 0 || cols[i].rank < cols[least].rank) {
				least = i
			}
		}
		if cols[least].rank >= 9 { // nothing is left but the count and the call site
			cols[least].width = max(1, cols[least].width-(total-width))
			return
		}
		cols[least].width = 0
	}
}

func widest(cols []column, more int) *column {
	var found *column
	for i := range cols {
		if c := &cols[i]; c.width > more && (found == nil || c.width > found.width) {
			found = c
		}
	}
	return found
}
