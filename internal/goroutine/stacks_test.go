package goroutine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestStacks puts stacks into one tree and takes them out as they were.
func TestStacks(t *testing.T) {
	frame := rapid.Custom(func(t *rapid.T) Frame {
		name := rapid.SampledFrom([]string{"main.f", "main.g", "net.h"}).Draw(t, "function")
		return Frame{Function: name, File: rapid.SampledFrom([]string{"", "/x.go", "/y.go"}).Draw(t, "file"), Line: rapid.IntRange(0, 3).Draw(t, "line")}
	})
	rapid.Check(t, func(t *rapid.T) {
		var in, other Stacks
		var all []Parts
		var stacks []Stack
		for range rapid.IntRange(1, 40).Draw(t, "stacks") {
			p := Parts{
				Frames:      rapid.SliceOfN(frame, 0, 5).Draw(t, "frames"),
				Ancestors:   rapid.SliceOfN(frame, 0, 2).Draw(t, "ancestors"),
				Unavailable: rapid.Bool().Draw(t, "unavailable"),
				Elided:      rapid.IntRange(-1, 2).Draw(t, "elided"),
			}
			if rapid.Bool().Draw(t, "created") {
				p.CreatedBy = frame.Draw(t, "creator")
			}
			if p.Elided != 0 {
				p.ElidedAt = rapid.IntRange(0, len(p.Frames)).Draw(t, "at")
			}
			all, stacks = append(all, p), append(stacks, in.Add(p))
			if rapid.Bool().Draw(t, "settle") {
				in.Settle()
			}
		}
		for i, p := range all {
			if diff := cmp.Diff(p, stacks[i].Parts(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("stack %d (-put +got):\n%s", i, diff)
			}
			for j, q := range all {
				same := cmp.Equal(p, q, cmpopts.EquateEmpty())
				if (stacks[i] == stacks[j]) != same || stacks[i].Equal(other.Add(q)) != same {
					t.Fatalf("%+v and %+v: equal %v, %v", p, q, stacks[i] == stacks[j], stacks[i].Equal(other.Add(q)))
				}
			}
		}
	})
}

func TestEachFunction(t *testing.T) {
	d := Dump{Buckets: []Bucket{
		{},
		{Stack: NewStack(Parts{Frames: []Frame{{Function: "a", Line: 1}, {Function: "a", Line: 2}, {Function: "b"}}})},
		{Stack: NewStack(Parts{CreatedBy: Frame{Function: "c"}, Ancestors: []Frame{{Function: "d", Line: 7}}})},
	}}
	var names string
	d.EachFunction(func(f *Frame) {
		names += f.Function
		f.Origin = Main
	})
	if s := d.Buckets[1].Stack.Frames()[1]; names != "badc" || s.Origin != Main || s.Line != 2 {
		t.Errorf("got %s, %+v", names, s)
	}
}

// TestAdopt moves dumps whose functions have other numbers, by others before
// them, into one Stacks.
func TestAdopt(t *testing.T) {
	f := func(name string, line int) Frame {
		return Frame{Function: name, File: name + ".go", Line: line, Origin: Main}
	}
	all := []Parts{
		{},
		{Frames: []Frame{f("a", 1), f("b", 2)}, CreatedBy: f("c", 3), Ancestors: []Frame{f("d", 4)}},
		{Frames: []Frame{f("a", 1), f("e", 2)}, Elided: 7, ElidedAt: 1},
		{Unavailable: true, CreatedBy: f("b", 9)},
		{Missing: true},
	}
	dump := func(before ...string) Dump {
		var in Stacks
		for _, name := range before {
			in.Add(Parts{Frames: []Frame{f(name, 1)}})
		}
		var d Dump
		for _, p := range all {
			d.Buckets = append(d.Buckets, Bucket{Stack: in.Add(p)})
		}
		return d
	}
	dumps := []Dump{dump("b"), dump("e", "x", "y")}
	var shared Stacks
	shared.Adopt(dumps[:1])
	shared.Adopt(dumps[1:])
	shared.Adopt(dumps)
	for i, p := range all {
		x, y := dumps[0].Buckets[i].Stack, dumps[1].Buckets[i].Stack
		if want := NewStack(p).String(); x != y || x.String() != want {
			t.Errorf("got %s and %s, want %s twice, shared", x, y, want)
		}
	}
}

// TestAppend has functions that got a number both ways, and one that changed.
func TestAppend(t *testing.T) {
	var in Stacks
	a := in.Append(Frame{Function: "a", Line: 7})
	b := in.Function(Frame{Function: "b"})
	c := in.Append(Frame{Function: "c"})
	if in.Function(Frame{Function: "a"}) != a || in.Function(Frame{Function: "b", Line: 9}) != b || in.Function(Frame{Function: "c"}) != c {
		t.Error("a function has two numbers")
	}
	in.EachFunction(func(f *Frame) { f.Origin = Main })
	if n := in.Function(Frame{Function: "b", Origin: Main}); n != b {
		t.Errorf("the function that changed has number %d, want %d", n, b)
	}
}
