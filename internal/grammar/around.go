package grammar

import (
	"bytes"
	"strconv"
)

// Mark is a line around goroutines.
type Mark uint8

const (
	NoMark  Mark = iota
	Why          // a reason for which the process writes a dump
	Dashes       // between the blocks that threads write
	Foreign      // begins frames that are of no goroutine
	Leaks        // says that the goroutines that follow have leaked
)

// MarkOf recognises a line around goroutines.
func MarkOf(text []byte) Mark {
	switch {
	case Reason(text) != nil:
		return Why
	case string(text) == "-----":
		return Dashes
	case string(text) == "runtime stack:", bytes.HasPrefix(text, []byte("WARNING: DATA RACE")):
		return Foreign
	case bytes.Contains(text, []byte("xpected not to leak ")):
		return Leaks
	}
	return NoMark
}

// SaysLeaked reports whether a line with a header says that its goroutine has
// leaked, as leaktest and its like do.
func SaysLeaked(line []byte) bool {
	return bytes.Contains(line, []byte("eaked goroutine: goroutine "))
}

// PanicWord begins the reason of a panic.
var PanicWord = []byte("panic: ")

// reasons begin the lines with which a process says why it writes a dump.
var reasons = [][]byte{
	PanicWord, []byte("fatal error: "), []byte("SIGQUIT: "), []byte("SIGABRT: "), []byte("SIGSEGV: "),
	[]byte("panic serving "), []byte("SIGBUS: "), []byte("SIGFPE: "), []byte("SIGILL: "), []byte("SIGTRAP: "),
	[]byte("SIGSYS: "), []byte("SIGTERM: "), []byte("runtime: goroutine stack exceeds"),
}

// Reason returns text if a process says in it why it writes a dump: "panic: …",
// "fatal error: …", "SIGQUIT: quit". Else it returns nil.
func Reason(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	switch text[0] {
	case 'p', 'f', 'S', 'r':
		for _, r := range reasons {
			if bytes.HasPrefix(text, r) {
				return text
			}
		}
	}
	return nil
}

// ReasonAt finds where in a line a reason begins, or -1.
func ReasonAt(line []byte) int {
	if Reason(line) != nil {
		return 0
	}
	if !bytes.Contains(line, []byte(": ")) && !bytes.Contains(line, []byte("panic serving ")) {
		return -1
	}
	for _, r := range reasons {
		// "[signal SIGSEGV: " says more of the panic in the line before.
		if i := bytes.Index(line, r); i > 0 && i < 200 && !IsWord(line[i-1]) && !bytes.HasSuffix(line[:i], []byte("[signal ")) {
			return i
		}
	}
	return -1
}

var (
	profileWord = []byte(" profile: total ")
	recordWord  = []byte(" @ 0x")
	labelsWord  = []byte("# labels: {")
)

// CountsAt finds where in a line the head of a debug=1 dump begins
// ("goroutine profile: total 9"), or -1.
func CountsAt(line []byte) int {
	from, _ := FindCounts(line)
	return from
}

// FindCounts finds the head of a debug=1 dump in a line, and where it ends.
func FindCounts(line []byte) (from, end int) {
	i := bytes.Index(line, profileWord)
	if i < 0 {
		return -1, 0
	}
	digits := bytes.TrimLeft(line[i+len(profileWord):], "0123456789")
	if len(digits) == len(line)-i-len(profileWord) || len(digits) > 0 && IsWord(digits[0]) {
		return -1, 0
	}
	from = i
	for from > 0 && IsWord(line[from-1]) {
		from--
	}
	if !bytes.HasPrefix(line[from:], Goroutine[:len(Goroutine)-1]) {
		return -1, 0
	}
	return from, len(line) - len(digits)
}

// RecordAt finds where in a line a record of a debug=1 dump begins
// ("12 @ 0x4304c0 0x42d6ba"), or -1. The record must reach to the line's end.
func RecordAt(line []byte) int {
	i := bytes.Index(line, recordWord)
	if i < 1 || len(bytes.Trim(line[i+len(recordWord):], "0123456789abcdefx \t")) > 0 {
		return -1
	}
	from := i
	for from > 0 && IsDigit(line[from-1]) {
		from--
	}
	if from == i {
		return -1
	}
	return from
}

// MaxGoroutines is more than the memory of any machine holds, and far from
// where sums overflow.
const MaxGoroutines = 1 << 40

// ParseRecord reads "12 @ 0x4304c0 0x42d6ba". A number that is too large is
// MaxGoroutines and one.
func ParseRecord(text []byte) (n int, pcs []byte, ok bool) {
	digits, pcs, ok := bytes.Cut(text, []byte(" @"))
	if !ok || len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return 0, nil, false
	}
	for pc := range bytes.FieldsSeq(pcs) {
		if _, ok := Hex(pc); !ok {
			return 0, nil, false
		}
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		n = MaxGoroutines + 1
	}
	return n, pcs, true
}

// isComment reports whether a text follows the "#" of a debug=1 dump: a frame
// or labels.
func isComment(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	return len(text) == 0 || bytes.HasPrefix(text, []byte("0x")) || bytes.HasPrefix(text, labelsWord[2:])
}

// CutLabels returns what follows the brace of "# labels: {".
func CutLabels(text []byte) ([]byte, bool) { return bytes.CutPrefix(text, labelsWord) }

// CutComment takes off the "#" of a frame in a debug=1 dump. A rendered page
// loses it.
func CutComment(text []byte) (symbol []byte, ok bool) {
	symbol, hash := bytes.CutPrefix(bytes.TrimLeft(text, " \t"), []byte{'#'})
	symbol = bytes.TrimLeft(symbol, " \t")
	return symbol, hash || bytes.HasPrefix(symbol, []byte("0x"))
}

// ParseSymbol reads "0x40a2b2 main.f+0x12 /src/main.go:8", or the program
// counter alone, which is then the function's name. It gives the function also
// where the place cannot be read. Where blanks are lost, the program counters
// of the record show how long the first word is.
func ParseSymbol(text, pcs []byte) (function []byte, at Location, ok bool) {
	if _, ok := Hex(text); ok {
		return text, at, true
	}
	end := bytes.IndexAny(text, " \t")
	if end < 0 {
		for pc := range bytes.FieldsSeq(pcs) {
			n, _ := Hex(pc)
			if word := strconv.AppendUint([]byte("0x"), n-1, 16); bytes.HasPrefix(text, word) {
				end = len(word)
			}
		}
	}
	if _, ok := Hex(text[:max(0, end)]); !ok {
		return nil, at, false
	}
	name := bytes.TrimLeft(text[end:], " \t")
	// Where tabs are left, one ends the name: what follows is no part of it.
	column, _, _ := bytes.Cut(name, []byte{'\t'})
	plus := bytes.LastIndex(column, []byte("+0x"))
	if plus <= 0 {
		return nil, at, false
	}
	i := plus + len("+0x")
	for i < len(name) && IsHexDigit(name[i]) {
		i++
	}
	if i == plus+len("+0x") {
		return nil, at, false
	}
	function = DecodeName(bytes.TrimRight(name[:plus], " \t"))
	if at, ok = ParsePlace(bytes.TrimLeft(name[i:], " \t")); bytes.IndexByte(at.File, '\t') >= 0 {
		return function, Location{}, false // two lines became one
	}
	return function, at, ok
}

// OtherProfile names the profile that a line begins, if it is not of
// goroutines.
func OtherProfile(line []byte) string {
	if !bytes.Contains(line, []byte("profile:")) && !bytes.Contains(line, []byte("--- ")) {
		return ""
	}
	for _, p := range otherProfiles {
		if bytes.Contains(line, []byte(p.begin)) {
			return p.kind
		}
	}
	if bytes.Contains(line, profileWord) && !bytes.Contains(line, Goroutine[:len(Goroutine)-1]) {
		return "a profile of another kind"
	}
	return ""
}

var otherProfiles = []struct{ begin, kind string }{
	{"heap profile:", "a heap profile"},
	{"allocs profile:", "a heap profile"},
	{"--- mutex:", "a mutex profile"},
	{"--- contention:", "a block profile"},
	{"threadcreate profile:", "a threadcreate profile"},
}

// StartAt finds where in a line a dump begins, in any of its forms, or -1.
func StartAt(line []byte) int {
	if p := HeaderAt(line); p >= 0 {
		return p
	}
	if p := CountsAt(line); p >= 0 {
		return p
	}
	return RecordAt(line)
}

// Interesting reports whether a dump can begin in a line.
func Interesting(line []byte) bool {
	return bytes.Contains(line, word) || bytes.Contains(line, recordWord)
}

// InterestingAt finds where what makes a line interesting begins, or -1.
func InterestingAt(line []byte) int {
	if at := bytes.Index(line, word); at >= 0 {
		return at
	}
	return bytes.Index(line, recordWord)
}
