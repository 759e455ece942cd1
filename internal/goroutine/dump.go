// Package goroutine holds the words gdump is about, as types: a dump, its
// buckets, their stacks and frames. It knows no format, no file and no screen.
package goroutine

import (
	"slices"
	"time"
)

// Level says how a dump was written, and so which facts it can hold.
type Level string

// The levels of a dump. Debug2 and Crash know ids, states, waits and created
// by; Debug1 and Debug0 only stacks, counts and labels.
const (
	Debug2 Level = "debug=2"
	Debug1 Level = "debug=1"
	Debug0 Level = "debug=0"
	Crash  Level = "crash"
)

// HasIDs reports whether a dump of this level tells one goroutine from another.
func (l Level) HasIDs() bool { return l == Debug2 || l == Crash }

// Dump is the state of all goroutines of one process at one moment.
type Dump struct {
	Source     string    // file name, "-" or URL without its secrets
	TakenAt    time.Time // zero if the source does not tell; a time without a zone counts as UTC
	Level      Level
	Reason     string // why the process wrote it: "panic: …", "fatal error: …", "SIGQUIT: quit"; empty if asked for
	Line       int    // 1-based line of its first goroutine in the source; 0 if it has no lines
	Offset     int64  // byte offset of its first goroutine in the (decompressed) source
	Goroutines int    // each counted once
	Truncated  bool   // the source ends before the dump does
	// Alone says that this is the stack of one goroutine that a panic printed or
	// that the program logged of itself (debug.Stack, a recovered panic): nothing
	// is known of the process's other goroutines, and two such stacks are no
	// before and after. With Level Crash it ended the process, else it did not.
	Alone     bool
	LeaksOnly bool // a goroutineleak profile or a leak checker's list: it has only what leaked
	Checker   bool // a leak checker such as goleak reported what leaked, not the collector
	Buckets   []Bucket
	Outline   *Outline // of buckets that were let go, as long as nobody needs them; else nil
	Problems  []Problem
	// GoVersion is the toolchain that built the program, where a file name in
	// the dump tells it ("go1.27.0"); otherwise empty.
	GoVersion string
	Fleet     *Fleet // the processes that it was added up from; nil for the dump of one
}

// EachFunction visits every function of the dump's stacks: see
// Stacks.EachFunction.
func (d *Dump) EachFunction(visit func(*Frame)) {
	var last *Stacks
	seen := map[*Stacks]bool{nil: true}
	for i := range d.Buckets {
		if in := d.Buckets[i].Stack.in; in != last && !seen[in] {
			seen[in] = true
			in.EachFunction(visit)
		}
		last = d.Buckets[i].Stack.in
	}
}

// Outline is what stays of a dump's buckets that were let go.
type Outline struct {
	Buckets int
	Highest uint64 // of the goroutines' ids; 0 if there are none
}

// Abridge lets go of the buckets.
func (d *Dump) Abridge() {
	d.Outline = &Outline{len(d.Buckets), d.Highest()}
	d.Buckets = nil
}

// Highest is the highest goroutine id, 0 if the dump has none.
func (d *Dump) Highest() uint64 {
	if d.Outline != nil {
		return d.Outline.Highest
	}
	var top uint64
	for i := range d.Buckets {
		top = max(top, d.Buckets[i].IDs.Max())
	}
	return top
}

// Incomplete reports whether something of the dump is missing: it was cut off,
// or a part of it could not be read.
func (d *Dump) Incomplete() bool {
	return d.Truncated || slices.ContainsFunc(d.Problems, func(p Problem) bool { return !p.Note })
}

// Problem is something in the source that could not be read as it should.
type Problem struct {
	Line    int    // 1-based; 0 if it concerns the whole dump
	Message string // may hold text from the dump: clean it before it is shown
	Note    bool   // nothing of the goroutines is missing
}

// Bucket is the goroutines of a dump that share stack and created by. It holds
// their statistics, never the goroutines themselves.
type Bucket struct {
	ID     ID
	Stack  Stack
	Count  int
	States []Count // most frequent first, then by name
	Waits  Waits
	Locked int // goroutines locked to their thread
	Leaked int // goroutines that a goroutineleak profile proved unreachable
	Labels []Label
	IDs    IDs      // empty at levels without ids
	Args   []string // a few sample argument lists of the leaf frame, as printed
	// Addresses are the first arguments of the sync primitive the goroutines
	// are blocked in (the mutex they share), most frequent first; few are kept.
	Addresses []Count
	// Members are the first goroutines of the bucket, one by one: at most 64,
	// and fewer where a dump has very many stacks. Empty at levels without ids.
	Members []Member
	Line    int     // 1-based source line of its first goroutine
	Spread  *Spread // over the instances of a fleet; nil for the dump of one process
}

// Count is how often a name occurs.
type Count struct {
	Name string
	N    int
}

// Label is one pprof label key and how many goroutines carry which value.
type Label struct {
	Key    string
	Values []Count // most frequent first, then by name
}

// State is the bucket's most frequent state, or "" at levels without states.
func (b *Bucket) State() string {
	if len(b.States) == 0 {
		return ""
	}
	return b.States[0].Name
}

// ProfileComment is the comment in a profile that gdump wrote, whose labels
// state, wait_minutes, leaked, created_by, bucket, dump and verdict are not the
// program's. Those of the program by one of these names are called label.NAME.
const ProfileComment = "written by gdump"

// ProfileRemark is the system name of what a profile that gdump wrote shows as
// a function and is none, such as frames that were left out.
const ProfileRemark = "remark"
