package internal_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/cli"
)

// terms are the words that gdump does not use, and the one it uses instead. Each
// thing has one name on the screen, in reports, in the help and in the docs.
var terms = []struct{ wrong, right string }{
	// What a thing is called.
	{`go[- ]routines?`, "goroutine"},
	{`(?-i:[Gg]oroutine ids?|ids? of goroutines?)`, "goroutine ID"},
	{`snapshots?`, "dump"},
	{`stack ?traces?|back ?traces?`, "stack"},
	{`call-?sites?|callsites?`, "call site"},
	{`spawn(s|ed|ing)?`, "create, start"},
	{`life|lives`, "process lifetime"},
	{`director(y|ies)`, "folder"},
	{`filenames?`, "name of the file"},
	{`(allow|white)-?lists?`, "allow list"},
	{`(exit|return|status) codes?`, "exit status"},
	{`options?`, "flag"},
	{`colours?`, "color"},
	{`time-outs?`, "timeout"},
	{`GC`, "garbage collector"},
	{`TUI`, "screen"},
	// How it is said.
	{`tells?|told|telling`, "report, show, say"},
	{`stands?|standing`, "be"},
	{`(hold|held)s? (together|against)`, "group by, check against"},
	{`is none`, "is not a"},
	{`besides?`, "next to, also"},
	{`comes? to`, "reach, be"},
	{`as a rule`, "usually"},
	{`mend(s|ed|ing)?`, "fix"},
	{`born`, "new"},
	{`parked`, "blocked"},
	{`unasked|asks? cheap(ly)?`, "without asking"},
	{`proved by`, "proven by"},
	{`stuck among`, "never finish"},
	{`turns? the order round`, "reverse"},
}

// allowed are phrases in which such a word says what it says elsewhere.
var allowed = regexp.MustCompile(`(?i)cannot tell|\.SH OPTIONS`)

func compileTerms() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, term := range terms {
		flags := "(?i)"
		if term.wrong == strings.ToUpper(term.wrong) {
			flags = ""
		}
		all = append(all, regexp.MustCompile(flags+`\b(?:`+term.wrong+`)\b`))
	}
	return all
}

// TestWords reads all that gdump says and fails on a word that it does not use.
func TestWords(t *testing.T) {
	wrong := compileTerms()
	check := func(place, text string) {
		text = allowed.ReplaceAllString(strings.ReplaceAll(text, "\n", " "), "")
		for i, term := range terms {
			if at := wrong[i].FindStringIndex(text); at != nil {
				t.Errorf("%s: %q: write %s: …%s…", place, text[at[0]:at[1]], term.right, text[max(0, at[0]-30):min(len(text), at[1]+30)])
			}
		}
	}
	for _, room := range []string{"blocked", "cli", "code", "demo", "diagnose", "fleet", "gate", "goroutine", "parse", "query", "redact", "report", "run", "source", "trend", "ui", "unwrap", "view"} {
		literals(t, room, check)
	}
	for _, page := range append(glob(t, "../docs/*.md"), "../README.md") {
		paragraphs(t, page, check)
	}
	for _, command := range []string{"", "check", "completion", "convert", "demo", "diff", "pull", "run", "watch", "flags"} {
		check("gdump help "+command, output(t, append([]string{"help"}, strings.Fields(command)...)...))
	}
	check("gdump man", output(t, "man"))
	schema(t, "report/schema.json", check)
}

// literals checks the strings of a room's code.
func literals(t *testing.T, room string, check func(place, text string)) {
	t.Helper()
	for _, file := range glob(t, room+"/*.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field: // its tag is no text
				ast.Inspect(n.Type, func(ast.Node) bool { return true })
				return n.Tag == nil
			case *ast.BasicLit:
				if n.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(n.Value)
				if err == nil && strings.Contains(text, " ") { // a word alone is a key, or a name of others
					check(set.Position(n.Pos()).String(), text)
				}
			}
			return true
		})
	}
}

// paragraphs checks a page, without what it quotes of programs and of output.
func paragraphs(t *testing.T, page string, check func(place, text string)) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	comment := regexp.MustCompile("(?m)^.*?(# .*)?$")
	text := regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllStringFunc(string(data), func(block string) string {
		return comment.ReplaceAllString(block, "$1") // what is not output
	})
	text = regexp.MustCompile("`[^`]*`|(?m)^\\| [*a-z_.]+ \\|").ReplaceAllString(text, "") // the names of others, and of JSON's fields
	line := 1
	for part := range strings.SplitSeq(text, "\n\n") {
		check(page+":"+strconv.Itoa(line), part)
		line += strings.Count(part, "\n") + 2
	}
}

// schema checks the descriptions of the JSON report.
func schema(t *testing.T, file string, check func(place, text string)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(n any) {
		switch n := n.(type) {
		case map[string]any:
			for key, v := range n {
				if s, ok := v.(string); ok && (key == "description" || key == "title") {
					check(file, s)
				}
				walk(v)
			}
		case []any:
			for _, v := range n {
				walk(v)
			}
		}
	}
	walk(tree)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := cli.Run(t.Context(), args, nil, &stdout, &stderr); status != 0 {
		t.Fatalf("%q: status %d: %s", args, status, &stderr)
	}
	return stdout.String()
}
