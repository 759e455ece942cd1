package unwrap

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gdump/internal/grammar"
)

// Time stamps that are read for their time.
const (
	dateTime = stamps + iota // 2026-11-24T22:45:26.123Z, 2026/11/24 22:45:26, with a zone
	syslogDay
	klogDay
)

// stampForms are the time stamps that log systems print. d is a digit, _ a
// digit or a blank, b any blanks and D any digits, ? one of -/., T one of "T ",
// I a level of klog, m a month and h a hexadecimal digit. A fraction of a second
// may be at f, a time zone at z.
var stampForms = []string{
	"dddd?dd?ddTdd:dd:ddfz",
	"m _d dd:dd:ddf",
	"Idddd dd:dd:ddf",
	"m _d dddd dd:dd:ddf",
	"dd?dd dd:dd:ddf",
	"dd?dd?dd dd:dd:ddf",
	"dd?dd?ddddTdd:dd:ddf",
	"dd:dd:ddf",
	"dddddddddDf",               // 1764024326.123
	"bdD.dddD",                  // [    9.000131
	"@hhhhhhhhhhhhhhhhhhhhhhhh", // TAI64N
}

// stampAt is the kind and length of the time stamp at the start of b; the
// length is 0 if there is none.
func stampAt(b []byte) (gap, int) {
	if len(b) == 0 || !grammar.IsDigit(b[0]) && b[0] != ' ' && b[0] != '@' && (b[0] < 'A' || b[0] > 'W') {
		return none, 0
	}
	for i := range stampForms {
		g := stamps + gap(i)
		if _, n := g.stamp(b); n > 0 {
			return g, n
		}
	}
	return none, 0
}

// stamp matches the start of b with one kind of time stamp. zone is how much
// of its length, at the end, is the time zone.
func (g gap) stamp(b []byte) (zone, n int) {
	for _, f := range []byte(stampForms[g-stamps]) {
		rest := b[n:]
		size := 0
		switch f {
		case 'b':
			size = len(rest) - len(bytes.TrimLeft(rest, " "))
		case 'D':
			size = digits(rest)
		case 'f':
			if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') && grammar.IsDigit(rest[1]) {
				size = 1 + digits(rest[1:])
			}
		case 'z':
			zone = zoneSize(rest)
			size = zone
		case 'm':
			if len(rest) < 3 || !strings.Contains("JanFebMarAprMayJunJulAugSepOctNovDec", string(rest[:3])) {
				return 0, 0
			}
			size = 3
		default:
			if len(rest) == 0 || !isForm(f, rest[0]) {
				return 0, 0
			}
			size = 1
		}
		n += size
	}
	return zone, n
}

// isForm reports whether a byte is what one of a form asks for.
func isForm(f, c byte) bool {
	switch f {
	case 'd':
		return grammar.IsDigit(c)
	case '_':
		return grammar.IsDigit(c) || c == ' '
	case 'h':
		return grammar.IsHexDigit(c)
	case '?':
		return c == '-' || c == '/' || c == '.'
	case 'T':
		return c == 'T' || c == ' '
	case 'I':
		return c == 'I' || c == 'W' || c == 'E' || c == 'F'
	}
	return c == f
}

// digits is how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && grammar.IsDigit(b[n]) {
		n++
	}
	return n
}

// zoneSize is the length of "Z", "+01:00", "+0100" or "UTC" at the start of b,
// with a blank before it or not.
func zoneSize(b []byte) int {
	rest := bytes.TrimPrefix(b, []byte{' '})
	for _, form := range []string{"Z", "UTC", "+dd:dd", "-dd:dd", "+dddd", "-dddd"} {
		n := 0
		for n < len(form) && n < len(rest) && isForm(form[n], rest[n]) {
			n++
		}
		if n == len(form) {
			return len(b) - len(rest) + n
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
		if zone, n := dateTime.stamp(b[i:]); n > 0 {
			return parseDateTime(b[i:i+n-zone], b[i+n-zone:i+n])
		}
		if latest.IsZero() {
			continue
		}
		if _, n := syslogDay.stamp(b[i:]); n > 0 {
			return yearless("Jan _2 15:04:05", b[i:i+n], latest)
		}
		if _, n := klogDay.stamp(b[i:]); n > 0 {
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

// timeField is the time of a record.
var timeField = regexp.MustCompile(`"(?:time|Time|@?timestamp|ts|__REALTIME_TIMESTAMP|timeUnixNano|eventTime|date|t)": *"?([^",}]*)`)

// appendAround appends what of the text around a line can show its time: the
// beginning, and the end of a record.
func appendAround(to, around []byte) []byte {
	to = append(to, around[:min(len(around), maxStamped)]...)
	if len(around) > maxStamped && around[len(around)-1] == '}' {
		to = append(append(to, ' '), around[max(maxStamped, len(around)-3*maxStamped):]...)
	}
	return to
}

// TimeOf reads the time of a line from the text around it, zero if there is
// none. The time of a record is in its fields: what its texts say happened
// before. A stamp without a year gets the last that puts it before latest; if
// latest is zero it is not read.
func TimeOf(around []byte, latest time.Time) time.Time {
	if len(around) > maxStamped {
		around = appendAround(nil, around)
	}
	head, _, isRecord := bytes.Cut(around, []byte{'{'})
	fields := around[len(head):]
	if t := Stamp(head, latest); !t.IsZero() || !isRecord {
		return t
	}
	for _, m := range timeField.FindAllSubmatch(fields, -1) {
		if t := Stamp(m[1], latest); !t.IsZero() {
			return t
		}
		if t := unixTime(string(bytes.TrimSpace(m[1]))); !t.IsZero() {
			return t
		}
	}
	return Stamp(fields, latest)
}
