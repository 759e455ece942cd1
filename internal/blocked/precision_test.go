package blocked_test

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/blocked"
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
		{"runnable in a method of the type", two + stack(7, "runnable", "(*Cart).Pack(0x1?) :50", "serve() :9"), nil},
		{"runnable past the line of the lock", two + stack(7, "runnable", "(*Cart).Add(0x1?) :22", "serve() :9"), []uint64{7}},
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
