package ui

import (
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/view"
)

// showStack fills the stack pane for the bucket under the cursor.
func (m *model) showStack() {
	selected := m.selected()
	if m.shown == selected && selected >= 0 {
		return
	}
	m.shown = selected
	m.frames, m.facts = nil, nil
	if selected < 0 {
		m.stack.set(nil, -1)
		return
	}
	s := &m.trend.Series[selected]
	start := siteRow(s.Bucket.Stack)
	if m.bucket == s.Bucket && m.stack.frame() != nil {
		start = m.stack.lines[m.stack.cursor].row
	}
	m.bucket = s.Bucket
	text := stackText{dumps: len(m.trend.Dumps), width: max(0, m.layout.stack.w-2), whole: m.zoomed, wrapped: m.wrapped, folded: m.hidesGo}
	if !m.grouped() {
		text.notes = m.waitNotes(s.Bucket)
	}
	switch {
	case m.grouped():
		m.frames = text.group(s, m.members.of(s.Name))
	case selected == m.folded.row:
		m.frames = text.group(s, m.foldedBuckets())
	default:
		m.frames, m.facts = text.lines(s), text.facts(s.Bucket)
	}
	m.stack.set(m.frames, start)
	m.fitStack()
	m.stack.top = 0
	m.stack.follow()
}

// foldedBuckets are the buckets that are one row, those that are still there.
func (m *model) foldedBuckets() []*goroutine.Bucket {
	var all []*goroutine.Bucket
	for _, i := range m.folded.parts {
		if s := &m.trend.Series[i]; s.Now() > 0 {
			all = append(all, s.Bucket)
		}
	}
	return all
}

// buckets is how many buckets, or groups, the trend has.
func (m *model) buckets() int {
	if m.folded.row >= 0 {
		return len(m.trend.Series) - 1
	}
	return len(m.trend.Series)
}

// fitStack shares the stack pane among the stack, its source and what else is
// known: that goes below the source where there is room, else it is what the
// stack scrolls to.
func (m *model) fitStack() {
	m.stack.lines = m.frames
	if !m.factsBelow() {
		m.stack.lines = slices.Concat(m.frames, m.facts)
	}
	m.stack.look()
	r := m.layout.stack
	m.stack.resize(r.w-2, r.h-1-m.sourceRows())
	if m.stack.cursor < m.stack.height {
		m.stack.top = 0 // the title is in sight as long as the cursor is, too
	}
}

// siteRow is the row of the frame that the cursor starts on: the first outside
// of Go, else the call site.
func siteRow(s goroutine.Stack) int {
	at := s.Site()
	if own, ok := s.Owner(); ok {
		at = own
	}
	return slices.IndexFunc(view.StackRows(s), func(r view.StackRow) bool { return r.Frame != nil && r.Frame.Raw == at && r.Prefix == "" })
}
