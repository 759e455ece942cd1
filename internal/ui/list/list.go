// Package list is a cursor over many rows of which only those in sight are
// drawn. It knows numbers of rows, not what is in them.
package list

// List says which rows are in sight and which is under the cursor. The zero
// value is an empty list.
type List struct {
	Cursor int // index of the row under the cursor, 0 in an empty list
	Top    int // index of the first row in sight
	n      int
	height int
}

// Len is the number of rows.
func (l *List) Len() int { return l.n }

// Height is the number of rows in sight.
func (l *List) Height() int { return l.height }

// SetLen says how many rows there are.
func (l *List) SetLen(n int) {
	l.n = n
	l.To(l.Cursor)
}

// SetHeight says how many rows can be seen.
func (l *List) SetHeight(h int) {
	l.height = max(h, 0)
	l.To(l.Cursor)
}

// Move moves the cursor by n rows, not past the ends.
func (l *List) Move(n int) { l.To(l.Cursor + n) }

// To moves the cursor to row i, or to the end nearest to it, and scrolls no
// more than that takes.
func (l *List) To(i int) {
	l.Cursor = max(0, min(i, l.n-1))
	l.Top = min(l.Top, l.Cursor)
	l.Top = max(l.Top, l.Cursor-l.height+1)
	l.Top = max(0, min(l.Top, l.n-l.height))
}

// Scroll moves the rows in sight by n; the cursor follows only if it must.
func (l *List) Scroll(n int) {
	l.Top = max(0, min(l.Top+n, l.n-l.height))
	l.Cursor = max(l.Top, min(l.Cursor, l.Top+l.height-1))
	l.Cursor = max(0, min(l.Cursor, l.n-1))
}

// Visible are the first row in sight and the one after the last.
func (l *List) Visible() (from, to int) { return l.Top, min(l.Top+l.height, l.n) }
