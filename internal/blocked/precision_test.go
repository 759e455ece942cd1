package blocked_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
)

// stack writes a goroutine: frames with lines, leaf first.
func stack(id int, state string, frames ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "goroutine %d [%s]:\n", id, state)
	for _, f := range frames {
		call, line, _ := strings.Cut(f, " ")
		fmt.Fprintf(&b, "example.com/shop.%s\n\t/home/me/shop/shop.go%s +0x5\n", call, line)
	}
	return b.String() + "created by example.com/shop.Serve in goroutine 1\n\t/home/me/shop/serve.go:12 +0x33\n\n"
}

// waits is a goroutine that waits for the mutex at an address.
func waits(id int, address string, frames ...string) string {
	head, rest, _ := strings.Cut(stack(id, "sync.Mutex.Lock, 3 minutes", frames...), "\n")
	return head + "\ninternal/sync.(*Mutex).lockSlow(" + address + ")\n\t/usr/local/go/src/internal/sync/mutex.go:149 +0x15d\nsync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:46\n" + rest
}

// pool is two goroutines that wait for connections of databases, and a third that
// has a transaction.
func pool(one, other string) string {
	conn := func(id int, db string) string {
		return strings.Replace(stack(id, "select, 3 minutes", "query() :9"), "example.com/shop.query", "database/sql.(*DB).conn("+db+", {0x1, 0x2}, 0x1)\n\t/usr/local/go/src/database/sql/sql.go:1365 +0x5\nexample.com/shop.query", 1)
	}
	watch := "goroutine 9 [select]:\ndatabase/sql.(*Tx).awaitDone(0xc000030000)\n\t/usr/local/go/src/database/sql/sql.go:2212 +0x5\ncreated by database/sql.(*DB).beginDC in goroutine 8\n\t/usr/local/go/src/database/sql/sql.go:1925 +0x5\n\n"
	return conn(5, one) + conn(6, other) + stack(8, "sleep", "transact() :20", "serve() :9") + watch
}

// TestIdle: what is set aside.
func TestIdle(t *testing.T) {
	std := func(function string) string { return function + "(0x1)\n\t/usr/local/go/src/x/x.go:7 +0x5\n" }
	grpc := func(function string) string {
		return "google.golang.org/grpc/internal/transport." + function + "(0x1)\n\t/home/me/go/pkg/mod/google.golang.org/grpc@v1.80.0/internal/transport/x.go:7 +0x5\n"
	}
	own := "example.com/shop.wait()\n\t/home/me/shop/shop.go:7 +0x5\n"
	for _, x := range []struct{ state, frames, want string }{
		{"select", std("net/http.(*persistConn).writeLoop"), "http connection"},
		{"chan send", std("net/http.(*persistConn).writeLoop"), ""},
		{"select", std("net/http.(*persistConn).readLoop"), ""},
		{"IO wait", std("bufio.(*Reader).Peek") + std("net/http.(*persistConn).readLoop"), "http keep-alive"},
		{"IO wait", std("bufio.(*Reader).Peek") + std("net/http.(*conn).serve"), "http keep-alive"},
		{"IO wait", std("bufio.(*Reader).Peek") + own + std("net/http.(*conn).serve"), ""},
		{"IO wait", std("internal/poll.(*FD).Accept"), "accepts connections"},
		{"GC worker (idle)", std("runtime.gcBgMarkWorker"), "runtime"},
		{"select", std("runtime.selectgo") + own, ""},
		{"select", grpc("(*controlBuffer).get") + grpc("(*loopyWriter).run"), "grpc connection"},
	} {
		d := read(t, []byte("goroutine 7 ["+x.state+"]:\n"+x.frames))
		if got := blocked.Analyze(d, blocked.Options{}).Idle[0]; got != x.want {
			t.Errorf("[%s] %s: %q, want %q", x.state, x.frames, got, x.want)
		}
	}
}

// TestSuspects: who is named, and who is not though something points to it.
func TestSuspects(t *testing.T) {
	two := waits(5, "0xc000010020", "(*Cart).Add(0x1?) :20", "(*Cart).Fill(0x1?) :30", "serve() :9") +
		waits(6, "0xc000010020", "(*Cart).Add(0x1?) :20", "(*Cart).Fill(0x1?) :30", "serve() :9")
	for _, x := range []struct {
		name, text string
		want       []uint64
	}{
		{"in another method of the type", two + stack(7, "sleep", "(*Cart).Pack(0x1?) :50", "serve() :9"), []uint64{7}},
		{"in the method in which the waiters are, at their line", two + stack(7, "sleep", "(*Cart).Fill(0x1?) :30", "serve() :9"), nil},
		{"the same, with a line that the dump lacks", two + stack(7, "sleep", "(*Cart).Fill(0x1?) ", "serve() :9"), nil},
		{"past the line of the lock", two + stack(7, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9"), []uint64{7}},
		{"before the line of the lock", two + stack(7, "sleep", "sum() :70", "count() :3"), nil},
		{"two past the line of the lock", two + stack(7, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9") + stack(8, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9"), nil},
		{"two past it, at different lines", two + stack(7, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9") + stack(8, "sleep", "(*Cart).Add(0x1?) :24", "serve() :9"), nil},
		{
			"two past the line of the lock, and one elsewhere", // who is one of many alike is passed over
			two + stack(7, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9") + stack(8, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9") + stack(9, "sleep", "(*Cart).Pack(0x1?) :50", "serve() :9"),
			[]uint64{9},
		},
		{"runnable in a method of the type", two + stack(7, "runnable", "(*Cart).Pack(0x1?) :50", "serve() :9"), nil},
		{"runnable past the line of the lock", two + stack(7, "runnable", "(*Cart).Add(0x1?) :22", "serve() :9"), []uint64{7}},
		{"one that waits for a lock, without the frames that do", two + stack(7, "sync.Mutex.Lock", "(*Cart).Pack(0x1?) :50", "serve() :9"), nil},
		{"a loop that was started as a method", two + stack(7, "select", "(*Cart).Run(0x1?) :50"), nil},
		{
			"another object of the type",
			waits(5, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9") + waits(6, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9") +
				stack(7, "sleep", "(*Cart).Add(0xc000020000) :22", "serve() :9"), nil,
		},
		{
			"the same object",
			waits(5, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9") + waits(6, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9") +
				stack(7, "sleep", "(*Cart).Add(0xc000010000) :22", "serve() :9") + stack(8, "sleep", "(*Cart).Add(0xc000020000) :22", "serve() :9"),
			[]uint64{7},
		},
		{
			"the nearest object before the lock",
			two + stack(7, "sleep", "(*Cart).Pack(0xc000010000) :50", "serve() :9") + stack(8, "sleep", "(*Cart).Pack(0xc00000f800) :50", "serve() :9"),
			[]uint64{7},
		},
		{
			"objects that are far from the lock", // it may be no part of them
			two + stack(7, "sleep", "(*Cart).Pack(0xc000510000) :50", "serve() :9") + stack(8, "sleep", "(*Cart).Pack(0x1?) :50", "serve() :9"), nil,
		},
		{"the address of the lock is an argument", two + stack(7, "sleep", "pack(0xc000010020) :3", "serve() :9"), []uint64{7}},
		{"the address of the lock was an argument", two + stack(7, "sleep", "pack(0xc000010020?) :3", "serve() :9"), nil},
		{
			"a goroutine past the line, which waits for another lock",
			two + waits(7, "0xc000050020", "(*Shelf).Take(0x1?) :80", "(*Cart).Add(0x1?) :22", "serve() :9"),
			[]uint64{7},
		},
		{
			"proven waiters, and a suspect that is not proven",
			strings.ReplaceAll(two, "Lock, 3", "Lock (leaked), 3") + stack(7, "sleep", "(*Cart).Add(0x1?) :22", "serve() :9"), nil,
		},
		{
			"proven waiters, and a suspect that is proven",
			strings.ReplaceAll(two, "Lock, 3", "Lock (leaked), 3") + stack(7, "chan send (leaked)", "(*Cart).Add(0x1?) :22", "serve() :9"),
			[]uint64{7},
		},
		{
			"a tree, whose nodes have locks", // it holds that of a parent
			waits(5, "0xc000010020", "(*Node).Sum(0x1?) :20", "(*Node).Sum(0x1?) :25", "serve() :9") + stack(7, "sleep", "(*Node).Fill(0x1?) :50", "serve() :9"),
			[]uint64{7},
		},
		{
			"a goroutine that locks twice", // the same object
			waits(5, "0xc000010020", "(*Node).Sum(0xc000010000) :20", "(*Node).Sum(0xc000010000) :25", "serve() :9"), []uint64{5},
		},
		{"one pool of connections", pool("0xc000010000", "0xc000010000"), []uint64{8}},
		{"two pools of connections", pool("0xc000010000", "0xc000020000"), nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			names := strong(read(t, []byte(x.text)), blocked.Options{})
			for _, id := range x.want {
				if !names[id] {
					t.Errorf("%d is not named", id)
				}
				delete(names, id)
			}
			if len(names) > 0 {
				t.Errorf("named: %v", names)
			}
		})
	}
}

// TestBlocks: all that wait count, not only those that a bucket lists one by one.
func TestBlocks(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(waits(10+i, "0xc000010020", "(*Cart).Add(0x1?) :20", "serve() :9"))
	}
	b.WriteString(waits(7, "0xc000050020", "(*Shelf).Take(0x1?) :80", "(*Cart).Add(0x1?) :22", "serve() :9"))
	b.WriteString(stack(8, "sleep", "(*Shelf).Take(0x1?) :85", "serve() :9"))
	for _, r := range blocked.Analyze(read(t, []byte(b.String())), blocked.Options{}).Resources {
		waiters, blocks, root := 100, 100, false
		if r.Name == "shop.Shelf" {
			waiters, blocks, root = 1, 101, true
		}
		if len(r.Suspects) != 1 {
			t.Fatalf("%s: %d suspects", r.Name, len(r.Suspects))
		}
		if x := r.Suspects[0]; r.Waiters != waiters || x.Blocks != blocks || x.Root != root {
			t.Errorf("%s: %d wait, %d blocks %d, root %v", r.Name, r.Waiters, x.ID, x.Blocks, x.Root)
		}
	}
}

// TestFile: a frame without a file, as damaged dumps have, takes none from others.
func TestFile(t *testing.T) {
	text := "goroutine 4 [sleep]:\nexample.com/shop.wait()\n\n" + stack(5, "chan send (nil chan)", "wait() :9")
	r := blocked.Analyze(read(t, []byte(text)), blocked.Options{}).Resources
	if len(r) != 1 || r[0].Site.File != "/home/me/shop/shop.go" {
		t.Errorf("%+v", r)
	}
}

// TestSource: what source says of the holder of a lock.
func TestSource(t *testing.T) {
	two := waits(5, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9") + waits(6, "0xc000010020", "(*Cart).Add(0xc000010000) :20", "serve() :9")
	for _, x := range []struct {
		name, body string
		want       bool
	}{
		{"locks", "c.mu.Lock()\nsleep()\nc.mu.Unlock()", true},
		{"has unlocked", "c.mu.Lock()\nc.mu.Unlock()\nsleep()", false},
		{"defers", "c.mu.Lock()\ndefer c.mu.Unlock()\nsleep()", true},
		{"unlocks where it returns", "c.mu.Lock()\nif c.n > 0 { c.mu.Unlock(); return }\nsleep()", true},
		{"unlocks where it goes on", "c.mu.Lock()\nif c.n > 0 { c.mu.Unlock() }\nsleep()", true}, // it may, and nobody else does
		{"unlocks on all paths", "c.mu.Lock()\nif c.n > 0 { c.mu.Unlock() } else { c.mu.Unlock() }\nsleep()", false},
		{"may have locked", "if c.n > 0 { c.mu.Lock() }\nsleep()", true},
		{"tries", "if !c.mu.TryLock() { return }\nsleep()", true},
		{"locks another field", "c.more.Lock()\nsleep()", false},
		{"locks in a function", "c.lock()\nsleep()", true},
		{"locks and unlocks in functions", "c.lock()\nc.unlock()\nsleep()", false},
		{"locks in a function that unlocks", "c.both()\nsleep()", false},
		{"locks in a loop", "for range 3 {\nc.mu.Lock()\nsleep()\nc.mu.Unlock()\n}", true},
		{"locks in a case", "switch c.n {\ncase 1:\nc.mu.Lock()\nsleep()\ncase 2:\n}", true},
		{"locks in another case", "switch c.n {\ncase 2:\nc.mu.Lock()\ncase 1:\nsleep()\n}", false},
		{"locks in a goroutine", "go func() { c.mu.Lock() }()\nsleep()", false},
		{"locks in a literal", "f := func() { c.mu.Lock() }\nsleep(f)", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString("package shop\n\nimport \"sync\"\n\ntype Cart struct {\n\tpad [4]int64\n\tmu sync.Mutex\n\tmore sync.Mutex\n\tn int\n}\n")
			for range 9 {
				text.WriteString("\n")
			}
			text.WriteString("func (c *Cart) Add(n int) { c.mu.Lock(); c.n += n; c.mu.Unlock() }\n" +
				"func (c *Cart) lock() { c.mu.Lock() }\nfunc (c *Cart) unlock() { c.mu.Unlock() }\nfunc (c *Cart) both() { c.mu.Lock(); defer c.mu.Unlock() }\nfunc sleep(f ...func()) {}\n")
			text.WriteString("func (c *Cart) Pack() {\n" + x.body + "\n}\n")
			before, _, _ := strings.Cut(text.String(), "sleep()\n")
			if x.name == "locks in a literal" {
				before, _, _ = strings.Cut(text.String(), "sleep(f)\n")
			}
			if strings.HasSuffix(text.String(), "\nsleep()\n}\n") {
				before = strings.TrimSuffix(text.String(), "sleep()\n}\n")
			}
			line := strings.Count(before, "\n") + 1
			source := func(goroutine.Frame) []blocked.SourceFile {
				return []blocked.SourceFile{{Name: "shop.go", Data: []byte(text.String())}}
			}
			d := read(t, []byte(two+stack(7, "sleep", fmt.Sprintf("(*Cart).Pack(0xc000010000) :%d", line), "serve() :9")))
			got := strong(d, blocked.Options{Source: source})[7]
			if got != x.want {
				t.Errorf("line %d: named: %v\n%s", line, got, summary(d, blocked.Analyze(d, blocked.Options{Source: source})))
			}
		})
	}
}

// TestShortSends: two that wait for each other's channel may go on by
// themselves, if they have only just begun to wait.
func TestShortSends(t *testing.T) {
	text, err := os.ReadFile("testdata/pattern/chan-cycle.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		text string
		want int
	}{{string(text), 1}, {strings.ReplaceAll(string(text), ", 3 minutes", ""), 0}} {
		if r := blocked.Analyze(read(t, []byte(x.text)), blocked.Options{Source: source}); len(r.Deadlocks) != x.want {
			t.Errorf("%d deadlocks, want %d", len(r.Deadlocks), x.want)
		}
	}
}

// TestEmbedded: an object and its first field have one address, and may each
// have a lock.
func TestEmbedded(t *testing.T) {
	writer := func(id int, typ string) string {
		return strings.Replace(waits(id, "0xc000010020", "(*"+typ+").Set(0xc000010000) :20", "serve() :9"), "sync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:46\n",
			"sync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:46\nsync.(*RWMutex).Lock(0x1?)\n\t/usr/local/go/src/sync/rwmutex.go:150 +0x5\n", 1)
	}
	reader := strings.Replace(stack(7, "sync.RWMutex.RLock, 3 minutes", "(*Cart).Get(0xc000010000) :30", "serve() :9"), "example.com",
		"sync.(*RWMutex).RLock(...)\n\t/usr/local/go/src/sync/rwmutex.go:74\nexample.com", 1)
	for typ, want := range map[string]int{"Cart": 1, "Goods": 2} {
		if r := blocked.Analyze(read(t, []byte(writer(5, typ)+writer(6, typ)+reader)), blocked.Options{}).Resources; len(r) != want {
			t.Errorf("%s: %d locks, want %d", typ, len(r), want)
		}
	}
}

// TestPointer: a lock that a field points to is no part of the object.
func TestPointer(t *testing.T) {
	text := "package shop\n\nimport \"sync\"\n\ntype Cart struct { n int; mu *sync.Mutex }\n\nfunc (c *Cart) Add() {\n\tc.mu.Lock()\n\tc.mu.Unlock()\n}\n\nfunc (c *Cart) Pack() {\n\tc.mu.Lock()\n\tsleep()\n}\n"
	source := func(goroutine.Frame) []blocked.SourceFile {
		return []blocked.SourceFile{{Name: "shop.go", Data: []byte(text)}}
	}
	one := waits(5, "0xc000910020", "(*Cart).Add(0xc000010000) :8", "serve() :9")
	d := read(t, []byte(one+strings.Replace(one, "goroutine 5", "goroutine 6", 1)+stack(7, "sleep", "(*Cart).Pack(0xc000010000) :14", "serve() :9")))
	r := blocked.Analyze(d, blocked.Options{Source: source}).Resources
	if len(r) != 1 || len(r[0].Suspects) != 1 || r[0].Suspects[0].Why[0].Signal != blocked.BySource {
		t.Errorf("%s", summary(d, &blocked.Report{Resources: r}))
	}
}
