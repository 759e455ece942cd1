package view

import (
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// doing says what goroutines in a state do, as a sentence goes on: "blocked
// sending to a channel". A state that is not known is named.
func doing(state string) string {
	plain, _ := strings.CutSuffix(state, " (durable)")
	plain, _ = strings.CutSuffix(plain, " (scan)")
	switch plain {
	case "chan send":
		return "blocked sending to a channel"
	case "chan receive":
		return "blocked receiving from a channel"
	case "chan send (nil chan)":
		return "blocked for ever sending to a nil channel"
	case "chan receive (nil chan)":
		return "blocked for ever receiving from a nil channel"
	case "select":
		return "blocked in a select"
	case "select (no cases)":
		return "blocked for ever in a select without cases"
	case "IO wait":
		return "waiting for I/O"
	case "semacquire":
		return "waiting for a semaphore"
	case "sync.Mutex.Lock":
		return "waiting for a mutex"
	case "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		return "waiting for a read-write mutex"
	case "sync.WaitGroup.Wait":
		return "waiting for a wait group"
	case "sync.Cond.Wait":
		return "waiting for a condition"
	case "sleep":
		return "sleeping"
	case "syscall":
		return "in a system call"
	case "running", "runnable":
		return plain
	}
	return "in state " + goroutine.Clean(state)
}

// Waits writes the median and the longest wait of a bucket, or "" where none
// is known.
func Waits(w goroutine.Waits) string {
	med, top := w.Median(), w.Max()
	switch {
	case top == 0:
		return ""
	case med == top:
		return number.Minutes(top)
	case med == 0:
		return "≤" + number.Minutes(top)
	}
	return number.Minutes(med) + "–" + number.Minutes(top)
}

// States writes the states of a dump or bucket, most frequent first, at most n.
func States(states []goroutine.Count, n int) string {
	var parts []string
	rest := 0
	for i, s := range states {
		if i < n {
			parts = append(parts, goroutine.Clean(s.Name)+" "+number.Group(s.N))
		} else {
			rest += s.N
		}
	}
	if rest > 0 {
		parts = append(parts, "other "+number.Group(rest))
	}
	return strings.Join(parts, ", ")
}
