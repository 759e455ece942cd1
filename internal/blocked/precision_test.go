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
			two + waits(7, "0xc000050020", "(*Shelf).Take(0x1?) :80", "(*Cart).Add(0x1?) :22", "serve() :9"), []uint64{7},
		},
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
