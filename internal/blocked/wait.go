package blocked

import (
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Kind says what goroutines wait for.
type Kind string

// The kinds of resources.
const (
	Mutex        Kind = "mutex"
	RWMutex      Kind = "rwmutex"
	Once         Kind = "once"
	WaitGroup    Kind = "waitgroup"
	Cond         Kind = "cond"
	Chan         Kind = "chan"
	NilChan      Kind = "nilchan"
	Select       Kind = "select"
	Pool         Kind = "pool"
	Semaphore    Kind = "semaphore"
	Errgroup     Kind = "errgroup"
	Singleflight Kind = "singleflight"
	File         Kind = "file"
)

// Op is what a goroutine does with the resource it waits for.
type Op uint8

// The operations that a goroutine waits in.
const (
	None       Op = iota
	Lock          // of a Mutex, or of an RWMutex behind another writer
	RLock         // behind the pending or holding writer of an RWMutex
	DrainReads    // of a writer that is next, until the readers are done
	Do            // of a Once
	Wait          // of a WaitGroup, an errgroup or a Cond
	Send
	Receive
	SelectOp
	SelectNone // a select without cases
	Acquire    // of a pool or semaphore
	Go         // of an errgroup that is at its limit
	Join       // a call of a singleflight group
	Use        // of a file that another goroutine reads or writes
)

// slot is where in a stack the address of a resource is printed: an argument
// of a frame, less an offset.
type slot struct {
	frame, arg int
	less       uint64
}

// wait is what the frames of a stack say of what its goroutines wait for.
type wait struct {
	kind   Kind
	op     Op
	at     int // index of the first frame outside the primitive: the caller
	slots  []slot
	ranges bool // a receive that also reports whether the channel is closed
}

// address is that of the resource a goroutine waits for; 0 if not known.
func (w *wait) address(m *goroutine.Member) uint64 {
	for _, s := range w.slots {
		if a := argument(m, s.frame, s.arg); a > s.less {
			return a - s.less
		}
	}
	return 0
}

func argument(m *goroutine.Member, frame, arg int) uint64 {
	if m == nil || frame >= len(m.Args) || arg >= len(m.Args[frame]) {
		return 0
	}
	return m.Args[frame][arg]
}

// receiver is the first argument of a frame of a goroutine, if it can be the
// address of an object.
func receiver(m *goroutine.Member, frame int) uint64 {
	if a := argument(m, frame, 0); a >= leastAddress {
		return a
	}
	return 0
}

// leastAddress is the first that can be the address of an object.
const leastAddress = 0x1000

// classify reads from the frames of a stack, leaf first, what its goroutines
// wait for. The state decides where the frames do not: dumps of levels without
// states hide the frames of channel operations.
func classify(frames []frame, state string) wait {
	if running(state) {
		return wait{}
	}
	w := primitive(frames)
	if w.op == None {
		w.kind, w.op = channelOp(state)
		if w.op == None {
			return wait{}
		}
	} else if kind, op := channelOp(state); w.kind == Chan && op != None {
		w.kind, w.op = kind, op // the frame knows no nil channel
	}
	return library(frames, w)
}

// running reports whether a goroutine in this state is not parked.
func running(state string) bool {
	switch state {
	case "running", "runnable", "idle", "dead", "copystack", "preempted", "waiting":
		return true
	}
	return false
}

func channelOp(state string) (Kind, Op) {
	switch {
	case strings.HasPrefix(state, "chan send (nil chan)"):
		return NilChan, Send
	case strings.HasPrefix(state, "chan receive (nil chan)"):
		return NilChan, Receive
	case strings.HasPrefix(state, "chan send"):
		return Chan, Send
	case strings.HasPrefix(state, "chan receive"):
		return Chan, Receive
	case strings.HasPrefix(state, "select (no cases)"):
		return Select, SelectNone
	case strings.HasPrefix(state, "select"):
		return Select, SelectOp
	}
	return "", None
}

// primitive reads the frames of the runtime and of the sync packages that a
// goroutine is parked in.
func primitive(frames []frame) (w wait) {
	semaphore := -1
	for i := range frames {
		f := frames[i]
		w.at = i
		switch f.Package {
		case "runtime":
			switch f.Function {
			case "runtime.semacquire1":
				semaphore = i
			case "runtime.chansend":
				w.kind, w.op, w.slots = Chan, Send, []slot{{i, 0, 0}}
			case "runtime.chanrecv":
				w.kind, w.op, w.slots = Chan, Receive, []slot{{i, 0, 0}}
			case "runtime.chanrecv2":
				w.ranges = true
			case "runtime.selectgo":
				w.kind, w.op = Select, SelectOp
			case "runtime.block":
				w.kind, w.op = Select, SelectNone
			}
			continue
		case "sync", "internal/sync", "internal/poll":
			if w.step(f.Function, i) {
				continue
			}
		}
		break
	}
	if semaphore >= 0 {
		w.semaphore(semaphore)
	}
	return w
}

// step goes on to a frame of a sync package. It is false for one that is not
// part of the wait.
func (w *wait) step(function string, i int) bool {
	_, name, _ := strings.Cut(function, ".")
	switch name {
	case "runtime_SemacquireMutex", "runtime_Semacquire", "runtime_SemacquireWaitGroup", "runtime_SemacquireRWMutex", "runtime_SemacquireRWMutexR":
		return w.op == None
	case "runtime_notifyListWait":
		w.kind, w.op, w.slots = Cond, Wait, []slot{{i, 0, 16}}
		return true
	case "(*Mutex).lockSlow", "(*Mutex).Lock":
		if w.op != None && w.kind != Mutex {
			return false
		}
		w.kind, w.op = Mutex, Lock
	case "(*RWMutex).Lock":
		if w.kind == Mutex {
			w.kind = RWMutex // the writer waits for another one
		} else if w.op == None {
			w.kind, w.op = RWMutex, DrainReads
		}
	case "(*RWMutex).RLock":
		w.kind, w.op = RWMutex, RLock
	case "(*Once).doSlow", "(*Once).Do":
		if w.kind == Mutex {
			w.kind, w.op = Once, Do
			for j := range w.slots {
				w.slots[j].less = 4
			}
		}
		if w.kind != Once {
			return false // the function of the Once waits for something else
		}
	case "(*WaitGroup).Wait":
		w.kind, w.op = WaitGroup, Wait
	case "(*Cond).Wait":
		if w.kind == Mutex {
			return true // it is awake, and waits for its lock again
		}
		w.kind, w.op = Cond, Wait
	case "(*fdMutex).rwlock":
		w.kind, w.op = File, Use
	default:
		return w.kind == File // (*FD).readLock and its callers
	}
	if w.slots == nil {
		w.slots = make([]slot, 0, 4)
	}
	w.slots = append(w.slots, slot{i, 0, 0})
	return true
}

// semaphore adds the argument of runtime.semacquire1, which is the address of a
// semaphore within the resource.
func (w *wait) semaphore(i int) {
	var less uint64
	switch {
	case w.kind == Once:
		less = 8
	case w.kind == Mutex, w.kind == RWMutex && w.op == Lock:
		less = 4
	case w.kind == RWMutex && w.op == DrainReads, w.kind == WaitGroup:
		less = 8
	case w.kind == RWMutex && w.op == RLock:
		less = 12
	default:
		return
	}
	w.slots = slices.Insert(w.slots, 0, slot{i, 0, less})
}

// library puts the library that waits in place of the primitive it waits by.
func library(frames []frame, w wait) wait {
	for w.at < len(frames) && frames[w.at].Package == "runtime" {
		w.at++
	}
	if w.at >= len(frames) {
		return w
	}
	self := func() []slot { return []slot{{w.at, 0, 0}} }
	switch f := frames[w.at].Function; {
	case w.kind == WaitGroup && isMethod(f, "sync/errgroup.(*Group).Wait"):
		return wait{kind: Errgroup, op: Wait, at: w.at + 1, slots: self()}
	case w.kind == WaitGroup && isMethod(f, "/singleflight.(*Group).Do"):
		return wait{kind: Singleflight, op: Join, at: w.at + 1, slots: w.slots}
	case w.op == Send && isMethod(f, "sync/errgroup.(*Group).Go"):
		return wait{kind: Errgroup, op: Go, at: w.at + 1, slots: self()}
	case w.op == SelectOp && isMethod(f, "sync/semaphore.(*Weighted).Acquire"):
		return wait{kind: Semaphore, op: Acquire, at: w.at + 1, slots: self()}
	case w.op == SelectOp && (f == sqlConn || f == httpConn):
		return wait{kind: Pool, op: Acquire, at: w.at + 1, slots: self()}
	}
	return w
}

// The functions in which the pools of the standard library make callers wait.
const (
	sqlConn  = "database/sql.(*DB).conn"
	httpConn = "net/http.(*Transport).getConn"
)

// isMethod reports whether a function is that of a library, vendored or not.
func isMethod(function, name string) bool {
	return strings.HasSuffix(function, name)
}

// typeOf is the type whose method a function or a closure of it is: "pkg.T" for
// "pkg.(*T).m.func1" and "pkg.T.m"; "" if it is no method.
func typeOf(f *goroutine.Frame) string {
	rest, ok := strings.CutPrefix(f.Function, f.Package+".")
	if !ok || f.Package == "" {
		return ""
	}
	if r, ok := strings.CutPrefix(rest, "(*"); ok {
		before, _, ok0 := strings.Cut(r, ")")
		if !ok0 {
			return ""
		}
		return f.Package + "." + bare(before)
	}
	name, method, ok := strings.Cut(bare(rest), ".")
	if !ok || name == "" || generated(method) || generated(name) {
		return ""
	}
	return f.Package + "." + name
}

// bare drops type arguments.
func bare(s string) string {
	i := strings.IndexByte(s, '[')
	j := strings.LastIndexByte(s, ']')
	if i < 0 || j < i {
		return s
	}
	return s[:i] + s[j+1:]
}

// generated reports whether an element of a function's name is one that the
// compiler makes up for a closure or a wrapper.
func generated(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	name, _, _ = strings.Cut(name, "-range")
	for _, prefix := range []string{"func", "gowrap", "deferwrap"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	return strings.Trim(name, "0123456789") == ""
}
