package ui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// place is a view that keys can go to, or several of them.
type place uint

const (
	inList place = 1 << iota
	inTree
	inStack  // beside the list
	inWhole  // the stack on the whole screen
	inText   // a text over the panes
	inSource // the code of a frame over the panes
	inHelp
	inMenu
	inDumps
	inFindings
	inBlocks  // who blocks whom
	inWaiting // for the first dump of a watch

	lists    = inList | inTree
	stacks   = inStack | inWhole
	panes    = lists | stacks
	texts    = inText | inSource
	menus    = inMenu | inDumps | inFindings | inBlocks
	anywhere = panes | texts | inHelp | menus
)

// placeNames name the views for people.
var placeNames = []struct {
	place
	name string
}{
	{inList, "list"},
	{inTree, "tree"},
	{stacks, "stack"},
	{inWhole, "whole stack"},
	{inText, "text"},
	{inSource, "source"},
	{inDumps, "list of dumps"},
	{inFindings, "findings"},
	{inBlocks, "who blocks whom"},
	{inHelp, "help"},
	{inMenu, "menu"},
	{inWaiting, "watch without a dump"},
}

// String names the views, "" if they are all panes or more.
func (p place) String() string {
	if p&panes == panes {
		return ""
	}
	var names []string
	for _, n := range placeNames {
		if p&n.place == n.place {
			names = append(names, n.name)
			p &^= n.place
		}
	}
	return strings.Join(names, ", ")
}

// need is what a key cannot do without.
type need struct {
	met func(*model) bool
	why string // that nothing is done; "" does nothing without a word
}

// binding is a row of the table of keys. Keys, the hints at the bottom, help,
// palette and docs/keys.md are made from it.
type binding struct {
	keys  string // as Bubble Tea names them, between blanks; "space" for a blank
	topic string
	where place
	needs []need
	help  string
	hint  string // in a word, at the bottom; "" for none
	pair  string // a key of another row that the hint is of, too
	rank  int    // of the hint: the lowest come first
	live  int    // its rank in a watch, if another
	shows place  // where the hint is worth its room; 0 if wherever the key works
	do    func(*model) tea.Cmd
}

// bindings is the table of all keys, in the order of the help. Of several rows
// of a key the first counts that works where it is pressed.
func bindings() []binding {
	return []binding{
		{keys: "down j", topic: "move", where: anywhere, help: "down", hint: "scroll", rank: 6, shows: texts, do: move(lineDown)},
		{keys: "up k", topic: "move", where: anywhere, help: "up", do: move(lineUp)},
		{keys: "g home", topic: "move", where: anywhere, help: "first row", do: move(first)},
		{keys: "G end", topic: "move", where: anywhere, help: "last row", do: move(last)},
		{keys: "ctrl+d", topic: "move", where: anywhere, help: "half a page down", do: move(halfDown)},
		{keys: "ctrl+u", topic: "move", where: anywhere, help: "half a page up", do: move(halfUp)},
		{keys: "pgdown ctrl+f", topic: "move", where: anywhere, help: "page down", do: move(pageDown)},
		{keys: "pgup ctrl+b", topic: "move", where: anywhere, help: "page up", do: move(pageUp)},
		{keys: "right l", topic: "move", where: inList, help: "to the stack", do: (*model).otherPane},
		{keys: "right l", topic: "move", where: inTree, help: "open the node", hint: "open", rank: 3, do: (*model).openNode},
		{keys: "right l", topic: "move", where: stacks | texts, help: "scroll right", do: scroll(sideways)},
		{keys: "left h", topic: "move", where: inList, help: "back from the full screen", do: (*model).leave},
		{keys: "left h", topic: "move", where: inTree, help: "close the node, or go to its parent", hint: "close", rank: 4, do: (*model).closeNode},
		{keys: "left h", topic: "move", where: stacks | texts, help: "scroll left; at the edge of a stack: to the list", do: scroll(-sideways)},

		{keys: "enter", topic: "view", where: inList | inStack, needs: needs(row), help: "whole stack of the bucket", hint: "whole stack", rank: 1, do: (*model).showWhole},
		{keys: "enter", topic: "view", where: inWhole, help: "source of the frame", hint: "source", rank: 2, do: (*model).showSource},
		{keys: "enter", topic: "view", where: inTree, needs: needs(row), help: "open or close the node; without nodes below: whole stack", hint: "open", rank: 1, do: (*model).enterNode},
		{keys: "enter", topic: "view", where: inDumps, help: "open the dump, or compare those marked", hint: "open", rank: 1, do: on((*menu).enter)},
		{keys: "enter", topic: "view", where: inFindings, help: "go to the goroutines of the finding", hint: "go there", rank: 1, do: on((*menu).enter)},
		{keys: "enter", topic: "view", where: inBlocks, help: "on to who keeps them waiting, at the end to the stack", hint: "follow", rank: 1, do: on((*menu).enter)},
		{keys: "enter", topic: "view", where: inMenu, help: "choose", hint: "choose", rank: 1, do: on((*menu).enter)},
		{keys: "space", topic: "view", where: inDumps, help: "mark the dump", hint: "mark", rank: 2, do: on((*menu).mark)},
		{keys: "a", topic: "view", where: inDumps, help: "mark all dumps, or none", hint: "all", rank: 3, do: on((*menu).markAll)},
		{keys: "esc", topic: "view", where: lists, needs: needs(filtered), help: "clear the filter", hint: "clear", rank: 2, do: (*model).back},
		{keys: "esc", topic: "view", where: anywhere, needs: needs(below), help: "back one level", hint: "back", rank: 1, do: (*model).back},
		{keys: "tab shift+tab", topic: "view", where: panes, help: "other pane", hint: "pane", rank: 7, shows: lists, do: (*model).otherPane},
		{keys: "z", topic: "view", where: panes, help: "pane full screen, and back", hint: "full", rank: 13, do: (*model).zoom},
		{keys: "w", topic: "view", where: inWhole, help: "wrap long lines", hint: "wrap", rank: 12, do: (*model).wrap},
		{keys: ".", topic: "view", where: panes, help: "hide what is known to be idle, and goroutines and frames of Go itself", hint: "fold", rank: 11, do: (*model).fold},
		{keys: "b", topic: "view", where: panes, help: "next grouping: stack, call site, function, …", hint: "group", rank: 5, shows: lists, do: groupBy(1)},
		{keys: "B", topic: "view", where: panes, help: "previous grouping", do: groupBy(-1)},
		{keys: "t", topic: "view", where: inTree, help: "list of buckets", hint: "list", rank: 6, do: (*model).turnTree},
		{keys: "t", topic: "view", where: panes &^ inTree, needs: needs(ungrouped), help: "tree of calls, from created by to the leaf", hint: "tree", rank: 6, shows: inList, do: (*model).turnTree},
		{keys: "[", topic: "view", where: panes, needs: needs(several), help: "previous dump", hint: "dumps", pair: "]", rank: 3, live: 2, shows: lists, do: step(-1)},
		{keys: "]", topic: "view", where: panes, needs: needs(several), help: "next dump", do: step(1)},
		{keys: "d", topic: "view", where: panes, help: "list of dumps", do: (*model).showDumps},
		{keys: "v", topic: "view", where: panes, needs: needs(row, compared, judged), help: "evidence: what the verdict of the bucket rests on", hint: "evidence", rank: 2, shows: lists, do: (*model).showEvidence},
		{keys: "f", topic: "view", where: panes, help: "findings, with evidence, remedy and link", hint: "findings", rank: 2, shows: lists, do: (*model).showFindings},
		{keys: "w L", topic: "view", where: panes &^ inWhole, needs: needs(waits), help: "who blocks whom", hint: "who blocks whom", rank: 2, shows: lists, do: (*model).showBlocks},
		{keys: "L", topic: "view", where: inWhole, needs: needs(waits), help: "who blocks whom", do: (*model).showBlocks},
		{keys: ">", topic: "view", where: panes, needs: needs(row, waits, kept), help: "to who keeps the bucket waiting", do: (*model).toSuspect},
		{keys: "<", topic: "view", where: panes, needs: needs(waits, came), help: "back to who waits", do: (*model).toWaiter},
		{keys: "!", topic: "view", where: panes, help: "problems and notes", do: (*model).showProblems},
		{keys: "?", topic: "view", where: anywhere&^inHelp | inWaiting, help: "all keys", do: (*model).showHelp},
		{keys: "?", topic: "view", where: inHelp, help: "back", do: (*model).back},
		{keys: ":", topic: "view", where: panes, help: "all commands, found by typing", do: (*model).showPalette},

		{keys: "/", topic: "find", where: lists, help: "filter the list", hint: "filter", rank: 3, do: (*model).askFilter},
		{keys: "/", topic: "find", where: stacks | texts, help: "search", hint: "search", rank: 4, do: (*model).askSearch},
		{keys: "n", topic: "find", where: stacks | texts, needs: needs(searched), help: "next match", hint: "next", rank: 5, do: match(1)},
		{keys: "N", topic: "find", where: stacks | texts, needs: needs(searched), help: "previous match", do: match(-1)},
		{keys: "s", topic: "find", where: panes &^ inTree, help: "sort by the next column", hint: "sort", rank: 4, shows: lists, do: (*model).sort},
		{keys: "S", topic: "find", where: panes, help: "reverse order", do: (*model).reverse},
		{keys: "#", topic: "find", where: panes, help: "jump to a goroutine by its ID", do: (*model).askID},

		{keys: "x", topic: "do", where: inList, needs: needs(row), help: "mark the row, for y and -", do: (*model).markRow},
		{keys: "-", topic: "do", where: inList, needs: needs(row), help: "hide the marked rows, or this one", do: (*model).hideRows},
		{keys: "+", topic: "do", where: lists, needs: needs(hidesRows), help: "show rows hidden by hand again", do: (*model).showRows},
		{keys: "a", topic: "do", where: panes, needs: needs(row, judged, ungrouped, allows), help: "accept the bucket: write it to the allow list of gdump check", do: (*model).askAllow},
		{keys: "y", topic: "do", where: panes, needs: needs(row), help: "copy the stack as Go prints it, or those of the marked rows", hint: "copy", rank: 9, do: (*model).copyStack},
		{keys: "Y", topic: "do", where: panes, needs: needs(row), help: "copy a part: frame, place, function, IDs, JSON, …", do: (*model).showCopyMenu},
		{keys: "W", topic: "do", where: panes, help: "write what is shown to a file", do: (*model).askName},
		{keys: "e", topic: "do", where: panes | inSource, needs: needs(row), help: "open the frame's source in $VISUAL or $EDITOR", hint: "editor", rank: 8, do: (*model).edit},
		{keys: "space", topic: "do", where: panes, needs: needs(watched), help: "in a watch: pause or resume the screen", hint: "pause", rank: 1, do: (*model).pause},
		{keys: "D", topic: "do", where: panes, needs: needs(row, ofFleet), help: "of a fleet: full dump of the instance that has most of the row, after saying what it costs", do: (*model).askWorst},
		{keys: "r", topic: "do", where: panes | inWaiting, needs: needs(watched), help: "in a watch: take a dump now", hint: "now", rank: 1, do: (*model).refresh},
		{keys: "m", topic: "do", where: anywhere, help: "mouse on and off", do: (*model).turnMouse},
		{keys: "q", topic: "do", where: anywhere, needs: needs(inside), help: "back", do: (*model).up},
		{keys: "q", topic: "do", where: anywhere | inWaiting, help: "quit from the list", hint: "quit", rank: 10, do: (*model).quit},
		{keys: "ctrl+c", topic: "do", where: anywhere | inWaiting, help: "quit at once", do: (*model).quit},
		{keys: "ctrl+z", topic: "do", where: anywhere | inWaiting, help: "suspend", do: (*model).suspend},
	}
}

// What keys need. Without below and inside Esc and q have no view to go back to.
var (
	row       = need{func(m *model) bool { return m.selected() >= 0 }, "no bucket is selected"}
	several   = need{func(m *model) bool { return len(m.dumps) > 1 }, "only one dump: compare with gdump diff A B"}
	compared  = need{func(m *model) bool { return len(m.trend.Dumps) > 1 }, "a verdict needs two dumps: gdump diff A B"}
	judged    = need{func(m *model) bool { return m.selected() != m.folded.row }, "no verdict on what is in most dumps: / looks into it"}
	waits     = need{func(m *model) bool { return len(m.queues) > 0 }, "nobody waits for anybody, as far as the newest dump shows"}
	kept      = need{func(m *model) bool { return m.suspect(m.selected()) != nil }, "nobody is known to keep it waiting"}
	came      = need{func(m *model) bool { return len(m.trail) > 0 }, "no way back: > goes to who keeps a bucket waiting"}
	ungrouped = need{func(m *model) bool { return !m.grouped() }, "needs grouping by stack: press b"}
	hidesRows = need{func(m *model) bool { return len(m.gone) > 0 }, "no row was hidden: - hides"}
	allows    = need{func(m *model) bool { return m.config.Allow != nil }, "no allow list can be written here"}
	searched  = need{func(m *model) bool { return m.pager().search != "" }, "no search yet: press /"}
	watched   = need{func(m *model) bool { return m.live != nil }, "works only in gdump watch"}
	ofFleet   = need{hasInstances, "works only for the processes of a fleet: gdump help targets"}
	filtered  = need{func(m *model) bool { return m.applied != "" }, ""}
	below     = need{func(m *model) bool { return m.inside() || m.filling() }, ""}
	inside    = need{(*model).inside, ""}
)

func needs(all ...need) []need { return all }

// on makes an action of one of an overlay that keys are pressed in.
func on[O overlay](do func(O, *model) tea.Cmd) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		if o, ok := m.over().(O); ok {
			return do(o, m)
		}
		return nil
	}
}

// lacks is the first need that is not met, nil if all are.
func (b *binding) lacks(m *model) *need {
	for i := range b.needs {
		if !b.needs[i].met(m) {
			return &b.needs[i]
		}
	}
	return nil
}

// names are the keys as Bubble Tea names them.
func (b *binding) names() []string { return strings.Fields(b.keys) }

var arrows = map[string]string{"up": "↑", "down": "↓", "left": "←", "right": "→", "pgdown": "pgdn"}

// shown are the keys as people read them.
func (b *binding) shown() []string {
	shown := b.names()
	for i, name := range shown {
		shown[i] = shownKey(name)
	}
	return shown
}

func shownKey(name string) string {
	if arrow, ok := arrows[name]; ok {
		return arrow
	}
	return strings.ReplaceAll(name, "+", "-")
}

// bound is the row of a key that works in a place. If there is none, why says
// so in words.
func (m *model) bound(name string, at place) (b *binding, why string) {
	var elsewhere place
	var unmet *need
	for i := range m.bindings {
		b := &m.bindings[i]
		if !slices.Contains(b.names(), name) {
			continue
		}
		if b.where&at == 0 {
			elsewhere |= b.where
			continue
		}
		lacks := b.lacks(m)
		if lacks == nil {
			return b, ""
		}
		if unmet == nil {
			unmet = lacks
		}
	}
	switch {
	case unmet != nil:
		return nil, unmet.why
	case elsewhere != 0:
		return nil, shownKey(name) + " works in: " + elsewhere.String()
	}
	return nil, ""
}

// Key is a row of the table of keys, for documents.
type Key struct {
	Keys        []string
	Where, Does string
}

// Keys lists every key, where it works and what it does.
func Keys() []Key {
	var out []Key
	for _, b := range bindings() {
		out = append(out, Key{b.shown(), b.where.String(), b.help})
	}
	return out
}
