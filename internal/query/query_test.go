package query

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

func bucket() *goroutine.Bucket {
	b := &goroutine.Bucket{
		Count:  240,
		States: []goroutine.Count{{Name: "chan send", N: 230}, {Name: "runnable", N: 10}},
		Waits:  goroutine.Waits{{Minutes: 0, N: 100}, {Minutes: 12, N: 140}},
		Labels: []goroutine.Label{{Key: "tenant", Values: []goroutine.Count{{Name: "acme", N: 3}}}},
		Stack: goroutine.NewStack(goroutine.Parts{
			Frames:    []goroutine.Frame{{Function: "github.com/acme/bus.(*Conn).deliver", File: "/m/bus/conn.go", Line: 88, Package: "github.com/acme/bus", Module: "github.com/acme/bus@v1.4.2", Origin: goroutine.Dependency}},
			CreatedBy: goroutine.Frame{Function: "main.(*Hub).connect", File: "/app/pool.go", Line: 41},
		}),
	}
	b.IDs.Add(7)
	b.IDs.Add(9)
	return b
}

var verdicts = []string{"accumulating", "grown", "new"}

func TestMatch(t *testing.T) {
	tests := []struct {
		query string
		want  bool
	}{
		{"", true},
		{"deliver", true},
		{"DELIVER", false},
		{"conn", true},
		{"Conn deliver", true},
		{"conn nowhere", false},
		{"-nowhere", true},
		{"-deliver", false},
		{"-", false},
		{"state:send", true},
		{"state:runn", true},
		{"state:select", false},
		{`state:"chan send"`, true},
		{"func:bus.", true},
		{"pkg:acme/bus", true},
		{"mod:v1.4", true},
		{"file:conn.go", true},
		{"created:hub", true},
		{"site:deliver", true},
		{"origin:dependency", true},
		{"-origin:dependency", false},
		{"id:7", true},
		{"id:8", false},
		{"label.tenant:acme", true},
		{"label.tenant:other", false},
		{"acme", true},
		{"count:>100", true},
		{"count:>240", false},
		{"count:>=240", true},
		{"count:240", true},
		{"wait:>10m", true},
		{"wait:>1h", false},
		{"wait:<1d", true},
		{"~del.ver$", true},
		{"func:~^main", false},
		{"function:deliver module:acme created-by:hub", true},
		{"package:other", false},
		{"+grown", true},
		{"+accumulating", false},
		{"-+grown", false},
		{"+deliver", false},
		{"verdict:grow", true},
		{"change:>5", true},
		{"change:<-5", false},
		{"http:", false},
	}
	for _, tt := range tests {
		q, err := Parse(tt.query, verdicts)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.query, err)
			continue
		}
		if got := q.MatchRow(Row{bucket(), "grown", 9}); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.query, got, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ query, want string }{
		{"wait:x", "wait:x: not a duration"},
		{"count:many", "count:many: not a number"},
		{"count:<>3", "use one of"},
		{"id:x", "not a goroutine ID"},
		{"state:", "nothing after the colon"},
		{"~(", "not a regular expression"},
		{`func:"deliver`, "not closed"},
	}
	for _, tt := range tests {
		q, err := Parse("deliver "+tt.query, verdicts)
		if !q.Match(bucket()) {
			t.Errorf("Parse(%q): the right terms do not hold", tt.query)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): got %v, want %q", tt.query, err, tt.want)
		}
	}
}

func TestWords(t *testing.T) {
	q, err := Parse("chan state:select -x ~re Conn", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(q.Words()); got != "[chan Conn]" {
		t.Errorf("got %s", got)
	}
}

// FuzzFold holds the search for a word against strings.ToLower.
func FuzzFold(f *testing.F) {
	f.Add("net/http.(*Conn).Serve", "conn")
	f.Add("AAAB", "aab")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, s, word string) {
		for _, text := range []string{s, word} {
			for i := range len(text) {
				if text[i] >= 0x80 {
					return // only ASCII letters are folded
				}
			}
		}
		word = strings.ToLower(word)
		if got, want := newFolded(word).in(s), strings.Contains(strings.ToLower(s), word); got != want {
			t.Errorf("%q in %q: got %v, want %v", word, s, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a b", `"`, "wait:>1h -x", "~(", "label.:x", "id:7", "count:<=-1"} {
		f.Add(s)
	}
	b := bucket()
	f.Fuzz(func(t *testing.T, s string) {
		q, _ := Parse(s, verdicts)
		q.Match(b)
	})
}

// BenchmarkMatch filters 100 000 buckets once an iteration.
func BenchmarkMatch(b *testing.B) {
	bk := bucket()
	q, err := Parse("state:send nowhere", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for range 100_000 {
			q.Match(bk)
		}
	}
}
