package blocked

import "fmt"

// String says a reason in a few words.
func (r Reason) String() string {
	at := r.Frame.Name()
	if r.Frame.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, r.Frame.Line)
	}
	switch r.Signal {
	case ByConstruction:
		return "runs what the others wait for, in " + at
	case BySource:
		return "the source locks it before " + at
	case Inside:
		return "past the lock, in " + at
	case ByAddress:
		return "has its object as an argument, in " + at
	case ByCaller:
		return "past the call that locks, in " + at
	case ByType, InSelf:
		return "in a method of its type, " + at
	case Child:
		return "started by the one that waits, in " + at
	case Peer:
		return "past the line where others wait, in " + at
	case Next:
		return "the next writer, in " + at
	case Partner:
		return "its partner on the channel waits for the lock, in " + at
	}
	return at
}
