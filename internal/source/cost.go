package source

import (
	"fmt"
	"time"

	"gdump/internal/view/number"
)

// cutOff is about how many goroutines fit into the 64 MiB that the runtime
// writes at most.
const cutOff = 66_000

// Cost says in words what debug=2 does to a process with n goroutines. The
// runtime stops the world for each attempt to write all stacks, with buffers
// of 1, 2, 4 up to 64 MiB. Measured with Go 1.26 and stacks of 14 frames:
// 0.1 s at a time for 10 000, 1 s for 100 000, 5 s for 1 000 000.
func Cost(n int) string {
	pause, all := perGoroutine(n, 10*time.Microsecond, 5*time.Microsecond), stopped(n)
	s := fmt.Sprintf("stops the process several times, for about %s at a time and %s in all", pause, all)
	if n > cutOff {
		s += fmt.Sprintf(", and is cut off at 64 MiB (about %s goroutines)", number.Group(cutOff))
	}
	return s
}

// Stops is for how long debug=2 stops a process with n goroutines in all.
func Stops(n int) time.Duration { return max(stopped(n), time.Millisecond) }

func stopped(n int) time.Duration { return perGoroutine(n, 60*time.Microsecond, 30*time.Microsecond) }

// perGoroutine adds up the cost of the first 100 000 goroutines and of the
// others, rounded to one digit.
func perGoroutine(n int, first, others time.Duration) time.Duration {
	const many = 100_000
	d := time.Duration(min(n, many))*first + time.Duration(max(n-many, 0))*others
	unit := time.Millisecond
	for d >= 10*unit {
		unit *= 10
	}
	return d.Round(unit)
}
