package goroutine

import "testing"

func TestCalls(t *testing.T) {
	frames := []Frame{{Function: "main.a", Line: 3}, {Function: "main.b", Line: 4}, {Function: "main.a", Line: 5}}
	s := NewStack(Parts{Frames: frames, CreatedBy: Frame{Function: "main.c", Line: 6}, Elided: 9, ElidedAt: 1})
	var functions []*Frame
	i := 0
	for f, line := range s.Calls() {
		functions = append(functions, f)
		if f.Function != frames[i].Function || f.Line != 0 || line != frames[i].Line {
			t.Errorf("call %d: %s in line %d", i, f.Function, line)
		}
		i++
	}
	if i != 3 || functions[0] != functions[2] {
		t.Errorf("%d calls; the functions are not shared", i)
	}
	if s.LacksLeaf() {
		t.Error("lacks its leaf")
	}
	if !NewStack(Parts{Frames: frames, Elided: 9}).LacksLeaf() || (Stack{}).LacksLeaf() {
		t.Error("LacksLeaf is wrong")
	}
}
