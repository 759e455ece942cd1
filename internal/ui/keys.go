package ui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// binding is a key with its topic and what it does, for the help.
type binding struct {
	key.Binding
	topic string
}

// keyMap is every key of the program. Help is made from it.
type keyMap struct {
	up, down, pageUp, pageDown, halfUp, halfDown, top, bottom binding
	left, right                                               binding
	enter, back, focus, zoom, wrap, fold                      binding
	group, groupBack, tree, before, after, dumps              binding
	evidence, problems, help, palette                         binding
	filter, next, previous, sort, reverse, jump               binding
	copy, copyMenu, write, edit, pause, refresh               binding
	mouse, quit, kill, suspend                                binding
}

func bind(topic, does, shown string, keys ...string) binding {
	return binding{key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does)), topic}
}

var keys = keyMap{
	up:       bind("move", "up", "↑ k", "up", "k"),
	down:     bind("move", "down", "↓ j", "down", "j"),
	pageUp:   bind("move", "page up", "pgup ctrl-b", "pgup", "ctrl+b"),
	pageDown: bind("move", "page down", "pgdn ctrl-f", "pgdown", "ctrl+f"),
	halfUp:   bind("move", "half a page up", "ctrl-u", "ctrl+u"),
	halfDown: bind("move", "half a page down", "ctrl-d", "ctrl+d"),
	top:      bind("move", "first row", "g home", "g", "home"),
	bottom:   bind("move", "last row", "G end", "G", "end"),
	left:     bind("move", "to the list; in a stack: scroll left; in the tree: collapse", "← h", "left", "h"),
	right:    bind("move", "to the stack; in a stack: scroll right; in the tree: expand", "→ l", "right", "l"),

	enter:     bind("view", "whole stack of the bucket; on a frame: its source", "enter", "enter"),
	back:      bind("view", "back one level, or clear the filter", "esc", "esc"),
	focus:     bind("view", "other pane", "tab", "tab", "shift+tab"),
	zoom:      bind("view", "pane full screen", "z", "z"),
	wrap:      bind("view", "wrap long lines of the whole stack", "w", "w"),
	fold:      bind("view", "hide goroutines and frames of Go itself", ".", "."),
	group:     bind("view", "next grouping: stack, call site, function, …", "b", "b"),
	groupBack: bind("view", "previous grouping", "B", "B"),
	tree:      bind("view", "tree of calls, from created by to the leaf", "t", "t"),
	before:    bind("view", "previous dump", "[", "["),
	after:     bind("view", "next dump", "]", "]"),
	dumps:     bind("view", "list of dumps: open one, or compare marked ones", "d", "d"),
	evidence:  bind("view", "evidence: what the verdict of the bucket rests on", "v", "v"),
	problems:  bind("view", "problems and notes", "!", "!"),
	help:      bind("view", "all keys", "?", "?"),
	palette:   bind("view", "all commands, found by typing", ":", ":"),

	filter:   bind("find", "filter the list; in a stack: search", "/", "/"),
	next:     bind("find", "next match in the stack", "n", "n"),
	previous: bind("find", "previous match in the stack", "N", "N"),
	sort:     bind("find", "sort by the next column", "s", "s"),
	reverse:  bind("find", "reverse order", "S", "S"),
	jump:     bind("find", "jump to a goroutine by its ID", "#", "#"),

	copy:     bind("do", "copy the stack", "y", "y"),
	copyMenu: bind("do", "copy a part: frame, place, function, ids, JSON, …", "Y", "Y"),
	write:    bind("do", "write what is shown to a file", "W", "W"),
	edit:     bind("do", "open the frame's source in $VISUAL or $EDITOR", "e", "e"),
	pause:    bind("do", "in a watch: pause or resume the screen", "space", " "),
	refresh:  bind("do", "in a watch: take a dump now", "r", "r"),
	mouse:    bind("do", "mouse on and off", "m", "m"),
	quit:     bind("do", "quit; in a view: back", "q", "q"),
	kill:     bind("do", "quit at once", "ctrl-c", "ctrl+c"),
	suspend:  bind("do", "suspend", "ctrl-z", "ctrl+z"),
}

// all lists the bindings in the order of the help.
func (k *keyMap) all() []binding {
	return []binding{
		k.down, k.up, k.top, k.bottom, k.halfDown, k.halfUp, k.pageDown, k.pageUp, k.right, k.left,
		k.enter, k.back, k.focus, k.zoom, k.wrap, k.fold, k.group, k.groupBack, k.tree, k.before, k.after, k.dumps,
		k.evidence, k.problems, k.help, k.palette,
		k.filter, k.next, k.previous, k.sort, k.reverse, k.jump,
		k.copy, k.copyMenu, k.write, k.edit, k.pause, k.refresh, k.mouse, k.quit, k.kill, k.suspend,
	}
}

// Keys lists every key and what it does, for documents.
func Keys() [][2]string {
	var out [][2]string
	for _, b := range keys.all() {
		out = append(out, [2]string{b.Help().Key, b.Help().Desc})
	}
	return out
}

// message is what arrives when a binding's first key is pressed.
func (b *binding) message() tea.KeyMsg {
	name := b.Keys()[0]
	special := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "ctrl+c": tea.KeyCtrlC, "ctrl+z": tea.KeyCtrlZ,
	}
	if t, ok := special[name]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}
