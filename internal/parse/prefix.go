package parse

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// A prefix is what a log system puts before each line, learned from one line
// in which a goroutine's header (or a panic) was found: literal text, with
// gaps for what changes from line to line.
type prefix struct {
	text  string // the pattern in words, for comparing: gaps are \x00
	parts []part
}

type part struct {
	literal []byte // nil for a gap
	stamp   *regexp.Regexp
}

// stamps are the time stamps that log systems print. They come first, since
// their digits change; of other digits only those that stand alone do ("web-1"
// is a name, "[1234]:" a process).
var stamps = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}[-/.]\d{2}[-/.]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}|UTC))?`),
	regexp.MustCompile(`^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d+)?`),
	regexp.MustCompile(`^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?`),
	regexp.MustCompile(`^[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d+`),
	regexp.MustCompile(`^\d{9,}(?:\.\d+)?`),
	regexp.MustCompile(`^ *\d+\.\d{3,}`),
	regexp.MustCompile(`^@[0-9a-f]{24}`),
}

// lonelyNumber counts lines or is a priority; blanks make numbers equally wide.
var lonelyNumber = regexp.MustCompile(`^ *\d+`)

// learnPrefix makes a pattern of the text before a header.
func learnPrefix(b []byte) prefix {
	var p prefix
	var text, literal []byte
	gap := func(re *regexp.Regexp) {
		if len(literal) > 0 {
			p.parts = append(p.parts, part{literal: bytes.Clone(literal)})
			literal = nil
		}
		p.parts = append(p.parts, part{stamp: re})
		text = append(text, 0)
	}
next:
	for i := 0; i < len(b); {
		if i == 0 || !isWord(b[i-1]) {
			for _, re := range stamps {
				if m := re.Find(b[i:]); m != nil {
					gap(re)
					i += len(m)
					continue next
				}
			}
			if m := lonelyNumber.Find(b[i:]); m != nil && (i == 0 || b[i-1] == ' ' || b[i-1] == '<' || b[i-1] == ':' || b[i] == ' ') && (i+len(m) == len(b) || !isWord(b[i+len(m)])) {
				gap(lonelyNumber)
				i += len(m)
				continue
			}
		}
		literal = append(literal, b[i])
		text = append(text, b[i])
		i++
	}
	if len(literal) > 0 {
		p.parts = append(p.parts, part{literal: literal})
	}
	p.text = string(text)
	return p
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80
}

// cut takes the prefix off a line. An empty line may have lost the blanks at
// the prefix's end.
func (p *prefix) cut(line []byte) ([]byte, bool) {
	for i, part := range p.parts {
		if part.stamp != nil {
			m := part.stamp.Find(line)
			if m == nil {
				return nil, false
			}
			line = line[len(m):]
			continue
		}
		rest, ok := bytes.CutPrefix(line, part.literal)
		if !ok {
			if i == len(p.parts)-1 && bytes.Equal(bytes.TrimRight(line, " \t"), bytes.TrimRight(part.literal, " \t")) {
				return nil, true
			}
			return nil, false
		}
		line = rest
	}
	return line, true
}

// maxStamped is how far into a line a time stamp is looked for.
const maxStamped = 160

// stampTime reads the time stamp at the start of a line or in a prefix, if it
// has a date. One that does not tell its zone is taken as UTC: wrong by some
// hours perhaps, but right from one dump of a log to the next.
func (m *machine) stampTime(b []byte) time.Time {
	b = b[:min(len(b), maxStamped)]
	if t := fullStamp(b); !t.IsZero() || m.latest.IsZero() {
		return t
	}
	return yearless(b, m.latest)
}

func fullStamp(b []byte) time.Time {
	for i := range b {
		if b[i]-'0' > 9 || i > 0 && isWord(b[i-1]) {
			continue
		}
		m := stamps[0].Find(b[i:])
		if m == nil {
			continue
		}
		text := strings.ReplaceAll(string(m), "/", "-")
		for _, layout := range stampLayouts {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UTC()
			}
		}
		return time.Time{}
	}
	return time.Time{}
}

// Stamps without a year, of syslog and of klog.
var (
	syslogStamp = regexp.MustCompile(`(?:^|[^\pL\d])((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)?)`)
	klogStamp   = regexp.MustCompile(`(?:^|[^\pL\d])[IWEF](\d{4} \d{2}:\d{2}:\d{2}\.\d+)`)
)

// yearless reads a stamp without a year. It takes the last such time before
// latest; a day more is allowed, for zones.
func yearless(b []byte, latest time.Time) time.Time {
	text, layout := syslogStamp.FindSubmatch(b), "Jan _2 15:04:05"
	if text == nil {
		text, layout = klogStamp.FindSubmatch(b), "0102 15:04:05"
	}
	if text == nil {
		return time.Time{}
	}
	t, err := time.Parse(layout, string(text[1]))
	if err != nil {
		return time.Time{}
	}
	for year := latest.Year() + 1; year > latest.Year()-9; year-- {
		at := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if at.Day() == t.Day() && at.Before(latest.Add(24*time.Hour)) { // February 29 is not in every year
			return at
		}
	}
	return time.Time{}
}

// stampLayouts are the ways in which stamps[0] is written.
var stampLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
	time.DateTime, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 MST",
}
