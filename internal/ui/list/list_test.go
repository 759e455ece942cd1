package list

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMove(t *testing.T) {
	var l List
	l.SetLen(100)
	l.SetHeight(10)
	steps := []struct {
		move, cursor, top int
	}{
		{-1, 0, 0}, {1, 1, 0}, {8, 9, 0}, {1, 10, 1}, {-5, 5, 1}, {-5, 0, 0}, {1000, 99, 90}, {-9, 90, 90}, {-1, 89, 89},
	}
	for _, s := range steps {
		l.Move(s.move)
		if l.Cursor != s.cursor || l.Top != s.top {
			t.Fatalf("after %+d: cursor %d top %d, want %d and %d", s.move, l.Cursor, l.Top, s.cursor, s.top)
		}
	}
	l.SetLen(0)
	if l.Cursor != 0 || l.Top != 0 {
		t.Errorf("empty: cursor %d top %d", l.Cursor, l.Top)
	}
}

// TestInSight holds that the cursor is a row and in sight, whatever is done.
func TestInSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l List
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n := rapid.IntRange(-50, 50).Draw(t, "n")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				l.Move(n)
			case 1:
				l.To(n)
			case 2:
				l.SetLen(max(n, 0))
			case 3:
				l.SetHeight(n)
			case 4:
				l.Scroll(n)
			}
			if l.Cursor < 0 || l.Cursor > max(0, l.Len()-1) {
				t.Fatalf("cursor %d of %d rows", l.Cursor, l.Len())
			}
			from, to := l.Visible()
			if from < 0 || to > l.Len() || to-from > l.Height() {
				t.Fatalf("visible %d to %d of %d, height %d", from, to, l.Len(), l.Height())
			}
			if l.Len() > 0 && l.Height() > 0 && (l.Cursor < from || l.Cursor >= to) {
				t.Fatalf("cursor %d is not in %d to %d", l.Cursor, from, to)
			}
		}
	})
}
