package ui

import (
	"strings"

	"gdump/internal/view"

	"github.com/charmbracelet/x/ansi"
)

// showHelp lists the keys by topic, those that the typed text is found in.
func (m *model) showHelp() {
	widest := 0
	for _, b := range keys.all() {
		widest = max(widest, ansi.StringWidth(b.Help().Key))
	}
	var lines []line
	topic := ""
	for _, b := range keys.all() {
		h := b.Help()
		if m.find != "" && len(matches(b.topic+" "+h.Key+" "+h.Desc, []string{strings.ToLower(m.find)})) == 0 {
			continue
		}
		if b.topic != topic {
			if topic = b.topic; len(lines) > 0 {
				lines = append(lines, line{})
			}
			lines = append(lines, line{text: topic, kind: strongLine})
		}
		lines = append(lines, line{text: "  " + pad(h.Key, widest), tail: "  " + h.Desc})
	}
	if m.find == "" || filterHelpMatches(m.find) {
		lines = append(lines, line{}, line{text: "filter", kind: strongLine})
		for _, l := range filterHelp {
			lines = append(lines, line{text: "  " + pad(l[0], widest), tail: "  " + l[1]})
		}
	}
	if len(lines) == 0 {
		lines = []line{{text: "no key matches " + m.find + "; esc shows all"}}
	}
	m.openText(helpOverlay, "keys", lines)
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

func filterHelpMatches(text string) bool {
	for _, l := range filterHelp {
		if len(matches("filter "+l[0]+" "+l[1], []string{strings.ToLower(text)})) > 0 {
			return true
		}
	}
	return false
}
