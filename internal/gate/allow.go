package gate

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// AllowList excuses buckets that are known and accepted. A nil list excuses
// nothing.
type AllowList struct {
	entries []entry
}

// entry is one line that names buckets and the lines that say why.
type entry struct {
	line    int
	kind    string // site, created-by, fingerprint
	pattern string
	match   func(string) bool
	reason  string
	owner   string
	expires time.Time // the last day on which it counts; zero if it has no end
}

// MaxAllowList is how many bytes an allow list may have.
const MaxAllowList = 1 << 20

const dayLayout = "2006-01-02"

// ParseAllowList reads an allow list. All that is wrong with it is reported
// together, by line.
//
//	# a comment
//	site github.com/acme/bus.(*Conn).deliver
//	  reason: fixed in bus 1.5, which we take in March
//	  owner: @acme/transport
//	  expires: 2027-03-31
//	created-by ~^github.com/acme/cache\.
//	  reason: one per shard, for ever
//	fingerprint 09a548942cb6aa5f
//	  reason: the demo of the leak
//
// A pattern is a name in full, or a regular expression (RE2) after "~". Each
// entry needs a reason.
func ParseAllowList(r io.Reader) (*AllowList, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxAllowList+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxAllowList {
		return nil, fmt.Errorf("it is larger than %d bytes", MaxAllowList)
	}
	p := allowParser{list: &AllowList{}}
	number := 0
	for text := range strings.Lines(string(data)) {
		number++
		p.take(number, strings.TrimRight(text, " \t\r\n"))
	}
	p.finish()
	return p.list, errors.Join(p.wrong...)
}

type allowParser struct {
	list  *AllowList
	open  *entry // being read
	bad   bool   // the entry being read has no pattern that can be used
	wrong []error
}

func (p *allowParser) fail(line int, format string, args ...any) {
	p.wrong = append(p.wrong, fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...)))
}

func (p *allowParser) take(number int, line string) {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "" || trimmed[0] == '#':
	case line[0] == ' ' || line[0] == '\t':
		p.detail(number, trimmed)
	default:
		p.finish()
		p.begin(number, trimmed)
	}
}

func (p *allowParser) begin(number int, line string) {
	kind, pattern, _ := strings.Cut(line, " ")
	e := &entry{line: number, kind: kind, pattern: strings.TrimSpace(pattern)}
	p.open, p.bad = e, true
	switch {
	case kind != "site" && kind != "created-by" && kind != "fingerprint":
		p.fail(number, "%q is not one of site, created-by, fingerprint", kind)
	case e.pattern == "":
		p.fail(number, "%s: nothing to match", kind)
	default:
		match, err := matcher(kind, e.pattern)
		if err != nil {
			p.fail(number, "%v", err)
			return
		}
		e.match, p.bad = match, false
	}
}

func (p *allowParser) detail(number int, line string) {
	e := p.open
	if e == nil {
		p.fail(number, "it belongs to no entry: an entry begins at the start of a line")
		return
	}
	key, value, ok := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	if !ok || value == "" {
		p.fail(number, "write reason: TEXT, owner: NAME or expires: YYYY-MM-DD")
		return
	}
	switch key {
	case "reason":
		e.reason = value
	case "owner":
		e.owner = value
	case "expires":
		day, err := time.Parse(dayLayout, value)
		if err != nil {
			p.fail(number, "expires: %q is not a day such as 2027-03-31", value)
			return
		}
		e.expires = day
	default:
		p.fail(number, "%q is not one of reason, owner, expires", key)
	}
}

func (p *allowParser) finish() {
	e := p.open
	p.open = nil
	if e == nil || p.bad {
		return
	}
	if e.reason == "" {
		p.fail(e.line, "%s %s: it has no reason", e.kind, e.pattern)
		return
	}
	p.list.entries = append(p.list.entries, *e)
}

var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

func matcher(kind, pattern string) (func(string) bool, error) {
	expr, ok := strings.CutPrefix(pattern, "~")
	if !ok {
		if kind == "fingerprint" && !fingerprint.MatchString(pattern) {
			return nil, fmt.Errorf("fingerprint %s: it must have 16 hex digits, as the id of a bucket in the reports", pattern)
		}
		return func(s string) bool { return s == pattern }, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: not a regular expression: %s", kind, pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re.MatchString, nil
}

func (e *entry) covers(b *goroutine.Bucket) bool {
	switch e.kind {
	case "site":
		return e.match(b.Stack.Site().Function)
	case "created-by":
		return e.match(b.Stack.CreatedBy().Function)
	}
	return e.match(string(b.ID))
}

func (e *entry) expired(today time.Time) bool {
	return !e.expires.IsZero() && today.UTC().Truncate(24*time.Hour).After(e.expires)
}

// Len is the number of entries.
func (l *AllowList) Len() int {
	if l == nil {
		return 0
	}
	return len(l.entries)
}

// apply finds the series that are excused, and what is to be said of the list.
func (l *AllowList) apply(t *trend.Trend, today time.Time) (map[*trend.Series]bool, []Note) {
	excused := map[*trend.Series]bool{}
	if l == nil {
		return excused, nil
	}
	var notes []Note
	for i := range l.entries {
		e := &l.entries[i]
		n := 0
		for j := range t.Series {
			if s := &t.Series[j]; e.covers(s.Bucket) {
				n++
				if !e.expired(today) {
					excused[s] = true
				}
			}
		}
		if note := e.note(n, today); note != "" {
			notes = append(notes, Note{e.line, note})
		}
	}
	return excused, notes
}

// note says what is the matter with an entry that matched n series.
func (e *entry) note(n int, today time.Time) string {
	what := e.kind + " " + e.pattern
	if e.owner != "" {
		what += ", owned by " + e.owner + ","
	}
	switch {
	case e.expired(today) && n > 0:
		return fmt.Sprintf("%s expired on %s and excuses nothing: %s", what, e.expires.Format(dayLayout), e.reason)
	case e.expired(today):
		return fmt.Sprintf("%s expired on %s and matches no bucket: remove it", what, e.expires.Format(dayLayout))
	case n == 0:
		return what + " matches no bucket: remove it"
	}
	return ""
}

// EntryFor is an entry of an allow list that excuses a bucket: by its call site,
// or by its fingerprint where the call site is Go's own, which others share.
func EntryFor(b *goroutine.Bucket, reason string) string {
	site := b.Stack.Site()
	what := "site " + goroutine.Clean(site.Function)
	if site.Origin != goroutine.Main && site.Origin != goroutine.Dependency || strings.ContainsAny(site.Function, " \t") {
		what = fmt.Sprintf("# %s\nfingerprint %s", goroutine.Clean(site.Name()), b.ID)
	}
	return fmt.Sprintf("%s\n  reason: %s\n", what, strings.Join(strings.Fields(goroutine.Clean(reason)), " "))
}

// Covers reports whether an entry of the list is about a bucket, expired or not.
func (l *AllowList) Covers(b *goroutine.Bucket) bool {
	if l == nil {
		return false
	}
	return slices.ContainsFunc(l.entries, func(e entry) bool { return e.covers(b) })
}
