package ui

import (
	"strings"

	"gdump/internal/view"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// help lists the keys by topic, those that the typed word is found in.
type help struct {
	text
	finder
	bindings []binding
}

func (m *model) showHelp() tea.Cmd {
	h := &help{bindings: m.bindings}
	h.at = inHelp
	h.fill()
	m.open(h)
	return nil
}

// handle takes letters; "?" and, before anything is typed, "q" go back.
func (h *help) handle(_ *model, msg tea.KeyMsg) (tea.Cmd, bool) {
	name := msg.String()
	if name == "?" || name == "q" && h.find == "" || !h.take(msg) {
		return nil, false
	}
	h.fill()
	return nil, true
}

func (h *help) draw(m *model, w, height int) []string {
	h.text.title = h.finder.title("keys")
	return h.text.draw(m, w, height)
}

func (h *help) resize(w, height int) {
	h.text.resize(w, height)
	top := h.page.top
	h.fill()
	h.page.scrollTo(top, 0)
}

func (h *help) typing() string { return "type to find   ↑↓ move   " }

// fill writes the lines in which the typed word is found.
func (h *help) fill() {
	widest := 0
	for i := range h.bindings {
		widest = max(widest, ansi.StringWidth(strings.Join(h.bindings[i].shown(), " ")))
	}
	var lines []line
	topic := ""
	add := func(under, keys, does, where string) {
		if where != "" {
			where = " (" + where + ")"
		}
		if !h.matches(under, keys, does, where) {
			return
		}
		if under != topic {
			if topic = under; len(lines) > 0 {
				lines = append(lines, line{})
			}
			lines = append(lines, line{text: topic, kind: strongLine})
		}
		for _, l := range wrapLine(line{text: does + where}, max(20, h.page.width-widest-4)) {
			lines = append(lines, line{text: "  " + pad(keys, widest), tail: "  " + l.text})
			keys = ""
		}
	}
	for i := range h.bindings {
		b := &h.bindings[i]
		add(b.topic, strings.Join(b.shown(), " "), b.help, b.where.String())
	}
	for _, l := range filterHelp {
		add("filter", l[0], l[1], "")
	}
	if len(lines) == 0 {
		lines = []line{{text: "no key matches " + clean(h.find) + "; esc shows all"}}
	}
	h.page.set(lines, -1)
}

func (h *help) matches(parts ...string) bool {
	return h.find == "" || len(matches(strings.Join(parts, " "), []string{strings.ToLower(h.find)})) > 0
}

// filterHelp lists what can be typed after /.
var filterHelp = [][2]string{
	{"chan", "a word in a function, file, state, label or module; a capital makes it case-sensitive"},
	{"-runtime", "the word is nowhere"},
	{"~wr.te$", "a regular expression"},
	{"state:select", "one field: state func pkg mod file created site origin verdict id label.KEY"},
	{"wait:>10m", "longest wait: minutes, or 90s 2h 3d; > >= < <= ="},
	{"count:>100", "goroutines in the bucket; change:>100 the increase"},
	{"+grown", "the verdict: +" + strings.Join(view.VerdictNames(), " +")},
}
