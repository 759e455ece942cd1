package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/report"
	"gdump/internal/trend"
	"gdump/internal/ui/list"
	"gdump/internal/ui/theme"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// pane is a part of the screen that keys can go to.
type pane int

const (
	listPane pane = iota
	stackPane
)

// overlay is what covers the panes.
type overlay int

const (
	noOverlay overlay = iota
	helpOverlay
	problemsOverlay
)

// mode says where letters go.
type mode int

const (
	normal    mode = iota
	filtering      // into the filter of the list
	searching      // into the search of the stack
)

// model is the root, and the only Bubble Tea model.
type model struct {
	config Config
	theme  theme.Theme
	ctx    context.Context
	stop   context.CancelFunc // of the loading
	steps  chan parse.Progress

	width, height int
	layout        layout

	loading  bool
	stopping bool
	slow     bool // loading has taken long enough to show a bar
	progress parse.Progress
	started  time.Time
	fatal    error // ends the program; printed when the screen is restored

	trend   trend.Trend
	columns []report.Column
	natural []int // widths of the columns
	widths  []int // the same, made to fit

	rows    []int // indexes of series, as filter and order leave them
	list    list.List
	order   order
	gen     int // of the newest request for rows
	query   query.Query
	applied string // the filter that the rows come from
	bad     error  // what is wrong with the filter being typed

	focus   pane
	zoomed  bool
	mode    mode
	input   textinput.Model
	stack   pager
	shown   int // series in the stack pane, -1 if none
	wrapped bool

	overlay overlay
	text    pager  // of the overlay
	find    string // typed into the help

	toast toast
}

// order is what the list is sorted by.
type order struct {
	column   int // -1 is the order of the trend: most interesting first
	reversed bool
}

// toast is a message that stays until the next key.
type toast struct {
	text string
	err  bool
}

func newModel(ctx context.Context, c Config, th theme.Theme) model {
	loading, stop := context.WithCancel(ctx)
	in := textinput.New()
	in.Cursor.SetMode(2) // hidden: the screen draws its own
	in.Prompt = ""
	return model{
		config: c, theme: th, ctx: loading, stop: stop, steps: make(chan parse.Progress, 1),
		loading: true, started: c.now(), order: order{column: -1}, shown: -1, input: in,
	}
}

// Init starts the loading.
func (m model) Init() tea.Cmd {
	return tea.Batch(loadCmd(m.ctx, m.config.Load, m.steps), progressCmd(m.steps), waitCmd())
}

// Update takes a message. It does no I/O and no work that grows with the dump.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.resize()
	case tea.KeyMsg:
		return m.keys(msg)
	case progressedMsg:
		m.progress = parse.Progress(msg)
		return m, progressCmd(m.steps)
	case waitedMsg:
		m.slow = m.loading
	case loadedMsg:
		return m.loaded(msg)
	case arrangedMsg:
		m.arranged(msg)
	case copiedMsg:
		m.say(msg.what, msg.err)
	}
	return m, nil
}

func (m *model) say(what string, err error) {
	m.toast = toast{text: what}
	if err != nil {
		m.toast = toast{text: err.Error(), err: true}
	}
}

// loaded shows what was read, or ends the program if that is nothing.
func (m model) loaded(msg loadedMsg) (tea.Model, tea.Cmd) {
	m.loading = false
	if len(msg.trend.Dumps) == 0 {
		m.fatal = msg.err
		if m.stopping {
			m.fatal = ErrStopped
		}
		return m, tea.Quit
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.say("stopped: this is what was read until then", nil)
	case msg.err != nil:
		m.say("", msg.err)
	}
	return m.show(msg.trend)
}

// show puts a trend on the screen.
func (m model) show(t trend.Trend) (tea.Model, tea.Cmd) {
	m.trend = t
	m.columns = report.Columns(&m.trend)
	m.natural = report.Widths(m.columns, m.trend.Series[:min(len(m.trend.Series), measured)])
	m.rows, m.shown = nil, -1
	m.list.SetLen(0)
	m.resize()
	return m, m.arrange(m.applied)
}

// measured is how many buckets have a say in how wide a column is.
const measured = 2000

// arrange asks for the rows that a filter leaves.
func (m *model) arrange(filter string) tea.Cmd {
	m.gen++
	var compare func(a, b *trend.Series) int
	if m.order.column >= 0 {
		compare = m.columns[m.order.column].Compare
		if c := compare; m.order.reversed {
			compare = func(a, b *trend.Series) int { return c(b, a) }
		}
	}
	return arrangeCmd(m.gen, filter, m.trend.Series, compare)
}

// arranged takes the rows, if nothing else was asked for since. The cursor
// stays on its bucket.
func (m *model) arranged(msg arrangedMsg) {
	if msg.gen != m.gen {
		return
	}
	m.bad = msg.err
	selected := m.selected()
	m.rows, m.query = msg.rows, msg.query
	if m.order.column < 0 && m.order.reversed {
		slices.Reverse(m.rows)
	}
	m.list.SetLen(len(m.rows))
	m.list.To(max(0, slices.Index(m.rows, selected)))
	m.showStack()
}

// selected is the series under the cursor, -1 if there is none.
func (m *model) selected() int {
	if len(m.rows) == 0 {
		return -1
	}
	return m.rows[m.list.Cursor]
}

// resize arranges the parts of the screen anew. Cursor and scroll stay.
func (m *model) resize() {
	m.layout = arrange(m.width, m.height, len(m.headline()), m.zoomed, m.focus)
	m.list.SetHeight(m.layout.list.h - 2)
	m.widths = report.Fit(m.columns, m.natural, m.layout.list.w-2)
	m.shown = -1
	m.showStack()
	m.text.resize(m.width, m.height-3)
}

// showStack fills the stack pane for the bucket under the cursor.
func (m *model) showStack() {
	selected := m.selected()
	if m.shown == selected && selected >= 0 {
		return
	}
	same := selected >= 0 && m.stack.key == selected
	top, left := m.stack.top, m.stack.left
	m.shown = selected
	m.stack.resize(m.layout.stack.w-2, m.layout.stack.h-1)
	m.stack.key = selected
	if selected < 0 {
		m.stack.set(nil)
		return
	}
	s := &m.trend.Series[selected]
	if m.zoomed {
		m.stack.set(wholeStack(s, len(m.trend.Dumps), m.stack.width, m.wrapped))
	} else {
		m.stack.set(shortStack(s, len(m.trend.Dumps), m.stack.width))
	}
	if same {
		m.stack.scrollTo(top, left)
	}
}

// headline are the lines under the title: what the dumps come to, and what
// could not be read.
func (m *model) headline() []line {
	if len(m.trend.Dumps) == 0 || m.width < minWidth {
		return nil
	}
	var lines []line
	kind := plainLine
	if len(m.trend.Series) > 0 && m.trend.Series[0].Verdict == trend.Accumulating {
		kind = badLine
	}
	for _, text := range report.Headline(&m.trend) {
		lines = append(lines, wrapLine(line{text: text, kind: kind}, m.width-2)...)
		kind = plainLine
	}
	if len(m.trend.Dumps) == 1 {
		if s := report.States(report.DumpStates(&m.trend.Dumps[0]), 6); s != "" {
			lines = append(lines, line{text: ansi.Truncate("states: "+s, m.width-2, "…")})
		}
	}
	most := max(2, m.height/6)
	if w := m.warning(); w != "" {
		lines = append(lines[:min(len(lines), most-1)], line{text: w, kind: warnLine})
	}
	return lines[:min(len(lines), most)]
}

// warning says in a line that something was not read, or must be known.
func (m *model) warning() string {
	var parts []string
	problems := 0
	for i := range m.trend.Dumps {
		d := &m.trend.Dumps[i]
		problems += len(d.Problems)
		if d.Truncated {
			parts = append(parts, goroutine.Clean(d.Source)+" is cut off")
		}
	}
	if problems > 0 {
		parts = append(parts, report.Plural(problems, "problem", "problems")+" in what was read")
	}
	if len(m.trend.Notes) > 0 {
		parts = append(parts, report.Plural(len(m.trend.Notes), "note", "notes"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "! " + strings.Join(parts, ", ") + fmt.Sprintf(" (%s shows)", keys.problems.Help().Key)
}
