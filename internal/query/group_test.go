package query

import (
	"strconv"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

func TestGrouping(t *testing.T) {
	b := bucket()
	p := b.Stack.Parts()
	p.CreatedBy.Origin = goroutine.Main
	b.Stack = goroutine.NewStack(p)
	tests := []struct{ name, want string }{
		{"site", "github.com/acme/bus.(*Conn).deliver conn.go:88 240"},
		{"function", "github.com/acme/bus.(*Conn).deliver 240"},
		{"created-by", "main.(*Hub).connect pool.go:41 → github.com/acme/bus.(*Conn).deliver 240"},
		{"package", "github.com/acme/bus 240"},
		{"module", "github.com/acme/bus@v1.4.2 240"},
		{"state", "chan send 230, runnable 10"},
		{"label:tenant", "acme 3, (none) 237"},
		{"label:nothing", "(none) 240"},
	}
	for _, tt := range tests {
		g, err := ParseGrouping(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		n := 0
		for _, c := range g.Of(b) {
			got = append(got, c.Name+" "+strconv.Itoa(c.N))
			n += c.N
		}
		if s := strings.Join(got, ", "); s != tt.want || n != b.Count {
			t.Errorf("%s: got %s (%d in all), want %s", tt.name, s, n, tt.want)
		}
	}
	if g, err := ParseGrouping("stack"); err != nil || g.Of != nil {
		t.Errorf("stack: got %v, %v", g.Of != nil, err)
	}
	if _, err := ParseGrouping("colour"); err == nil || !strings.Contains(err.Error(), "label:KEY") {
		t.Errorf("colour: got %v", err)
	}
}

// TestFunctionWithoutLines: a function that moved is the same group.
func TestFunctionWithoutLines(t *testing.T) {
	g, _ := ParseGrouping("function")
	a, b := bucket(), bucket()
	p := b.Stack.Parts()
	p.Frames[0].Line, p.Frames[0].File = 1234, "/other/conn2.go"
	b.Stack = goroutine.NewStack(p)
	if x, y := g.Of(a)[0].Name, g.Of(b)[0].Name; x != y {
		t.Errorf("got %q and %q", x, y)
	}
}
