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

// looksLike describes a source that is not a dump, for the error message.
func looksLike(head []byte) string {
	lower := strings.ToLower(string(bytes.TrimSpace(head)))
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return "an ELF program"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "a zip archive"
	case bytes.HasPrefix(head, []byte("\x89PNG")):
		return "a PNG picture"
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page" + pageTitle(string(head))
	case strings.HasPrefix(lower, "{"), strings.HasPrefix(lower, "["):
		return "JSON without a dump in it"
	case lower == "":
		return "blank text"
	case bytes.Contains(head, []byte("WARNING: DATA RACE")):
		return "a data race report, which shows two goroutines and no dump"
	case hasReason(head):
		return "a crash without its goroutines, as GOTRACEBACK=none leaves it"
	case grammar.OtherProfile(head) != "":
		return grammar.OtherProfile(head) + ", not of goroutines"
	case bytes.HasPrefix(head, []byte("go 1.")) && bytes.Contains(head[:16], []byte(" trace")):
		return "an execution trace"
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

func pageTitle(page string) string {
	if m := title.FindStringSubmatch(page); m != nil {
		return fmt.Sprintf(" (%q)", m[1])
	}
	return ""
}
