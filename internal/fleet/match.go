package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gdump/internal/goroutine"
)

// matcher is one condition on a label, as PromQL has them.
type matcher struct {
	name, op, value string
	re              *regexp.Regexp
}

var matcherPattern = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|` + "`[^`]*`" + `)\s*(,|$)`)

// parseMatchers reads {name="value", other=~"regexp"}.
func parseMatchers(text string) ([]matcher, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasSuffix(text, "}") {
		return nil, errors.New(`matchers end with }, as in {job="shop"}`)
	}
	var all []matcher
	for rest := strings.TrimSpace(text[1 : len(text)-1]); rest != ""; {
		m := matcherPattern.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf(`no matcher: %s; write it as {job="shop"}, with =, !=, =~ or !~`, goroutine.Clean(rest))
		}
		rest = rest[len(m[0]):]
		value, err := unquote(m[3])
		if err != nil {
			return nil, fmt.Errorf("not a quoted text: %s", goroutine.Clean(m[3]))
		}
		x := matcher{name: m[1], op: m[2], value: value}
		if strings.HasSuffix(x.op, "~") {
			if x.re, err = regexp.Compile("^(?:" + value + ")$"); err != nil {
				return nil, fmt.Errorf("not a regular expression: %s", goroutine.Clean(value))
			}
		}
		all = append(all, x)
	}
	return all, nil
}

func unquote(s string) (string, error) {
	if s[0] == '\'' {
		s = `"` + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\'`, `'`), `"`, `\"`) + `"`
	}
	return strconv.Unquote(s)
}

// fits reports whether labels fulfil all conditions. A label that is not there
// is an empty one.
func fits(matchers []matcher, label func(string) string) bool {
	for _, m := range matchers {
		v := label(m.name)
		var ok bool
		switch m.op {
		case "=":
			ok = v == m.value
		case "!=":
			ok = v != m.value
		case "=~":
			ok = m.re.MatchString(v)
		case "!~":
			ok = !m.re.MatchString(v)
		}
		if !ok {
			return false
		}
	}
	return true
}

// promQL writes matchers as servers read them.
func promQL(matchers []matcher) string {
	var parts []string
	for _, m := range matchers {
		parts = append(parts, m.name+m.op+strconv.Quote(m.value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
