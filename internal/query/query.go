// Package query is the filter language over buckets: words that may stand
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

// term is one condition of a query; all must hold.
type term struct {
	not   bool
	match func(*goroutine.Bucket) bool
}

// Match reports whether a bucket meets every term.
func (q Query) Match(b *goroutine.Bucket) bool {
	for i := range q.terms {
		if q.terms[i].match(b) == q.terms[i].not {
			return false
		}
	}
	return true
}

// Empty reports whether the query matches everything.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Words are the plain words of the query, for marking them where they match.
func (q Query) Words() []string { return q.words }

// Parse reads a query: terms with blanks between them, all of which must hold.
//
//	chan            the word stands in a function, file, state, label, module or created by
//	Chan            the same, but as written: a capital letter makes it exact
//	-runtime        the word stands nowhere
//	~wr.te          a regular expression (RE2)
//	state:select    one field: state func pkg mod file created site origin id label.KEY
//	count:>100      a number: count, wait (in minutes, or 90s, 2h, 3d)
//	func:"a b"      quotes keep blanks
//
// With an error comes the query of the terms that are right: while a term is
// typed, the others go on holding.
func Parse(text string) (Query, error) {
	var q Query
	words, wrong := split(text)
	for _, w := range words {
		t := term{}
		body := w
		if rest, ok := strings.CutPrefix(body, "-"); ok && rest != "" {
			t.not, body = true, rest
		}
		var err error
		if t.match, err = parseTerm(body); err != nil {
			if wrong == nil {
				wrong = err
			}
			continue
		}
		if field, _, ok := strings.Cut(body, ":"); !t.not && !strings.HasPrefix(body, "~") && (!ok || !isField(field)) {
			q.words = append(q.words, body)
		}
		q.terms = append(q.terms, t)
	}
	return q, wrong
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

var fields = []string{"state", "func", "pkg", "mod", "file", "created", "site", "origin", "id", "count", "wait"}

func isField(name string) bool {
	return slices.Contains(fields, name) || strings.HasPrefix(name, "label.")
}

func parseTerm(body string) (func(*goroutine.Bucket) bool, error) {
	field, value, ok := strings.Cut(body, ":")
	if !ok || !isField(field) {
		m, err := matcher(body)
		if err != nil {
			return nil, err
		}
		return func(b *goroutine.Bucket) bool { return anywhere(b, m) }, nil
	}
	if value == "" {
		return nil, fmt.Errorf("%s: nothing after the colon", field)
	}
	switch field {
	case "count":
		return compare(field, value, parseCount, func(b *goroutine.Bucket) int { return b.Count })
	case "wait":
		return compare(field, value, parseWait, func(b *goroutine.Bucket) int { return b.Waits.Max() })
	case "id":
		id, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("id:%s: not a goroutine id", value)
		}
		return func(b *goroutine.Bucket) bool { return b.IDs.Contains(id) }, nil
	}
	m, err := matcher(value)
	if err != nil {
		return nil, err
	}
	return fieldMatcher(field, m), nil
}

func fieldMatcher(field string, m func(string) bool) func(*goroutine.Bucket) bool {
	frames := func(get func(*goroutine.Frame) string) func(*goroutine.Bucket) bool {
		return func(b *goroutine.Bucket) bool {
			for i := range b.Stack.Frames {
				if m(get(&b.Stack.Frames[i])) {
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
		return frames(func(f *goroutine.Frame) string { return f.Function })
	case "pkg":
		return frames(func(f *goroutine.Frame) string { return f.Package })
	case "mod":
		return frames(func(f *goroutine.Frame) string { return f.Module })
	case "file":
		return frames(func(f *goroutine.Frame) string { return f.File })
	case "origin":
		return frames(func(f *goroutine.Frame) string { return string(f.Origin) })
	case "created":
		return func(b *goroutine.Bucket) bool { return m(b.Stack.CreatedBy.Function) }
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
	for i := range b.Stack.Frames {
		f := &b.Stack.Frames[i]
		if m(f.Function) || m(f.File) || m(f.Module) {
			return true
		}
	}
	c := &b.Stack.CreatedBy
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
	return func(s string) bool { return containsFold(s, word) }, nil
}

// containsFold is strings.Contains without regard to the case of ASCII letters
// in s; lower is lower case. It allocates nothing: a filter runs over 100 000
// buckets with each key.
func containsFold(s, lower string) bool {
	if lower == "" {
		return true
	}
	first := lower[0]
	for i := 0; i+len(lower) <= len(s); i++ {
		if fold(s[i]) != first {
			continue
		}
		j := 1
		for j < len(lower) && fold(s[i+j]) == lower[j] {
			j++
		}
		if j == len(lower) {
			return true
		}
	}
	return false
}

func fold(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// compare reads ">100", "<=3", "5" and tests a number against it.
func compare(field, value string, parse func(string) (int, error), get func(*goroutine.Bucket) int) (func(*goroutine.Bucket) bool, error) {
	op := value[:len(value)-len(strings.TrimLeft(value, "<>="))]
	want, err := parse(value[len(op):])
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", field, value, err)
	}
	switch op {
	case ">":
		return func(b *goroutine.Bucket) bool { return get(b) > want }, nil
	case ">=":
		return func(b *goroutine.Bucket) bool { return get(b) >= want }, nil
	case "<":
		return func(b *goroutine.Bucket) bool { return get(b) < want }, nil
	case "<=":
		return func(b *goroutine.Bucket) bool { return get(b) <= want }, nil
	case "", "=":
		return func(b *goroutine.Bucket) bool { return get(b) == want }, nil
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
