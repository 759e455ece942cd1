package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	stdhtml "html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/trend"

	"github.com/google/pprof/profile"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// written is a trend in a format.
func written(t *testing.T, format string, tr *trend.Trend, o report.Options) string {
	t.Helper()
	for _, f := range report.Formats() {
		if f.Name == format {
			var b bytes.Buffer
			if err := f.Write(&b, tr, o); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			return b.String()
		}
	}
	t.Fatalf("no format %s", format)
	return ""
}

// sum is the goroutines of all dumps.
func sum(tr *trend.Trend) int {
	n := 0
	for i := range tr.Dumps {
		n += tr.Dumps[i].Goroutines
	}
	return n
}

// checks hold what was written of a trend against the trend.
var checks = map[string]func(*testing.T, *trend.Trend, string){
	"pprof":    checkPprof,
	"folded":   checkFolded,
	"ndjson":   checkNDJSON,
	"markdown": checkMarkdown,
	"html":     checkHTML,
	"json":     checkJSON,
}

func checkJSON(t *testing.T, tr *trend.Trend, text string) {
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("json: %v", err)
	}
	if tr == nil {
		return
	}
	var read struct {
		Dumps   []struct{ Source string }
		Buckets []struct{ Stack []struct{ Function string } }
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil || len(read.Buckets) != len(tr.Series) {
		t.Fatalf("json: %d buckets of %d, %v", len(read.Buckets), len(tr.Series), err)
	}
	for i := range tr.Dumps {
		if want := strings.ToValidUTF8(tr.Dumps[i].Source, "\ufffd"); read.Dumps[i].Source != want {
			t.Errorf("json: source %q, want %q", read.Dumps[i].Source, want)
		}
	}
	for i := range tr.Series {
		j := 0
		for f := range tr.Series[i].Bucket.Stack.All() {
			if want := strings.ToValidUTF8(f.Function, "\ufffd"); read.Buckets[i].Stack[j].Function != want {
				t.Errorf("json: function %q, want %q", read.Buckets[i].Stack[j].Function, want)
			}
			j++
		}
	}
}

func checkPprof(t *testing.T, tr *trend.Trend, text string) {
	p, err := profile.ParseData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	n, states := int64(0), int64(0)
	for _, s := range p.Sample {
		n += s.Value[0]
		if len(s.Label["state"]) > 0 {
			states += s.Value[0]
		}
	}
	if n != int64(sum(tr)) {
		t.Errorf("pprof: got %d goroutines, want %d", n, sum(tr))
	}
	if len(tr.Warnings) == 0 && len(tr.Series) > 0 && tr.Series[0].Bucket.State() != "" && states != n {
		t.Errorf("pprof: %d of %d goroutines have a state", states, n)
	}
}

func checkFolded(t *testing.T, tr *trend.Trend, text string) {
	n, fields := 0, 1
	if len(tr.Dumps) > 1 {
		fields = 2
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != fields+1 {
			t.Fatalf("folded: %q has %d words, want %d", line, len(words), fields+1)
		}
		for _, w := range words[1:] {
			c, err := strconv.Atoi(w)
			if err != nil {
				t.Fatalf("folded: %q: %v", line, err)
			}
			n += c
		}
	}
	want := tr.Dumps[0].Goroutines
	if len(tr.Dumps) > 1 {
		want += tr.Dumps[len(tr.Dumps)-1].Goroutines
	}
	if n != want {
		t.Errorf("folded: got %d goroutines, want %d", n, want)
	}
}

func checkNDJSON(t *testing.T, tr *trend.Trend, text string) {
	n := 0
	for line := range strings.Lines(text) {
		var row struct {
			Schema, Dump, Count int
			ID, Source          string
			States              map[string]int
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("ndjson: %q: %v", line, err)
		}
		if row.Schema != 1 || row.ID == "" || row.Dump >= len(tr.Dumps) {
			t.Errorf("ndjson: unexpected row %+v", row)
		}
		n += row.Count
	}
	if n != sum(tr) {
		t.Errorf("ndjson: got %d goroutines, want %d", n, sum(tr))
	}
}

// markdownTags are all that the report's Markdown becomes. Links, images and
// whatever else a name from a dump might ask for are not among them.
var markdownTags = []string{"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code", "pre"}

var tag = regexp.MustCompile(`</?([^\s>/]*)([^>]*)>`)

// checkMarkdown renders the page as GitHub does, with its tables and links, and
// looks at what comes out.
func checkMarkdown(t *testing.T, tr *trend.Trend, text string) {
	var page bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	for _, m := range tag.FindAllStringSubmatch(page.String(), -1) {
		if !slices.Contains(markdownTags, m[1]) || strings.Contains(m[2], "=") && m[2] != ` class="language-text"` && !strings.HasPrefix(m[2], ` style="text-align:`) && !strings.HasPrefix(m[2], ` align="`) {
			t.Errorf("markdown: unexpected tag %s", m[0])
		}
	}
	if got, want := strings.Count(page.String(), "<table>"), 1+min(1, len(tr.Series))+min(1, len(diagnose.Of(tr, nil).Rows())); got != want {
		t.Errorf("markdown: %d tables, want %d", got, want)
	}
	outside := regexp.MustCompile(`(?s)<code.*?</code>`).ReplaceAllString(page.String(), "")
	outside = stdhtml.UnescapeString(outside)
	if m := regexp.MustCompile(`@\w|#\d|://\w|(?i)www\.\w`).FindString(outside); m != "" {
		t.Errorf("markdown: %q would become a link", m)
	}
}

// clean checks that no character of a dump comes through that a terminal obeys
// or does not show. A no-break blank is what keeps numbers in one line.
func clean(t *testing.T, format, text string) {
	for i, r := range text {
		if r != '\n' && r != '\t' && r != '\u00a0' && goroutine.Hidden(r) {
			t.Errorf("%s: character %q at %d", format, r, i)
		}
	}
}

func everyFormat(t *testing.T, tr *trend.Trend, o report.Options) {
	for _, f := range report.Formats() {
		if f.Gate {
			continue
		}
		text := written(t, f.Name, tr, o)
		if text == "" && f.Name != "folded" && f.Name != "ndjson" {
			t.Errorf("%s: nothing written", f.Name)
		}
		if !f.Binary {
			clean(t, f.Name, text)
		}
		if check := checks[f.Name]; check != nil {
			check(t, tr, text)
		}
	}
}

// TestFormats writes every dump in every format.
func TestFormats(t *testing.T) {
	eachDump(t, func(t *testing.T, dumps []goroutine.Dump) {
		tr := trend.Compare(dumps)
		everyFormat(t, &tr, report.Options{NoVerdicts: true, Top: 3})
	})
}

// pair is the comparison of two moments of the leaky server.
func pair(t *testing.T, names ...string) *trend.Trend {
	t.Helper()
	var dumps []goroutine.Dump
	for _, n := range names {
		dumps = append(dumps, readDumps(t, filepath.Join(*corpus, "leakpair", n))...)
	}
	tr := trend.Compare(dumps)
	return &tr
}

func TestFormatsOfComparisons(t *testing.T) {
	for _, names := range [][]string{
		{"v1.t0.debug2.txt", "v1.t1.debug2.txt"},
		{"v1.t0.debug2.txt", "v1.t1.debug2.txt", "v1.t2.debug2.txt"},
		{"v1.t0.debug1.txt", "v1.t1.debug1.txt"},
		{"v1.t0.debug0.pb.gz", "v1.t2.debug2.txt"},
	} {
		t.Run(strings.Join(names, " "), func(t *testing.T) {
			everyFormat(t, pair(t, names...), report.Options{})
		})
	}
}

// hostile is a dump whose every text tries to break out of the format.
func hostile(text string) *trend.Trend {
	frame := goroutine.Frame{Function: text, File: "/" + text + "/x.go", Line: 1, Package: text, Module: text, Origin: goroutine.Main}
	b := goroutine.Bucket{
		ID: "0123456789abcdef", Count: 2, States: []goroutine.Count{{Name: text, N: 2}}, Waits: goroutine.Waits{{Minutes: 0, N: 2}},
		Labels: []goroutine.Label{{Key: text, Values: []goroutine.Count{{Name: text, N: 2}}}},
		Stack:  goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{frame}, CreatedBy: frame}),
	}
	b.IDs.Add(1)
	b.IDs.Add(2)
	d := goroutine.Dump{Source: text, Level: goroutine.Debug2, Goroutines: 2, Buckets: []goroutine.Bucket{b}, Problems: []goroutine.Problem{{Message: text}}}
	tr := trend.Compare([]goroutine.Dump{d, d})
	return &tr
}

var hostileTexts = []string{
	"<script>alert(1)</script>", "</details><img src=x>", "a|b`c``d", "`", "@team #12 [x](http://y) www.z.org", "\x1b]52;c;x\a\r\n\u202e",
	"````\n# head", "::error::x%0A", "##[error]x", `"><b>`, "]]>&amp;", "\xff\xfe", "a;b c 12", "{\"", "", "\x7f\u009b31m\u200b\u2066\u2028\ufeff\u115f\ufe0f\U000e0041\U0001f600", "\\", "==================",
}

func TestFormatsOfHostileNames(t *testing.T) {
	for i, text := range hostileTexts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			everyFormat(t, hostile(text), report.Options{})
		})
	}
}

// TestPprofTool has go tool pprof read what was written.
func TestPprofTool(t *testing.T) {
	tr := pair(t, "v1.t0.debug2.txt", "v1.t1.debug2.txt")
	dir := t.TempDir()
	one := func(name string, tr *trend.Trend) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(written(t, "pprof", tr, report.Options{})), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	both := one("both.pb.gz", tr)
	before, after := trend.One(tr.Dumps[0]), trend.One(tr.Dumps[1])
	beforePath, afterPath := one("before.pb.gz", &before), one("after.pb.gz", &after)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"before", []string{"-top", beforePath}, "of 93 total"},
		{"comparison", []string{"-top", both}, "of 843 total"},
		{"one side", []string{"-top", "-tagfocus=dump=after", both}, "750, 88.97% of 843 total"},
		{"state", []string{"-top", "-tagfocus=state=chan send", both}, "550, 65.24% of 843 total"},
		{"wait", []string{"-top", "-tagfocus=wait_minutes=0:0", both}, "843, 100% of 843 total"},
		{"base", []string{"-top", "-diff_base=" + beforePath, afterPath}, "450 483.87%"},
		{"raw", []string{"-raw", both}, "created_by:[main.(*Server).query]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "pprof", "-symbolize=none", "-nodefraction=0"}, tt.args...)...)
			cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+dir, "HOME="+dir, "GOCACHE="+goCache(t))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), tt.want) {
				t.Errorf("got:\n%s\nwant it to hold %q", out, tt.want)
			}
		})
	}
}

// goCache is where go keeps what it builds, such as its pprof.
func goCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
