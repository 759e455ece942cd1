package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"
	"gdump/internal/ui/list"
	"gdump/internal/ui/theme"
	"gdump/internal/view"

	tea "github.com/charmbracelet/bubbletea"
)

// pane is a part of the screen that keys can go to.
type pane int

const (
	listPane pane = iota
	stackPane
)

// model is the root, and the only Bubble Tea model.
type model struct {
	config Config
	theme  theme.Theme
	ctx    context.Context
	stop   context.CancelFunc // of the loading
	steps  chan Step
	stops  *stops // nil in tests
	mouse  bool

	width, height int
	layout        layout

	loading  bool
	stopping bool
	slow     bool // loading has taken long enough to show a bar
	progress parse.Progress
	asked    Asked
	started  time.Time
	fatal    error // ends the program; printed when the screen is restored

	dumps   []goroutine.Dump // all that was read
	looking []int            // those of them that the trend is of
	prepared
	widths []int // of the columns, made to fit

	rows    []int // indexes of series, as filter and order leave them
	hidden  int   // rows of Go itself, left out
	list    list.List
	moved   bool            // the user has moved the cursor: it no longer follows the verdict
	marked  map[string]bool // rows, by identity
	gone    map[string]bool // rows hidden by hand
	trail   []int           // series that the way to a suspect came from
	wanted  string          // identity of the series that the cursor goes to when the rows are here
	leading string          // the dump that the cursor started in on its lead: its source and line
	order   order
	sorts   int // keys that sort, whose answer is not here
	gen     int // of the newest request for rows or a trend
	query   query.Query
	applied string // the filter of the rows
	bad     error  // what is wrong with the filter being typed
	by      string // the grouping
	hidesGo bool   // goroutines and frames of Go itself are left out
	tree    bool   // the list is the tree of calls
	calls   callTree

	focus   pane
	zoomed  bool
	stack   pager
	frames  []line            // of the stack pane: a title and the stack
	facts   []line            // what else is known, below the source or behind the frames
	shown   int               // series in the stack pane, -1 if none
	bucket  *goroutine.Bucket // of that series
	wrapped bool
	source  source

	live *live // nil if nothing is watched

	bindings []binding
	prompt   *prompt // nil if nothing is typed into a line
	filters  history
	reasons  history
	searches history
	overlays []overlay // what covers the panes; the last has the keys

	toast   toast
	trouble string // the last error
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

func newModel(ctx context.Context, c Config, th theme.Theme) *model {
	loading, stop := context.WithCancel(ctx)
	return &model{
		config: c, theme: th, ctx: loading, stop: stop, steps: make(chan Step, 1), mouse: c.Mouse, bindings: bindings(),
		loading: true, started: c.now(), order: order{column: -1}, shown: -1,
	}
}

// Init starts the loading.
func (m *model) Init() tea.Cmd {
	return tea.Batch(loadCmd(m.ctx, m.config.Load, m.steps), stepCmd(m.steps), waitCmd())
}

// Update takes a message. It does no I/O and no work that grows with the dump.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	if read := m.readSource(); read != nil {
		cmd = tea.Batch(cmd, read)
	}
	return m, cmd
}

func (m *model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.resize()
	case tea.ResumeMsg:
		if m.stops != nil {
			m.stops.resumed()
		}
	case tea.KeyMsg:
		return m.keys(msg)
	case tea.MouseMsg:
		if m.waiting() {
			return nil
		}
		return m.click(msg)
	case steppedMsg:
		return m.stepped(msg)
	case waitedMsg:
		m.slow = m.loading
	case loadedMsg:
		return m.loaded(msg)
	case comparedMsg:
		switch {
		case msg.gen != m.gen:
		case msg.err != nil:
			m.say("", msg.err)
		default:
			return tea.Batch(m.show(msg.prepared), m.diagnose())
		}
	case diagnosedMsg:
		return m.rediagnosed(msg)
	case allowedMsg:
		m.allowed(msg)
	case worstMsg:
		m.tookWorst(msg)
	case arrangedMsg:
		m.arranged(msg)
	case sourceMsg:
		m.took(msg)
	case jumpedMsg:
		m.jumped(msg)
	case sampledMsg:
		return m.sampled(Sample(msg))
	case agedMsg:
		m.live.now = time.Time(msg)
		return ageCmd()
	case copiedMsg:
		m.say(msg.what, msg.err)
	case wroteMsg:
		m.say("wrote "+msg.name, msg.err)
	case editedMsg:
		if msg.err != nil {
			m.say("", fmt.Errorf("the editor: %w", msg.err))
		}
	}
	return nil
}

func (m *model) say(what string, err error) {
	m.toast = toast{text: what}
	if err != nil {
		m.refuse(err.Error())
	}
}

// refuse says why something cannot be done. The problems show it in full.
func (m *model) refuse(why string) {
	m.toast = toast{text: why, err: true}
	m.trouble = why
}

// stepped shows how far the loading is, and what there is so far.
func (m *model) stepped(msg steppedMsg) tea.Cmd {
	m.progress, m.asked = msg.progress, msg.asked
	next := stepCmd(m.steps)
	if msg.partial == nil || !m.loading {
		return next
	}
	m.dumps, m.by = m.browsed(&msg.partial.trend), msg.partial.trend.By
	m.looking = m.allDumps()
	return tea.Batch(m.show(*msg.partial), next)
}

// browsed are the dumps of a trend to look at. In a log those that show a single
// goroutine are among them, though they are compared with no other.
func (m *model) browsed(t *trend.Trend) []goroutine.Dump {
	if m.config.Browse && t.Given != nil {
		return t.Given
	}
	return t.Dumps
}

// filling reports whether the list is shown although the loading goes on.
func (m *model) filling() bool { return m.loading && len(m.trend.Dumps) > 0 }

// loaded shows what was read, or ends the program if that is nothing.
func (m *model) loaded(msg loadedMsg) tea.Cmd {
	m.loading = false
	if len(msg.trend.Dumps) == 0 {
		if m.stopping && len(m.trend.Dumps) > 0 {
			return nil
		}
		if m.config.Watch != nil && !m.stopping {
			cmd := m.watch()
			m.live.err = msg.err
			return cmd
		}
		m.fatal = msg.err
		if m.stopping {
			m.fatal = ErrStopped
		}
		return tea.Quit
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.say(stopped, nil)
	case msg.err != nil:
		m.say("", msg.err)
	}
	m.dumps, m.by = m.browsed(&msg.trend), msg.trend.By
	m.looking = m.allDumps()
	cmd := m.show(msg.prepared)
	if m.browsing() {
		m.showDumps()
	}
	return tea.Batch(cmd, m.diagnose(), m.watch())
}

// show puts a trend on the screen.
//
// The cursor stays on its bucket, the list in its order; in a watch it is on
// what is most suspicious until the user moves it. In a dump that comes into
// sight it starts on the goroutine that ended the process, or that the first
// finding is about.
func (m *model) show(p prepared) tea.Cmd {
	if i := m.selected(); i >= 0 {
		m.wanted = identity(&m.trend.Series[i])
	}
	if m.live != nil && !m.moved {
		m.wanted = identity(&p.trend.Series[0])
	}
	before := m.leading
	if m.leading = ""; p.lead >= 0 && (len(m.dumps) == 1 || m.browsing() || p.trend.Dumps[0].Reason != "") {
		d := &p.trend.Dumps[0]
		if m.leading = fmt.Sprintf("%s:%d", d.Source, d.Line); m.leading != before {
			m.wanted = identity(&p.trend.Series[p.lead])
		}
	}
	sorted := ""
	if m.order.column >= 0 {
		sorted = m.columns[m.order.column].Title
	}
	m.prepared = p
	m.trail = nil
	m.order.column = slices.IndexFunc(m.columns, func(c view.Column) bool { return c.Title == sorted && sorted != "" })
	m.rows, m.calls, m.shown = nil, callTree{}, -1
	m.list.SetLen(0)
	m.resize()
	return m.arrange()
}

// measured is how many buckets have a say in how wide a column is.
const measured = 2000

// identity is what a series is known by from one trend to the next.
func identity(s *trend.Series) string {
	if s.Name != "" {
		return s.Name
	}
	return string(s.Bucket.ID)
}

// arrange asks for the rows that the filter leaves.
func (m *model) arrange() tea.Cmd { return m.arrangeAs(m.tree) }

// arrangeAs asks for the rows as a list or as a tree.
func (m *model) arrangeAs(tree bool) tea.Cmd { return arrangeCmd(m.arrangement(tree)) }

// arrangement asks for the rows in the order that is on.
func (m *model) arrangement(tree bool) arrangement {
	m.gen++
	return arrangement{
		gen: m.gen, filter: m.applied, series: m.trend.Series, hideGo: m.hidesGo, idle: m.idle, gone: m.gone, folded: m.folded, tree: tree, orders: []ordering{m.orderOf(m.order)},
	}
}

// orderOf is an order with how two series compare in it.
func (m *model) orderOf(o order) ordering {
	if o.column < 0 {
		return ordering{order: o}
	}
	return ordering{o, m.columns[o.column].Compare}
}

// arranged takes the rows, if nothing else was asked for since. The cursor
// stays on its bucket.
func (m *model) arranged(msg arrangedMsg) {
	if msg.gen != m.gen {
		return
	}
	m.bad = msg.err
	selected := m.selected()
	if m.wanted != "" {
		selected = slices.IndexFunc(m.trend.Series, func(s trend.Series) bool { return identity(&s) == m.wanted })
		m.wanted = ""
	}
	m.rows, m.query, m.hidden = msg.rows, msg.query, msg.hidden
	m.tree, m.order, m.sorts = msg.tree, msg.order, 0
	m.calls = callTree{nodes: msg.nodes, open: map[*trend.Node]bool{}, multiple: len(m.trend.Dumps) > 1}
	m.calls.lay()
	m.list.SetLen(m.listed())
	m.choose(selected)
	m.showStack()
}

// listed is how many rows the list has.
func (m *model) listed() int {
	if m.tree {
		return len(m.calls.rows)
	}
	return len(m.rows)
}

// selected is the series under the cursor, -1 if there is none. A node of the
// tree selects the largest series below it.
func (m *model) selected() int {
	switch {
	case m.list.Cursor >= m.listed():
		return -1
	case m.tree:
		return m.calls.rows[m.list.Cursor].node.Top
	}
	return m.rows[m.list.Cursor]
}

// choose puts the cursor on a series, or on the first row if it is not listed.
func (m *model) choose(series int) bool {
	var i int
	if m.tree {
		i = slices.IndexFunc(m.calls.rows, func(b branch) bool { return b.node.Top == series })
	} else if i = slices.Index(m.rows, series); i < 0 && m.folded.has(series) {
		i = slices.Index(m.rows, m.folded.row)
	}
	m.list.To(max(0, i))
	return i >= 0
}

// jumped goes to the bucket of a goroutine.
func (m *model) jumped(msg jumpedMsg) {
	switch {
	case msg.series < 0:
		m.refuse(fmt.Sprintf("no bucket has goroutine %d", msg.id))
	case !m.choose(msg.series):
		m.refuse(fmt.Sprintf("goroutine %d is in a hidden bucket: esc clears the filter", msg.id))
	}
	m.moved = true
	m.showStack()
}

// resize arranges the parts of the screen anew. Cursor and scroll stay.
func (m *model) resize() {
	m.layout = arrange(m.width, m.height, len(m.headline()), m.zoomed, m.focus)
	m.list.SetHeight(m.layout.list.h - 2)
	m.widths = view.Fit(m.columns, m.natural, m.layout.list.w-2)
	m.shown = -1
	m.showStack()
	for _, o := range m.overlays {
		o.resize(m.width, m.height-2)
	}
}
