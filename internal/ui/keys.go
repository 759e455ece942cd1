package ui

import "github.com/charmbracelet/bubbles/key"

// binding is a key with its topic and what it does, for the help.
type binding struct {
	key.Binding
	topic string
}

// keyMap is every key of the program. Help is made from it.
type keyMap struct {
	up, down, pageUp, pageDown, halfUp, halfDown, top, bottom binding
	left, right                                               binding
	enter, back, quit, kill, suspend                          binding
	focus, zoom, wrap                                         binding
	filter, next, previous, sort, reverse                     binding
	copy, problems, help                                      binding
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
	left:     bind("move", "to the list; in a stack: scroll left", "← h", "left", "h"),
	right:    bind("move", "to the stack; in a stack: scroll right", "→ l", "right", "l"),
	enter:    bind("view", "whole stack of the bucket", "enter", "enter"),
	back:     bind("view", "back one level, or clear the filter", "esc", "esc"),
	focus:    bind("view", "other pane", "tab", "tab", "shift+tab"),
	zoom:     bind("view", "pane full screen", "z", "z"),
	wrap:     bind("view", "wrap long lines of the stack", "w", "w"),
	problems: bind("view", "what could not be read", "!", "!"),
	help:     bind("view", "all keys", "?", "?"),
	filter:   bind("find", "filter the list; in a stack: search", "/", "/"),
	next:     bind("find", "next match in the stack", "n", "n"),
	previous: bind("find", "previous match in the stack", "N", "N"),
	sort:     bind("find", "sort by the next column", "s", "s"),
	reverse:  bind("find", "turn the order round", "S", "S"),
	copy:     bind("do", "copy the stack", "y", "y"),
	quit:     bind("do", "quit; in a view: back", "q", "q"),
	kill:     bind("do", "quit at once", "ctrl-c", "ctrl+c"),
	suspend:  bind("do", "suspend", "ctrl-z", "ctrl+z"),
}

// all lists the bindings in the order of the help.
func (k *keyMap) all() []binding {
	return []binding{
		k.down, k.up, k.top, k.bottom, k.halfDown, k.halfUp, k.pageDown, k.pageUp, k.right, k.left,
		k.enter, k.back, k.focus, k.zoom, k.wrap, k.problems, k.help,
		k.filter, k.next, k.previous, k.sort, k.reverse,
		k.copy, k.quit, k.kill, k.suspend,
	}
}
