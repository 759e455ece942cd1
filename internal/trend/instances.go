package trend

import "time"

// Instances is what a series does on each process of a fleet, over time.
type Instances struct {
	N, Of   int // on how many of those that have it at some time it accumulates
	Worst   string
	Most    int       // goroutines that one instance had, the most
	Since   time.Time // since when it accumulates; zero if it does not
	Version string    // of the program since which it does, as LABEL VALUE; "" if it has done so since the beginning
	PerHour float64   // in a process lifetime, the median of the instances
	// Restarts ended the lifetimes of instances on which it accumulates, and
	// Hidden are the goroutines that ended with them.
	Restarts, Hidden int
	Each             []InstanceVerdict
}

// InstanceVerdict is what a series does on one process.
type InstanceVerdict struct {
	Name    string
	Verdict Verdict
	Now     int // goroutines that it has
	PerHour float64
	Since   time.Time // zero if it does not rise
}
