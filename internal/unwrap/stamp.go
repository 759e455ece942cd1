package unwrap

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"gdump/internal/grammar"
)

// Kinds of time stamps that log systems print. Their digits change from line
// to line.
const (
	dateTime  = stamps + iota // 2026-11-24T22:45:26.123Z, 2026/11/24 22:45:26, with a zone
	syslogDay                 // Nov 24 22:45:26
	shortDay                  // 11-24 22:45:26.123, 11/24/26 22:45:26
	clock                     // 22:45:26.123
	klogDay                   // E1124 22:45:26.123456
	seconds                   // 1764024326, 1764024326.123, 1764024326123
	sinceBoot                 // [    9.000131
	tai64                     // @400000006924dd1a…
	lastStamp
)

// stampAt is the kind and length of the time stamp at the start of b; the
// length is 0 if there is none.
func stampAt(b []byte) (gap, int) {
	if len(b) == 0 {
		return none, 0
	}
	switch c := b[0]; {
	case grammar.IsDigit(c) || c == ' ' || c == '@' || c >= 'A' && c <= 'W':
	default:
		return none, 0
	}
	for g := dateTime; g < lastStamp; g++ {
		if _, n := stampOf(g, b); n > 0 {
			return g, n
		}
	}
	return none, 0
}

// stampForms are how kinds of time stamps look; a fraction of a second may
// follow. See fitting.
var stampForms = [lastStamp][]string{
	dateTime:  {"dddd?dd?ddTdd:dd:dd"},
	syslogDay: {"mmm _d dd:dd:dd", "mmm _d dddd dd:dd:dd"},
	shortDay:  {"dd?dd dd:dd:dd", "dd?dd?dd dd:dd:dd", "dd?dd?ddddTdd:dd:dd"},
	clock:     {"dd:dd:dd"},
	klogDay:   {"Idddd dd:dd:dd"},
}

// stampOf matches the start of b with one kind of time stamp. zone is how much
// of its length, at the end, is the time zone.
func stampOf(g gap, b []byte) (zone, n int) {
	for _, form := range stampForms[g] {
		if n = fitting(b, form); n > 0 {
			n += fraction(b[n:], 1)
			if g == dateTime {
				zone = zoneSize(b[n:])
			}
			return zone, n + zone
		}
	}
	switch g {
	case seconds:
		for n < len(b) && grammar.IsDigit(b[n]) {
			n++
		}
		if n >= 9 {
			return 0, n + fraction(b[n:], 1)
		}
	case sinceBoot:
		for n < len(b) && b[n] == ' ' {
			n++
		}
		from := n
		for n < len(b) && grammar.IsDigit(b[n]) {
			n++
		}
		if f := fraction(b[n:], 3); n > from && f > 0 && b[n] == '.' {
			return 0, n + f
		}
	case tai64:
		n = 1
		for n < len(b) && n < 25 && grammar.IsHexDigit(b[n]) {
			n++
		}
		if n == 25 && b[0] == '@' {
			return 0, n
		}
	}
	return 0, 0
}

// fitting matches the start of b: d is a digit, _ a digit or a blank, ? one of
// -/., T one of "T ", I a level of klog and mmm a month. It returns the length, 0 if b is of another shape.
func fitting(b []byte, s string) int {
	if len(b) < len(s) {
		return 0
	}
	for i := range len(s) {
		c := b[i]
		ok := false
		switch s[i] {
		case 'd':
			ok = grammar.IsDigit(c)
		case '_':
			ok = grammar.IsDigit(c) || c == ' '
		case '?':
			ok = c == '-' || c == '/' || c == '.'
		case 'T':
			ok = c == 'T' || c == ' '
		case 'I':
			ok = c == 'I' || c == 'W' || c == 'E' || c == 'F'
		case 'm':
			ok = i > 0 || strings.Contains("JanFebMarAprMayJunJulAugSepOctNovDec", string(b[:3]))
		default:
			ok = c == s[i]
		}
		if !ok {
			return 0
		}
	}
	return len(s)
}

// fraction is the length of ".123" or ",123" at the start of b, 0 if it has
// fewer digits than least.
func fraction(b []byte, least int) int {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0
	}
	n := 1
	for n < len(b) && grammar.IsDigit(b[n]) {
		n++
	}
	if n <= least {
		return 0
	}
	return n
}

// zoneSize is the length of "Z", "+01:00", "+0100" or "UTC" at the start of b,
// with a blank before it or not.
func zoneSize(b []byte) int {
	blank := 0
	if len(b) > 0 && b[0] == ' ' {
		blank = 1
	}
	rest := b[blank:]
	switch {
	case len(rest) == 0:
		return 0
	case rest[0] == 'Z':
		return blank + 1
	case bytes.HasPrefix(rest, []byte("UTC")):
		return blank + 3
	case rest[0] == '+' || rest[0] == '-':
		if n := fitting(rest[1:], "dd:dd"); n > 0 {
			return blank + 1 + n
		}
		if n := fitting(rest[1:], "dddd"); n > 0 {
			return blank + 1 + n
		}
	}
	return 0
}

// maxStamped is how far into a line a time stamp is looked for.
const maxStamped = 160

// Stamp reads the first time stamp with a date in the first bytes of a line.
// One that does not show its zone is taken as UTC: wrong by some hours
// perhaps, but right from one dump of a log to the next. A stamp without a
// year gets the last that puts it before latest; if latest is zero it is not
// read.
func Stamp(b []byte, latest time.Time) time.Time {
	b = b[:min(len(b), maxStamped)]
	for i := range b {
		if i > 0 && (grammar.IsWord(b[i-1]) && b[i-1] != '-') {
			continue
		}
		if zone, n := stampOf(dateTime, b[i:]); n > 0 {
			return parseDateTime(b[i:i+n-zone], b[i+n-zone:i+n])
		}
		if latest.IsZero() {
			continue
		}
		if _, n := stampOf(syslogDay, b[i:]); n > 0 && b[i+6] == ' ' && b[i+9] == ':' {
			return yearless("Jan _2 15:04:05", b[i:i+n], latest)
		}
		if _, n := stampOf(klogDay, b[i:]); n > 0 {
			return yearless("0102 15:04:05", b[i+1:i+n], latest)
		}
	}
	return time.Time{}
}

func parseDateTime(text, zone []byte) time.Time {
	s := append(make([]byte, 0, 40), text...)
	s[4], s[7], s[10] = '-', '-', 'T'
	if len(s) > 19 {
		s[19] = '.'
	}
	z := strings.TrimSpace(string(zone))
	switch {
	case z == "" || z == "UTC":
		z = "Z"
	case len(z) == 5:
		z = z[:3] + ":" + z[3:]
	}
	t, err := time.Parse(time.RFC3339, string(s)+z)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// yearless reads a stamp without a year. It takes the last such time before
// latest; a day more is allowed, for zones.
func yearless(layout string, text []byte, latest time.Time) time.Time {
	t, err := time.Parse(layout, strings.Replace(string(text), ",", ".", 1))
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

// unixTime reads a number of seconds, or of smaller units, since 1970, if it
// is a time between the years 2001 and 2100.
func unixTime(text string) time.Time {
	const from, to = 1e9, 4.1e9
	v, err := strconv.ParseFloat(text, 64)
	for unit := 1.0; err == nil && unit <= 1e9; unit *= 1e3 {
		if v >= from*unit && v < to*unit {
			return time.UnixMicro(int64(v / unit * 1e6)).UTC()
		}
	}
	return time.Time{}
}
