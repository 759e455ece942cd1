package parse

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"gdump/internal/grammar"
)

// format is what the first bytes of an unpacked source say it is.
type format int

const (
	text       format = iota // goroutines in words or counts, alone or within a log
	proto                    // profile.proto, as debug=0 writes it
	unreadable               // nothing that gdump reads
)

func sniff(head []byte) format {
	switch {
	case isProto(head):
		return proto
	case bytes.IndexByte(head, 0) >= 0 && !bytes.Contains(head, grammar.Goroutine):
		return unreadable
	}
	return text
}

// isProto reports whether the bytes begin like a profile: with a ValueType of a
// few bytes, whose own fields 1 and 2 are indexes. It is field 1 (sample_type),
// where the fields come in order, or field 11 (period_type), which the Go
// runtime writes first (printCountProfile in runtime/pprof/pprof.go).
func isProto(head []byte) bool {
	if len(head) < 3 || head[0] != 1<<3|2 && head[0] != 11<<3|2 {
		return false
	}
	n := int(head[1])
	return n <= 12 && len(head) > n+2 && (n == 0 || head[2] == 0x08 || head[2] == 0x10)
}

// signs show what a text is that has no dump. The first that matches counts.
var signs = []struct{ pattern, kind string }{
	{`^\x7fELF`, "an ELF program"},
	{`^PK\x03\x04`, "a zip archive"},
	{`^.PNG\r`, "a PNG picture"},
	{`(?i)^\s*<(!doctype )?html`, "an HTML page"},
	{`^\s*(\{|\[\s*(["{\[\d\]]|$))`, "JSON without a dump in it"},
	{`^\s*$`, "blank text"},
	{`WARNING: DATA RACE`, "a data race report, which shows two goroutines and no dump"},
	{`^go 1\.\d+ trace`, "an execution trace"},
	{`(?m)^ *flat +flat% |^-----------\+-----`, "what go tool pprof prints of a profile: only the profile itself can be read"},
	{`(?m)^ *\d+: .*\[Created by .* @ `, "what panicparse makes of a dump: only the dump itself can be read"},
	{`(?m)^ *#?\d+ +0x[0-9a-f]{8,} in `, "the stack of one goroutine in a debugger: goroutines -t of Delve prints them all"},
}

// looksLike describes a source that is not a dump, for the error message.
func looksLike(head []byte) string {
	for _, s := range signs {
		if regexp.MustCompile(s.pattern).Match(head) {
			if m := title.FindSubmatch(head); m != nil && s.kind == "an HTML page" {
				return fmt.Sprintf("%s (%q)", s.kind, m[1])
			}
			return s.kind
		}
	}
	switch {
	case hasReason(head):
		return "a crash without its goroutines, as GOTRACEBACK=none leaves it"
	case grammar.OtherProfile(head) != "":
		return grammar.OtherProfile(head) + ", not of goroutines"
	case bytes.ContainsFunc(head[:min(len(head), 512)], func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) || r == utf8.RuneError }):
		return "binary data"
	}
	return "text without a goroutine in it"
}

func hasReason(text []byte) bool {
	for line := range bytes.Lines(text) {
		if grammar.ReasonAt(line) >= 0 {
			return true
		}
	}
	return false
}

var title = regexp.MustCompile(`(?is)<title>\s*(.{1,80}?)\s*</title>`)
