package parse

import (
	"cmp"
	"maps"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
)

const (
	maxValues = 1000 // distinct values of a label, and labels, a bucket
	maxTexts  = 256  // label texts that are counted before they are read
)

// labels counts the labels of a bucket's goroutines. It counts them as the
// texts they are, since most goroutines have the same, and reads those late.
type labels struct {
	texts map[string]int
	keys  map[string]map[string]int
	lost  bool // there were more than are kept
}

// addText counts what stands between the braces of a header.
func (l *labels) addText(text []byte, n int) {
	if len(text) == 0 {
		return
	}
	if _, ok := l.texts[string(text)]; !ok {
		if len(l.texts) >= maxTexts {
			l.read()
		}
		if l.texts == nil {
			l.texts = map[string]int{}
		}
	}
	l.texts[string(text)] += n
}

// read turns the texts into keys and values.
func (l *labels) read() {
	for _, text := range slices.Sorted(maps.Keys(l.texts)) { // where there are too many, the same ones are kept each time
		n := l.texts[text]
		grammar.EachLabel([]byte(text), func(key, value []byte) { l.add(grammar.LabelText(key), grammar.LabelText(value), n) })
	}
	clear(l.texts)
}

func (l *labels) add(key, value string, n int) {
	values := l.keys[key]
	if values == nil {
		if len(l.keys) >= maxValues {
			l.lost = true
			return
		}
		if l.keys == nil {
			l.keys = map[string]map[string]int{}
		}
		values = map[string]int{}
		l.keys[key] = values
	}
	if _, ok := values[value]; !ok && len(values) >= maxValues {
		l.lost = true
		return
	}
	values[value] += n
}

func (l *labels) sorted() []goroutine.Label {
	if len(l.texts) > 0 {
		l.read()
	}
	var out []goroutine.Label
	for key, values := range l.keys {
		out = append(out, goroutine.Label{Key: key, Values: goroutine.CountsOf(values)})
	}
	slices.SortFunc(out, func(a, b goroutine.Label) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
