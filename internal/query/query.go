// Package query is the filter language over buckets: words that may be
// anywhere, and fields such as state:select or wait:>10m.
package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Query is a parsed filter. The zero value matches every bucket.
type Query struct {
	terms []term
	words []string
}

// Row is what a query is asked about: a bucket, and in a comparison what has
// become of it.
type Row struct {
	Bucket  *goroutine.Bucket
	Verdict string // "" outside of a comparison
	Change  int
}

// term is one condition of a query; all must match.
type term struct {
	not   bool
	wide  bool // looks through all of the bucket
	match func(Row) bool
}

// Match reports whether a bucket meets every term.
func (q Query) Match(b *goroutine.Bucket) bool { return q.MatchRow(Row{Bucket: b}) }

// MatchRow reports whether a row meets every term.
func (q Query) MatchRow(r Row) bool {
	for i := range q.terms {
		if q.terms[i].match(r) == q.terms[i].not {
			return false
		}
	}
	return true
}

// Empty reports whether the query matches everything.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Words are the plain words of the query, for marking them where they match.
func (q Query) Words() []string { return q.words }

// Parse reads a query: terms with blanks between them, all of which must match.
//
//	chan            the word is in a function, file, state, label, module or created by
//	Chan            the same, but as written: a capital letter makes it exact
//	-runtime        the word is nowhere
//	~wr.te          a regular expression (RE2)
//	state:select    one field: state func pkg mod file created site origin id label.KEY
//	count:>100      a number: count, change, wait (in minutes, or 90s, 2h, 3d)
//	+grown          the verdict of a comparison; verdict:grown says the same
//	func:"a b"      quotes keep blanks
//
// Only the verdicts given are verdicts; "+other" is a word. With an error comes the query of the terms that are right: while a term is
// typed, the others still apply.
func Parse(text string, verdicts []string) (Query, error) {
	var q Query
	words, wrong := split(text)
	for _, w := range words {
		t := term{}
		body := w
		if rest, ok := strings.CutPrefix(body, "-"); ok && rest != "" {
			t.not, body = true, rest
		}
		verdict, judges := strings.CutPrefix(body, "+")
		judges = judges && slices.Contains(verdicts, verdict)
		var err error
		if judges {
			t.match = func(r Row) bool { return r.Verdict == verdict }
		} else if t.match, err = parseTerm(body); err != nil {
			if wrong == nil {
				wrong = err
			}
			continue
		}
		t.wide = !judges && !isField(fieldOf(body))
		if t.wide && !t.not && !strings.HasPrefix(body, "~") {
			q.words = append(q.words, body)
		}
		q.terms = append(q.terms, t)
	}
	// Terms about one field cost less than words that may be anywhere.
	slices.SortStableFunc(q.terms, func(a, b term) int {
		switch {
		case a.wide == b.wide:
			return 0
		case b.wide:
			return -1
		}
		return 1
	})
	return q, wrong
}

// fieldOf is what is before the colon, "" without one.
func fieldOf(word string) string {
	field, _, ok := strings.Cut(word, ":")
	if !ok {
		return ""
	}
	return field
}

// split cuts at blanks outside of quotes, and takes the quotes off.
func split(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, some := false, false
	for _, r := range text {
		switch {
		case r == '"':
			in, some = !in, true
		case r == ' ' && !in:
			if some || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			some = false
		default:
			word.WriteRune(r)
		}
	}
	if some || word.Len() > 0 {
		words = append(words, word.String())
	}
	if in {
		return words, fmt.Errorf("a quote is not closed")
	}
	return words, nil
}

var fields = []string{"state", "func", "pkg", "mod", "file", "created", "site", "origin", "verdict", "id", "count", "change", "wait"}

// long are the fields by their names in full.
var long = map[string]string{"function": "func", "package": "pkg", "module": "mod", "created-by": "created"}

func isField(name string) bool {
	return slices.Contains(fields, name) || long[name] != "" || strings.HasPrefix(name, "label.")
}

func parseTerm(body string) (func(Row) bool, error) {
	field, value, ok := strings.Cut(body, ":")
	if !ok || !isField(field) {
		m, err := matcher(body)
		if err != nil {
			return nil, err
		}
		return func(r Row) bool { return anywhere(r.Bucket, m) }, nil
	}
	if value == "" {
		return nil, fmt.Errorf("%s: nothing after the colon", field)
	}
	if short := long[field]; short != "" {
		field = short
	}
	switch field {
	case "count":
		return compare(field, value, parseCount, func(r Row) int { return r.Bucket.Count })
	case "change":
		return compare(field, value, parseCount, func(r Row) int { return r.Change })
	case "wait":
		return compare(field, value, parseWait, func(r Row) int { return r.Bucket.Waits.Max() })
	case "id":
		id, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("id:%s: not a goroutine ID", value)
		}
		return func(r Row) bool { return r.Bucket.IDs.Contains(id) }, nil
	}
	m, err := matcher(value)
	if err != nil {
		return nil, err
	}
	if field == "verdict" {
		return func(r Row) bool { return m(r.Verdict) }, nil
	}
	match := fieldMatcher(field, m)
	return func(r Row) bool { return match(r.Bucket) }, nil
}

func fieldMatcher(field string, m func(string) bool) func(*goroutine.Bucket) bool {
	frames := func(get func(goroutine.Frame) string) func(*goroutine.Bucket) bool {
		return func(b *goroutine.Bucket) bool {
			for f := range b.Stack.All() {
				if m(get(f)) {
					return true
				}
			}
			return false
		}
	}
	switch field {
	case "state":
		return func(b *goroutine.Bucket) bool {
			return slices.ContainsFunc(b.States, func(s goroutine.Count) bool { return m(s.Name) })
		}
	case "func":
		return frames(func(f goroutine.Frame) string { return f.Function })
	case "pkg":
		return frames(func(f goroutine.Frame) string { return f.Package })
	case "mod":
		return frames(func(f goroutine.Frame) string { return f.Module })
	case "file":
		return frames(func(f goroutine.Frame) string { return f.File })
	case "origin":
		return frames(func(f goroutine.Frame) string { return string(f.Origin) })
	case "created":
		return func(b *goroutine.Bucket) bool { return m(b.Stack.CreatedBy().Function) }
	case "site":
		return func(b *goroutine.Bucket) bool { return m(b.Stack.Site().Function) }
	}
	key := strings.TrimPrefix(field, "label.")
	return func(b *goroutine.Bucket) bool {
		for _, l := range b.Labels {
			if l.Key == key && slices.ContainsFunc(l.Values, func(v goroutine.Count) bool { return m(v.Name) }) {
				return true
			}
		}
		return false
	}
}

// anywhere looks through all text of a bucket.
func anywhere(b *goroutine.Bucket, m func(string) bool) bool {
	for f := range b.Stack.All() {
		if m(f.Function) || m(f.File) || m(f.Module) {
			return true
		}
	}
	c := b.Stack.CreatedBy()
	if m(c.Function) || m(c.File) {
		return true
	}
	for _, s := range b.States {
		if m(s.Name) {
			return true
		}
	}
	for _, l := range b.Labels {
		if m(l.Key) || slices.ContainsFunc(l.Values, func(v goroutine.Count) bool { return m(v.Name) }) {
			return true
		}
	}
	return false
}

// matcher tests a text for a word or a regular expression.
func matcher(word string) (func(string) bool, error) {
	if expr, ok := strings.CutPrefix(word, "~"); ok {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("%s: not a regular expression: %s", word, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return re.MatchString, nil
	}
	if strings.ToLower(word) != word {
		return func(s string) bool { return strings.Contains(s, word) }, nil
	}
	return newFolded(word).in, nil
}

// folded is a word in lower case that is looked for in any case of ASCII
// letters. A filter runs over 100 000 buckets with each key, so it looks for
// the rarest letter of the word by strings.IndexByte, which the processor does
// many bytes at a time, and compares only there.
type folded struct {
	word   string
	rarest int // index of a byte in word
}

func newFolded(word string) folded {
	const frequent = "etaoinrscldumpghfy.b/vw" // in names, most frequent first
	f, rank := folded{word: word}, -1
	for i := range len(word) {
		r := strings.IndexByte(frequent, word[i])
		if r < 0 {
			r = len(frequent)
		}
		if r > rank {
			f.rarest, rank = i, r
		}
	}
	return f
}

// in reports whether the word is in s.
func (f folded) in(s string) bool {
	if f.word == "" {
		return true
	}
	for at := -1; ; {
		if at = nextFold(s, f.word[f.rarest], at+1); at < 0 {
			return false
		}
		from := at - f.rarest
		if from >= 0 && from+len(f.word) <= len(s) && equalFold(s[from:from+len(f.word)], f.word) {
			return true
		}
	}
}

// nextFold is the first index from on of a byte in either case, or -1.
func nextFold(s string, c byte, from int) int {
	if from >= len(s) {
		return -1
	}
	i := strings.IndexByte(s[from:], c)
	if c >= 'a' && c <= 'z' {
		rest := s[from:]
		if i >= 0 {
			rest = rest[:i]
		}
		if j := strings.IndexByte(rest, c-'a'+'A'); j >= 0 {
			i = j
		}
	}
	if i < 0 {
		return -1
	}
	return from + i
}

// equalFold compares two texts of the same length; lower is lower case.
func equalFold(s, lower string) bool {
	for i := range len(s) {
		if fold(s[i]) != lower[i] {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// compare reads ">100", "<=3", "5" and tests a number against it.
func compare(field, value string, parse func(string) (int, error), get func(Row) int) (func(Row) bool, error) {
	op := value[:len(value)-len(strings.TrimLeft(value, "<>="))]
	want, err := parse(value[len(op):])
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", field, value, err)
	}
	switch op {
	case ">":
		return func(r Row) bool { return get(r) > want }, nil
	case ">=":
		return func(r Row) bool { return get(r) >= want }, nil
	case "<":
		return func(r Row) bool { return get(r) < want }, nil
	case "<=":
		return func(r Row) bool { return get(r) <= want }, nil
	case "", "=":
		return func(r Row) bool { return get(r) == want }, nil
	}
	return nil, fmt.Errorf("%s:%s: use one of > >= < <= =", field, value)
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("not a number, try >100")
	}
	return n, nil
}

// parseWait reads a wait in whole minutes: 10, 10m, 2h, 3d.
func parseWait(s string) (int, error) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			return n * 24 * 60, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("not a duration, try >10m")
	}
	return int(d.Minutes()), nil
}
