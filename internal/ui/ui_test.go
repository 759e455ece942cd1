package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/code"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"
	"gdump/internal/ui/theme"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/muesli/termenv"
)

// TestMain draws times in one zone, wherever the tests run.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

// load reads dumps of testdata, as the command line does.
func load(t testing.TB, names ...string) trend.Trend {
	t.Helper()
	var dumps []goroutine.Dump
	for _, name := range names {
		f, err := os.Open(filepath.Join("..", "..", "testdata", "dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse.Read(t.Context(), f, parse.Options{})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i].Source = name
		}
		dumps = append(dumps, got...)
	}
	return trend.Compare(dumps)
}

func leak(t testing.TB) trend.Trend {
	return load(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v1.t2.debug2.txt")
}

// screen is a model that messages go through, with all that their commands do.
type screen struct {
	t testing.TB
	m *model
}

// plain is the theme without colours, colored one with.
func plain() theme.Theme {
	return theme.New("none", lipgloss.NewRenderer(io.Discard))
}

func colored(name string) theme.Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI256)
	return theme.New(name, r)
}

// at opens a trend in a window of w by h cells and presses keys.
func at(t testing.TB, w, h int, tr trend.Trend, keys ...string) *screen {
	t.Helper()
	s := &screen{t, newModel(t.Context(), Config{Names: []string{"app.dump"}, Out: io.Discard, Source: leaky, JSON: asJSON}, plain())}
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	s.send(loadedMsg{prepared: prepare(tr)})
	return s.press(keys...)
}

// leaky has the code of one frame of the leaky server.
func leaky(f goroutine.Frame) (code.Source, error) {
	if f.Function != "main.(*Server).query.func1" {
		return code.Source{}, fmt.Errorf("%w: %s", code.ErrNotFound, f.File)
	}
	return code.Source{File: "/src/leaky/main.go", First: 29, Line: 33, Lines: []string{
		"func (s *Server) query(w http.ResponseWriter, r *http.Request) {", "\tch := make(chan int)", "\tgo func() {",
		"\t\t// Nobody receives when the request has timed out.", "\t\tch <- work()", "\t}()", "\tselect {",
	}}, nil
}

func (s *screen) send(msg tea.Msg) {
	_, cmd := s.m.Update(msg)
	s.run(cmd)
}

// run does what a command does, and all that follows from it.
func (s *screen) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil, tea.QuitMsg, tea.SuspendMsg:
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	default:
		s.send(msg)
	}
}

// press presses keys, each by its name, or letter by letter.
func (s *screen) press(keys ...string) *screen {
	s.t.Helper()
	for _, k := range keys {
		if msg, ok := named[k]; ok {
			s.send(msg)
			continue
		}
		for _, r := range k {
			s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
		}
	}
	return s
}

var named = map[string]tea.KeyMsg{
	"enter": {Type: tea.KeyEnter}, "esc": {Type: tea.KeyEsc}, "tab": {Type: tea.KeyTab}, "up": {Type: tea.KeyUp}, "down": {Type: tea.KeyDown},
	"left": {Type: tea.KeyLeft}, "right": {Type: tea.KeyRight}, "pgdn": {Type: tea.KeyPgDown}, "pgup": {Type: tea.KeyPgUp}, "home": {Type: tea.KeyHome},
	"end": {Type: tea.KeyEnd}, "ctrl-d": {Type: tea.KeyCtrlD}, "ctrl-u": {Type: tea.KeyCtrlU}, "ctrl-f": {Type: tea.KeyCtrlF}, "ctrl-b": {Type: tea.KeyCtrlB},
	"ctrl-c": {Type: tea.KeyCtrlC}, "backspace": {Type: tea.KeyBackspace}, " ": {Type: tea.KeySpace, Runes: []rune{' '}},
}

// lines trims what pads the lines, which editors would take away from a golden file.
func (s *screen) lines() string {
	var b strings.Builder
	for l := range strings.Lines(s.m.View() + "\n") {
		b.WriteString(strings.TrimRight(l, " \n") + "\n")
	}
	return b.String()
}

var sizes = []struct{ w, h int }{{40, 10}, {80, 24}, {120, 36}, {200, 50}}

// TestScreens holds every screen at four sizes against what it looked like
// when somebody last looked at it.
func TestScreens(t *testing.T) {
	one := load(t, "server/nats126.debug2.txt")
	damaged := load(t, "gen126/zoo126_runtimestack_cut20000.txt")
	screens := map[string]struct {
		trend trend.Trend
		keys  []string
	}{
		"diff":     {leak(t), nil},
		"one":      {one, []string{"down", "down"}},
		"filter":   {leak(t), []string{"/chan"}},
		"kept":     {leak(t), []string{"/chan", "enter", "down"}},
		"bad":      {leak(t), []string{"/chan wait:x"}},
		"nothing":  {leak(t), []string{"/nowhere", "enter"}},
		"whole":    {one, []string{"enter"}},
		"search":   {one, []string{"enter", "/read", "enter", "n"}},
		"pane":     {one, []string{"tab", "down"}},
		"sorted":   {one, []string{"s", "s", "S"}},
		"help":     {one, []string{"?"}},
		"find":     {one, []string{"?", "sort"}},
		"damaged":  {damaged, nil},
		"problems": {damaged, []string{"!"}},
		"same":     {load(t, "server/nats.a.debug2.txt", "server/nats.a.debug2.txt"), nil},
		"tree":     {leak(t), []string{"t", "down", "right", "down"}},
		"tree one": {one, []string{"t"}},
		"fold":     {one, []string{"."}},
		"palette":  {one, []string{":", "sort"}},
		"copy":     {leak(t), []string{"Y"}},
		"dumps":    {leak(t), []string{"d", " ", "down"}},
		"second":   {leak(t), []string{"]", "]"}},
		"jump":     {one, []string{"#", "31"}},
		"write":    {one, []string{"W"}},
		"source":   {leak(t), []string{"enter"}},
		"code":     {leak(t), []string{"enter", "enter"}},
		"evidence": {leak(t), []string{"v"}},
		"site":     {leak(t), []string{"b", "down"}},
		"label":    {leak(t), []string{"B"}},
		"module":   {one, []string{"b", "b", "b", "b", "b"}},
		"debug1":   {load(t, "server/nats126.debug1.txt"), nil},
		"crash":    {load(t, "gen126/misc_deadlock.txt"), nil},
		"culprit":  {load(t, "gen126/zoo126_overflow_all.txt"), nil},
		"wrapped":  {one, []string{"enter", "w", "G"}},
		"zoomed":   {leak(t), []string{"z", "j"}},
		"order":    {leak(t), []string{"s", "s", "s", "s"}},
		"pruned":   {leak(t), []string{"t", "/chan", "enter"}},
		"seek":     {leak(t), []string{"v", "/dump", "enter", "n"}},
		"refused":  {one, []string{"v"}},
		"marked":   {leak(t), []string{"d", " ", " ", "enter"}},
		"groups":   {leak(t), []string{"b", "enter", "j"}},
		"log":      {load(t, "server/nats126_sigquit.log", "gen126/misc_deadlock.txt", "gen126/gotest_timeout.txt"), []string{"d"}},
	}
	for name, tt := range screens {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				golden.RequireEqual(t, []byte(at(t, size.w, size.h, tt.trend, tt.keys...).lines()))
			})
		}
	}
}

// TestColors holds the colours on dark and on light ground.
func TestColors(t *testing.T) {
	for _, name := range []string{"dark", "light"} {
		t.Run(name, func(t *testing.T) {
			s := at(t, 80, 24, leak(t))
			s.m.theme = colored(name)
			golden.RequireEqual(t, []byte(s.press("/chan", "enter", "down").m.View()))
		})
	}
}

// TestFits holds that every screen is exactly as large as the window.
func TestFits(t *testing.T) {
	tr, one := leak(t), load(t, "gen126/zoo126_labels.txt")
	check := func(t *testing.T, s *screen, w, h int) {
		t.Helper()
		s.send(tea.WindowSizeMsg{Width: w, Height: h})
		lines := strings.Split(s.m.View(), "\n")
		if len(lines) != h {
			t.Fatalf("%dx%d: %d lines", w, h, len(lines))
		}
		for i, l := range lines {
			if got := ansi.StringWidth(l); got != w {
				t.Fatalf("%dx%d: line %d has %d cells: %q", w, h, i+1, got, l)
			}
		}
	}
	screens := map[string]*screen{
		"diff": at(t, 80, 24, tr), "filter": at(t, 80, 24, tr, "/chan wait:x"), "whole": at(t, 80, 24, one, "enter", "w"),
		"sideways": at(t, 80, 24, one, "enter", "right"), "help": at(t, 80, 24, one, "?"), "full": at(t, 80, 24, tr, "z"),
		"hostile": at(t, 80, 24, hostile()), "hostile stack": at(t, 80, 24, hostile(), "j", "enter"), "tree": at(t, 80, 24, tr, "t"),
		"palette": at(t, 80, 24, one, ":"), "code": at(t, 80, 24, tr, "enter", "enter"),
	}
	for name, s := range screens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stepW, stepH := 13, 7
			if name == "diff" {
				stepW, stepH = 1, 1
			}
			for w := 1; w <= 200; w += stepW {
				for h := 1; h <= 60; h += stepH {
					check(t, s, w, h)
				}
			}
		})
	}
	loading := &screen{t, newModel(t.Context(), Config{Names: []string{strings.Repeat("long", 50)}, Size: 1 << 30}, plain())}
	loading.m.slow = true
	for w := 1; w <= 200; w++ {
		check(t, loading, w, 1+w%60)
	}
}

// TestMoves presses each key that moves at the first, a middle and the last row.
func TestMoves(t *testing.T) {
	one := load(t, "server/nats126.debug2.txt")
	last := len(at(t, 80, 24, one).m.rows) - 1
	tests := []struct {
		keys []string
		want int
	}{
		{[]string{"k"}, 0},
		{[]string{"up"}, 0},
		{[]string{"j"}, 1},
		{[]string{"down", "down"}, 2},
		{[]string{"G"}, last},
		{[]string{"end", "j"}, last},
		{[]string{"G", "k", "k", "g"}, 0},
		{[]string{"G", "home", "j"}, 1},
		{[]string{"ctrl-d"}, 3},
		{[]string{"ctrl-d", "ctrl-u"}, 0},
		{[]string{"pgdn"}, 6},
		{[]string{"ctrl-f", "ctrl-f", "ctrl-f", "ctrl-f"}, last},
		{[]string{"ctrl-f", "ctrl-b"}, 0},
		{[]string{"G", "pgup"}, last - 6},
	}
	for _, tt := range tests {
		if got := at(t, 80, 24, one, tt.keys...).m.list.Cursor; got != tt.want {
			t.Errorf("%v: cursor %d, want %d", tt.keys, got, tt.want)
		}
	}
}

// TestBursts holds that letters which come in one message act as typed one by one.
func TestBursts(t *testing.T) {
	s := at(t, 80, 24, load(t, "server/nats126.debug2.txt"))
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jjj")})
	if s.m.list.Cursor != 3 {
		t.Errorf("jjj: cursor %d, want 3", s.m.list.Cursor)
	}
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/jq?")})
	if s.m.prompt == nil || s.m.prompt.input.Value() != "jq?" {
		t.Errorf("/jq?: not typed:\n%s", s.m.View())
	}
	s.press("esc", "enter", "?")
	s.send(tea.KeyMsg{Type: tea.KeyEsc, Alt: true})
	if s.m.over() != nil || s.m.focus != listPane {
		t.Errorf("esc esc: overlay %v, focus %d", s.m.over(), s.m.focus)
	}
}

// TestBack holds that enter goes in, esc back one level, and esc at the top
// does nothing; q goes back as well, and quits from the top.
func TestBack(t *testing.T) {
	s := at(t, 80, 24, load(t, "server/nats126.debug2.txt"), "enter")
	if s.m.focus != stackPane || !s.m.zoomed {
		t.Fatal("enter does not show the whole stack")
	}
	for _, back := range []string{"esc", "q", "left"} {
		s.press(back)
		if s.m.focus != listPane || s.m.zoomed {
			t.Errorf("%s does not go back to the list", back)
		}
		s.press("enter")
	}
	s.press("esc", "esc", "esc")
	if _, cmd := s.m.Update(named["esc"]); cmd != nil {
		t.Error("esc at the top does something")
	}
	for _, k := range []string{"q", "ctrl-c"} {
		msg, ok := named[k]
		if !ok {
			msg = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		}
		if _, cmd := s.m.Update(msg); cmd == nil || cmd() != tea.Quit() {
			t.Errorf("%s does not quit", k)
		}
	}
}

// TestFilter holds that a filter works as one types, that a bad one says why
// and leaves the rows, and that the cursor stays on its bucket.
func TestFilter(t *testing.T) {
	s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"), "jjj")
	all, bucket := len(s.m.rows), s.m.selected()
	s.press("/select")
	some := len(s.m.rows)
	if some == 0 || some >= all {
		t.Fatalf("%d of %d rows are left", some, all)
	}
	s.press(" wait:x")
	if len(s.m.rows) != some || !strings.Contains(s.m.View(), "error: wait:x: not a duration, try >10m") {
		t.Errorf("a bad filter: %d rows, want %d;\n%s", len(s.m.rows), some, s.m.View())
	}
	s.press("esc")
	if len(s.m.rows) != all {
		t.Errorf("esc: %d rows, want %d", len(s.m.rows), all)
	}
	s.press("g", "jjj", "s", "S", "s", "s")
	if s.m.selected() != bucket {
		t.Errorf("after sorting the cursor is on %d, was on %d", s.m.selected(), bucket)
	}
	// An answer that comes late is dropped.
	late := arrangedMsg{gen: s.m.gen - 1, rows: nil}
	s.send(late)
	if len(s.m.rows) != all {
		t.Error("a late answer was taken")
	}
}

// TestResize holds that a resize there and back changes nothing.
func TestResize(t *testing.T) {
	for _, keys := range [][]string{{"jj"}, {"jj", "enter"}, {"G", "tab"}, {"?"}, {"t", "jj"}, {":"}} {
		s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"), keys...)
		want := s.m.View()
		s.send(tea.WindowSizeMsg{Width: 60, Height: 15})
		s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
		if s.m.View() != want {
			t.Errorf("%v: the screen changed:\n%s\nwas\n%s", keys, s.m.View(), want)
		}
	}
}

// TestReasons holds that a key which cannot work says why.
func TestReasons(t *testing.T) {
	tests := []struct{ key, want string }{
		{"n", "n works in: stack, text, source"},
		{"w", "nobody waits for anybody"},
		{">", "nobody waits for anybody"},
		{"+", "no row was hidden"},
		{"v", "a verdict needs two dumps"},
		{"!", "everything was read"},
	}
	for _, tt := range tests {
		s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"), tt.key)
		if !strings.Contains(s.m.View(), tt.want) {
			t.Errorf("%s: no %q in\n%s", tt.key, tt.want, s.m.View())
		}
		if s.press("j"); strings.Contains(s.m.View(), tt.want) {
			t.Errorf("%s: the message is still there after the next key", tt.key)
		}
	}
	// One that is too long for its line can be read in full.
	s := at(t, 80, 24, load(t, "server/nats126.debug2.txt"))
	s.send(wroteMsg{err: errors.New(strings.Repeat("long ", 40) + "end")})
	if !strings.Contains(s.m.View(), "… (! shows)") || !strings.Contains(s.press("!").m.View(), "long end") {
		t.Errorf("a long error cannot be read:\n%s", s.m.View())
	}
	for _, k := range []string{"enter", "y"} {
		s := at(t, 120, 36, leak(t), "/nowhere", "enter", k)
		if !strings.Contains(s.m.View(), "no bucket is selected") {
			t.Errorf("%s without a bucket says nothing:\n%s", k, s.m.View())
		}
	}
}

func asJSON(w io.Writer, t *trend.Trend) error { return report.JSON(w, t, report.Options{}) }

// TestCopy holds that the clipboard gets the stack, as an escape sequence.
func TestCopy(t *testing.T) {
	var out bytes.Buffer
	s := at(t, 120, 36, leak(t))
	s.m.config.Out = &out
	s.press("y")
	if !strings.HasPrefix(out.String(), "\x1b]52;c;") {
		t.Errorf("written: %q", out.String())
	}
	if !strings.Contains(s.m.View(), "copied 5 lines") {
		t.Errorf("nothing is said:\n%s", s.m.View())
	}
	text := s.m.stackText()()
	if !strings.Contains(text, "goroutine 775 [chan send]:\nmain.(*Server).query.func1()\n\t/home/dev/src/leaky/main.go:33\n") {
		t.Errorf("copied\n%s", text)
	}
	if msg := copyCmd(io.Discard, nil, func() string { return strings.Repeat("x", maxCopy+1) })(); msg.(copiedMsg).err == nil {
		t.Error("too long a text was copied")
	}
}

// hostile is a dump whose texts would break a terminal or a table.
func hostile() trend.Trend {
	evil := "main.\x1b]0;evil\x07\x9b2J\u202e\u200b(*T).run"
	b := goroutine.Bucket{Count: 3, Stack: goroutine.NewStack(goroutine.Parts{
		Frames: []goroutine.Frame{
			{Function: evil, File: "/a\x1b[2J/b.go", Line: 7, Package: "main", Module: "m\x1b[1m@v1\x07", Origin: goroutine.Main},
			{Function: "main.世界(*T).ひらがな" + strings.Repeat("漢", 90), File: "/é/e\u0301\u0301\u0301\u0301\u0301\u0301.go", Line: 7, Package: "main", Origin: goroutine.Main},
		},
		CreatedBy: goroutine.Frame{Function: evil, File: "\r\n/x\t.go", Line: 1},
	}), States: []goroutine.Count{{Name: "\x1b[31mselect", N: 3}}, Labels: []goroutine.Label{{Key: "\x1bk", Values: []goroutine.Count{{Name: "\x07v", N: 3}}}}, Args: []string{"\x1b[H"}}
	wide := b
	wide.Stack = goroutine.NewStack(goroutine.Parts{Frames: b.Stack.Frames()[1:]})
	d := goroutine.Dump{Source: "\x1b[Hx.dump", Goroutines: 6, Buckets: []goroutine.Bucket{b, wide}, Problems: []goroutine.Problem{{Line: 1, Message: "\x1b[2J"}}}
	return trend.Compare([]goroutine.Dump{d})
}

// TestHostile holds that nothing from a dump reaches the terminal raw.
func TestHostile(t *testing.T) {
	for _, keys := range [][]string{nil, {"enter"}, {"enter", "w"}, {"!"}, {"/\x1b"}} {
		for _, size := range sizes {
			view := at(t, size.w, size.h, hostile(), keys...).m.View()
			for i, r := range view {
				if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u200b' {
					t.Fatalf("%v at %v: %U at byte %d", keys, size, r, i)
				}
			}
		}
	}
}

// TestRecursion: a frame that stands in a stack more than once can be gone
// through, and the cursor stays on its row when the screen is drawn anew.
func TestRecursion(t *testing.T) {
	f := goroutine.Frame{Function: "main.walk", File: "/app/walk.go", Line: 7, Package: "main", Origin: goroutine.Main}
	g := f
	g.Line++
	b := goroutine.Bucket{Count: 1, Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{f, g, f}, CreatedBy: f, Ancestors: []goroutine.Frame{f}})}
	s := at(t, 120, 36, trend.One(goroutine.Dump{Goroutines: 1, Buckets: []goroutine.Bucket{b}}), "tab")
	for row := range 5 {
		if row > 0 {
			s.press("j")
		}
		for _, redraw := range []func(){func() {}, func() { s.press("z", "z") }, func() { s.send(tea.WindowSizeMsg{Width: 90 + row, Height: 30}) }} {
			redraw()
			if got := s.m.stack.lines[s.m.stack.cursor].row; got != row {
				t.Fatalf("the cursor is on row %d, want %d", got, row)
			}
			if !same(s.m.source.frame, s.m.stack.frame()) || s.m.readSource() != nil {
				t.Fatalf("row %d: the source is not that of the frame", row)
			}
		}
	}
}

// TestRounds: a recursion takes a line after its first round, which the cursor
// passes over.
func TestRounds(t *testing.T) {
	f := goroutine.Frame{Function: "main.walk", File: "/app/walk.go", Line: 7, Package: "main", Origin: goroutine.Main}
	b := goroutine.Bucket{Count: 1, Stack: goroutine.NewStack(goroutine.Parts{Frames: slices.Repeat([]goroutine.Frame{f}, 100), CreatedBy: f})}
	s := at(t, 120, 36, trend.One(goroutine.Dump{Goroutines: 1, Buckets: []goroutine.Bucket{b}}), "tab", "j")
	if got := s.m.stack.lines[s.m.stack.cursor].row; got != 100 {
		t.Errorf("the cursor is on row %d, want 100", got)
	}
	if view := s.m.View(); !strings.Contains(view, "the same frame 99 times more") {
		t.Errorf("no word of 99 frames in\n%s", view)
	}
}

// TestTree holds that nodes open and close, and that the filter prunes them.
func TestTree(t *testing.T) {
	s := at(t, 120, 36, leak(t))
	listed := s.m.list.Len()
	roots := s.press("t").m.list.Len()
	if !s.m.tree || roots == 0 || roots >= len(s.m.trend.Series) {
		t.Fatalf("%d rows of %d series", roots, len(s.m.trend.Series))
	}
	s.press("j", "enter")
	if s.m.list.Len() <= roots {
		t.Error("enter opens no node")
	}
	s.press("j", "left", "left")
	if s.m.list.Len() != roots || s.m.list.Cursor != 1 {
		t.Errorf("left twice: %d rows, cursor %d; want %d and 1", s.m.list.Len(), s.m.list.Cursor, roots)
	}
	s.press("/watch")
	if s.m.list.Len() != 1 {
		t.Errorf("filtered: %d rows", s.m.list.Len())
	}
	if s.press("esc", "t"); s.m.tree || s.m.list.Len() != listed {
		t.Error("t does not go back to the list")
	}
}

// TestDumps steps through the dumps of a trend, and compares two of them.
func TestDumps(t *testing.T) {
	s := at(t, 120, 36, leak(t))
	for _, want := range [][]int{{0}, {1}, {2}, {0, 1, 2}, {0}} {
		if s.press("]"); fmt.Sprint(s.m.looking) != fmt.Sprint(want) || len(s.m.trend.Dumps) != len(want) {
			t.Errorf("]: looking at %v, want %v", s.m.looking, want)
		}
	}
	s.press("[", "[")
	if fmt.Sprint(s.m.looking) != "[2]" {
		t.Errorf("[ [: looking at %v", s.m.looking)
	}
	// The cursor stays on its bucket, and the list in its order.
	s.press("S", "/locked", "enter")
	id := s.m.trend.Series[s.m.selected()].Bucket.ID
	for _, k := range []string{"[", "]", "]"} {
		s.press(k)
		if got := s.m.trend.Series[s.m.selected()].Bucket.ID; got != id || !s.m.order.reversed || s.m.applied != "locked" {
			t.Errorf("%s: on %s, reversed %v, filter %q", k, got, s.m.order.reversed, s.m.applied)
		}
	}
	s.press("d", " ", "j", " ", "enter")
	if fmt.Sprint(s.m.looking) != "[0 2]" || len(s.m.trend.Dumps) != 2 {
		t.Errorf("marked two: looking at %v", s.m.looking)
	}
	if s = at(t, 120, 36, load(t, "server/nats126.debug2.txt"), "]"); !strings.Contains(s.m.View(), "only one dump") {
		t.Error("] on a single dump says nothing")
	}
	// A log with several dumps opens on the list of them.
	s = &screen{t, newModel(t.Context(), Config{Browse: true, Out: io.Discard}, plain())}
	s.send(tea.WindowSizeMsg{Width: 100, Height: 20})
	s.send(loadedMsg{prepared: prepare(load(t, "logs/restart.quit.log"))})
	if !strings.Contains(s.m.View(), "2 dumps") || !strings.Contains(s.m.View(), "SIGQUIT: quit") {
		t.Errorf("the dumps are not listed:\n%s", s.m.View())
	}
}

// TestGroups goes through all groupings and back.
func TestGroups(t *testing.T) {
	s := at(t, 120, 36, leak(t))
	stacks := len(s.m.rows)
	for _, want := range []string{"site", "function", "created-by", "package", "module", "state", "label:tenant", "stack"} {
		s.press("b")
		total := 0
		for _, r := range s.m.rows {
			total += s.m.trend.Series[r].Now()
		}
		if s.m.trend.By != want || total != s.m.trend.Dumps[2].Goroutines {
			t.Errorf("by %s, %d goroutines; want %s, %d", s.m.trend.By, total, want, s.m.trend.Dumps[2].Goroutines)
		}
	}
	if len(s.m.rows) != stacks || s.m.grouped() {
		t.Error("not back at the stacks")
	}
	if s.press("B"); s.m.trend.By != "label:tenant" {
		t.Errorf("B: by %s", s.m.trend.By)
	}
	if s.press("t"); !strings.Contains(s.m.View(), "needs grouping by stack") {
		t.Error("the tree of groups says nothing")
	}
}

// TestJump goes to a goroutine by its id.
func TestJump(t *testing.T) {
	s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"), "#", "31", "enter")
	if s.m.list.Cursor != 2 {
		t.Errorf("cursor %d, want 2", s.m.list.Cursor)
	}
	for keys, want := range map[string]string{"999999": "no bucket has goroutine 999999", "x": "x is not a goroutine ID"} {
		if s.press("#", keys, "enter"); !strings.Contains(s.m.View(), want) {
			t.Errorf("#%s: no %q", keys, want)
		}
	}
}

// TestWrite writes what is in sight to the file that was named.
func TestWrite(t *testing.T) {
	s := at(t, 120, 36, leak(t), "/chan", "enter")
	var name string
	var rows int
	s.m.config.Write = func(n string, t *trend.Trend) error {
		name, rows = n, len(t.Series)
		return nil
	}
	s.press("W", "backspace", "backspace", "backspace", "json", "enter")
	if name != "gdump.json" || rows != len(s.m.rows) || rows == 0 {
		t.Errorf("wrote %d rows to %q, want %d", rows, name, len(s.m.rows))
	}
	if !strings.Contains(s.m.View(), "wrote gdump.json") {
		t.Error("nothing is said")
	}
	s.m.config.Write = func(string, *trend.Trend) error { return errors.New("the file is there already") }
	if s.press("W", "enter"); !strings.Contains(s.m.View(), "error: the file is there already") {
		t.Error("the error is not shown")
	}
}

// fakeEditor stands for the user's.
type fakeEditor struct{ ran *bool }

func (e fakeEditor) Run() error { *e.ran = true; return nil }

func (fakeEditor) SetStdin(io.Reader)  {}
func (fakeEditor) SetStdout(io.Writer) {}
func (fakeEditor) SetStderr(io.Writer) {}

// TestEdit opens the frame's code in the editor, or says why not.
func TestEdit(t *testing.T) {
	s := at(t, 120, 36, leak(t))
	var opened string
	s.m.config.Edit = func(file string, line int) (Editor, error) {
		opened = fmt.Sprintf("%s:%d", file, line)
		return fakeEditor{new(bool)}, nil
	}
	if s.press("e"); opened != "/src/leaky/main.go:33" {
		t.Errorf("opened %q", opened)
	}
	if s.press("j", "e"); !strings.Contains(s.m.View(), "error: source not found") {
		t.Errorf("no reason is given:\n%s", s.m.View())
	}
	s.m.config.Edit = func(string, int) (Editor, error) { return nil, code.ErrNoEditor }
	if s.press("g", "e"); !strings.Contains(s.m.View(), "set $VISUAL or $EDITOR") {
		t.Errorf("no reason is given:\n%s", s.m.View())
	}
}

// TestMouse scrolls, chooses, opens and sorts.
func TestMouse(t *testing.T) {
	s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"))
	click := func(x, y int, b tea.MouseButton) {
		s.send(tea.MouseMsg{X: x, Y: y, Button: b, Action: tea.MouseActionPress})
	}
	top := s.m.layout.list.y + 2
	click(10, top+4, tea.MouseButtonLeft)
	if s.m.list.Cursor != 4 {
		t.Errorf("a click: cursor %d, want 4", s.m.list.Cursor)
	}
	click(10, top+4, tea.MouseButtonLeft)
	if !s.m.zoomed {
		t.Error("a second click does not open")
	}
	s.press("esc")
	click(3, top-1, tea.MouseButtonLeft)
	click(3, top-1, tea.MouseButtonLeft)
	if s.m.order != (order{0, true}) {
		t.Errorf("a title clicked twice: %+v", s.m.order)
	}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 16})
	click(10, top, tea.MouseButtonWheelDown)
	if s.m.list.Top == 0 {
		t.Error("the wheel does not scroll")
	}
	click(100, s.m.layout.stack.y+3, tea.MouseButtonLeft)
	if s.m.focus != stackPane {
		t.Error("a click in the stack does not go there")
	}
	if s.press("m"); !s.m.mouse || !strings.Contains(s.m.View(), "mouse on") {
		t.Error("m does not turn the mouse on")
	}
}

// TestPalette finds a command by typing and does it.
func TestPalette(t *testing.T) {
	s := at(t, 120, 36, leak(t), ":", "tree of", "enter")
	if !s.m.tree || s.m.over() != nil {
		t.Error("the command was not done")
	}
}

// TestASCII draws with ASCII only, cell for cell.
func TestASCII(t *testing.T) {
	for _, keys := range [][]string{nil, {"enter"}, {"?"}, {"/chan"}, {"t"}, {"d", " "}, {"Y"}} {
		s := at(t, 120, 36, leak(t), keys...)
		s.m.config.ASCII = true
		for i, l := range strings.Split(s.m.View(), "\n") {
			if len(l) != 120 {
				t.Errorf("%v: line %d has %d bytes: %q", keys, i+1, len(l), l)
			}
		}
	}
}

// TestGlyphs holds that only characters are drawn which every font has.
func TestGlyphs(t *testing.T) {
	const allowed = "▸▌▏│┬┴─━▲▼=~+–·…→↑↓←≤●▁▂▃▄▅▆▇█░"
	for _, keys := range [][]string{nil, {"enter"}, {"?"}, {"/chan"}, {"s"}} {
		for _, r := range at(t, 120, 36, leak(t), keys...).m.View() {
			if r > '~' && !strings.ContainsRune(allowed, r) {
				t.Errorf("%v: %q is drawn", keys, r)
			}
		}
	}
}

func TestLoading(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	cut := errors.New("app.dump: unexpected end")
	config := Config{
		Names: []string{"app.dump"}, Size: 100 << 20, Out: io.Discard, Now: func() time.Time { return now },
		Load: func(ctx context.Context, _ func(Step)) (trend.Trend, error) {
			<-ctx.Done()
			return leak(t), ctx.Err()
		},
	}
	s := &screen{t, newModel(t.Context(), config, plain())}
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	if strings.Contains(s.m.View(), "reading") {
		t.Error("the bar is there before it is needed")
	}
	s.send(waitedMsg{})
	now = now.Add(2 * time.Second)
	s.m.Update(steppedMsg{progress: parse.Progress{Bytes: 40 << 20, Goroutines: 12345}})
	for _, want := range []string{"app.dump", "40%", "40.0 MiB of 100.0 MiB, 20 MiB/s", "12 345 goroutines"} {
		if !strings.Contains(s.m.View(), want) {
			t.Errorf("no %q in\n%s", want, s.m.View())
		}
	}
	// What was read so far can be walked through, and says that more is to come.
	part := prepare(trend.One(leak(t).Dumps[1]))
	_, cmd := s.m.Update(steppedMsg{progress: parse.Progress{Bytes: 50 << 20, Goroutines: 750}, partial: &part})
	s.run(cmd().(tea.BatchMsg)[0])
	s.press("g", "j")
	if s.m.list.Cursor != 1 || !strings.Contains(s.m.View(), "reading  50.0 MiB of 100.0 MiB") || !strings.Contains(s.m.View(), "750 goroutines") {
		t.Errorf("the list does not fill:\n%s", s.m.View())
	}
	// Esc stops it, and what was read is shown.
	s.press("esc")
	s.run(loadCmd(s.m.ctx, config.Load, make(chan Step, 1)))
	if !strings.Contains(s.m.View(), "stopped: showing what was read so far") {
		t.Errorf("after esc:\n%s", s.m.View())
	}
	// Goroutines and an error: both are shown.
	s = at(t, 80, 24, leak(t))
	s.send(loadedMsg{prepared: prepare(leak(t)), err: cut})
	if !strings.Contains(s.m.View(), "error: "+cut.Error()) {
		t.Errorf("the error is not shown:\n%s", s.m.View())
	}
	// Nothing but an error ends the program with it.
	s.send(loadedMsg{err: cut})
	if !errors.Is(s.m.fatal, cut) {
		t.Errorf("fatal: %v", s.m.fatal)
	}
}

// TestCulprit: in a crash the cursor starts on the goroutine that ended the
// process, and stays where the user puts it.
func TestCulprit(t *testing.T) {
	s := at(t, 120, 36, load(t, "gen126/zoo126_overflow_all.txt", "gen126/cgosym_panic.txt"))
	function := func() string {
		t.Helper()
		return s.m.trend.Series[s.m.selected()].Bucket.Stack.Site().Function
	}
	for _, step := range []struct{ key, want string }{{"[", "main.goCB"}, {"[", "main.overflow"}, {"]", "main.goCB"}} {
		if s.press(step.key); function() != step.want {
			t.Errorf("after %s the cursor is on %s, want %s", step.key, function(), step.want)
		}
	}
	s.press("[", "g")
	first := function()
	if s.press("s", "S", "/main", "esc"); function() != first {
		t.Errorf("the cursor is on %s, want %s", function(), first)
	}
}

// TestSort holds that each s changes the order until the first is back, and
// that the mark is at the column that the rows are in the order of.
func TestSort(t *testing.T) {
	for _, tr := range []trend.Trend{load(t, "server/nats126.debug2.txt"), leak(t)} {
		s := at(t, 200, 50, tr)
		start := slices.Clone(s.m.rows)
		for range 20 {
			before := slices.Clone(s.m.rows)
			s.press("s")
			if slices.Equal(before, s.m.rows) {
				t.Errorf("s changes nothing: column %d", s.m.order.column)
			}
			titles := strings.Split(s.m.View(), "\n")[s.m.layout.headline+2]
			if s.m.order.column < 0 {
				break
			}
			c := s.m.columns[s.m.order.column]
			mark := map[bool]string{true: "▼", false: "▲"}[c.Right]
			if !strings.Contains(titles, c.Title+mark) && !strings.Contains(titles, c.Title[:max(0, len(c.Title)-1)]+mark) || strings.Count(titles, "▼")+strings.Count(titles, "▲") != 1 {
				t.Errorf("sorted by %q, the titles are %s", c.Title, titles)
			}
		}
		if !slices.Equal(start, s.m.rows) {
			t.Errorf("the order of the beginning does not return")
		}
		// Two in one burst go two columns on.
		s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("ss")})
		if want := at(t, 200, 50, tr, "s", "s").m.order; s.m.order != want {
			t.Errorf("ss: %v, want %v", s.m.order, want)
		}
	}
	if s := at(t, 120, 36, leak(t)); !strings.Contains(s.m.View(), "suspects first") || !strings.Contains(s.press("S").m.View(), "suspects last") {
		t.Errorf("the first order has no name:\n%s", s.m.View())
	}
}

// TestNoise holds that what is in every dump is one row, which shows its
// stacks; a filter, the tree and the jump to a goroutine look into it.
func TestNoise(t *testing.T) {
	const name = "the dump itself and idle http"
	s := at(t, 120, 36, load(t, "server/nats126.debug2.txt"), "G")
	for _, text := range []string{"17 buckets", "stacks of the dump itself", name + ": 2", "…nnReader).backgroundRead", "…rof.writeGoroutineStacks"} {
		if !strings.Contains(s.m.View(), text) {
			t.Errorf("no %q in\n%s", text, s.m.View())
		}
	}
	if strings.Contains(at(t, 200, 50, leak(t)).m.View(), "gowrap2") {
		t.Error("a half-open connection has a row of its own")
	}
	if s.press("#", "555", "enter"); s.m.selected() != s.m.folded.row {
		t.Errorf("the jump to one of them is at %d", s.m.selected())
	}
	if s.press("/writeGoroutine"); len(s.m.rows) != 1 || s.m.rows[0] == s.m.folded.row {
		t.Errorf("a filter finds %v", s.m.rows)
	}
	s.press("esc", "t")
	if slices.ContainsFunc(s.m.calls.rows, func(b branch) bool { return b.node.Top == s.m.folded.row }) {
		t.Error("the tree has a row of all of them")
	}
	if s.press("t", "."); slices.Contains(s.m.rows, s.m.folded.row) {
		t.Error(". does not hide it")
	}
	if s := at(t, 120, 36, leak(t), "G", "v"); !strings.Contains(s.m.View(), "no verdict on what is in most dumps") {
		t.Errorf("evidence of it:\n%s", s.m.View())
	}
	s = at(t, 120, 36, load(t, "server/nats126.debug2.txt"), "G")
	if text := s.m.stackText()(); strings.Count(text, "goroutine ") < 2 || strings.Count(text, "\n\n") != 1 {
		t.Errorf("copied: %s", text)
	}
	for _, series := range s.m.inSight().Series {
		if series.Name != "" {
			t.Errorf("%q is written to files", series.Name)
		}
	}
}
