package ui

// The least window that can be used.
const (
	minWidth   = 40
	minHeight  = 10
	sideBySide = 100 // from this width on the stack is right of the list
	leastPane  = 5   // lines of a pane below another, with its rule
)

// rect is a part of the screen in cells. Its first line is the rule above it.
type rect struct{ x, y, w, h int }

// layout says where each part of the screen is.
type layout struct {
	headline int  // lines
	list     rect // w is 0 if it is not shown
	stack    rect // the same
	side     bool // the stack is right of the list, a line between them
}

// mostHeadline is how many lines of a window of h the headline may take: with
// the title above it never more than five.
func mostHeadline(h int) int { return min(4, max(2, h/6)) }

// arrange is a pure function from the window to its parts: a title and the
// headline above, a rule and the keys below, list and stack in between.
func arrange(w, h, headline int, zoomed bool, focus pane) layout {
	l := layout{headline: min(headline, mostHeadline(h))}
	y := 1 + l.headline
	body := h - y - 2
	switch {
	case zoomed && focus == stackPane:
		l.stack = rect{0, y, w, body}
	case zoomed:
		l.list = rect{0, y, w, body}
	case w >= sideBySide:
		left := (w - 1) * 64 / 100
		l.list, l.stack, l.side = rect{0, y, left, body}, rect{left + 1, y, w - left - 1, body}, true
	case body >= 2*leastPane:
		top := body / 2
		l.list, l.stack = rect{0, y, w, top}, rect{0, y + top, w, body - top}
	case focus == stackPane:
		l.stack = rect{0, y, w, body}
	default:
		l.list = rect{0, y, w, body}
	}
	return l
}
