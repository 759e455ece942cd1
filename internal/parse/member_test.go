package parse

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/goroutine"

	"github.com/google/go-cmp/cmp"
)

func TestMembers(t *testing.T) {
	text := "goroutine 7 [sync.Mutex.Lock, 5 minutes]:\nmain.f(0xc000102000, {0x1, {0x2?, 0x3}}, _, ...)\n\t/a/main.go:8 +0x1\nmain.g(...)\n\t/a/main.go:9\nmain.h()\n\t/a/main.go:10 +0x1\ncreated by main.main in goroutine 3\n\t/a/main.go:2 +0x1\n\n" +
		"goroutine 8 [select]:\nmain.f(0xffffffffffffffff)\n\t/a/main.go:8 +0x1\nmain.g(...)\n\t/a/main.go:9\nmain.h()\n\t/a/main.go:10 +0x1\ncreated by main.main in goroutine 4\n\t/a/main.go:2 +0x1\n"
	want := []goroutine.Member{
		{ID: 7, State: "sync.Mutex.Lock", Wait: 5, Creator: 3, Args: [][]uint64{{0xc000102000, 1, 0, 3, 0, 0}, nil, {}}},
		{ID: 8, State: "select", Creator: 4, Args: [][]uint64{{0xffffffffffffffff}, nil, {}}},
	}
	d := read(t, text)[0]
	if diff := cmp.Diff(want, d.Buckets[0].Members); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestManyMembers keeps 64 of a bucket, fewer where there are many buckets, and
// none of the last where there are very many.
func TestManyMembers(t *testing.T) {
	for _, tt := range []struct{ stacks, each, least, most int }{{1, 100, 64, 64}, {10, 3, 3, 3}, {256, 100, 16, 16}, {5000, 2, 1, 1}, {20_000, 1, 0, 1}} {
		var b strings.Builder
		for i := range tt.stacks * tt.each {
			fmt.Fprintf(&b, "goroutine %d [select]:\nmain.f(0x%x)\n\t/a/main.go:%d +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:2 +0x1\n\n", i+1, i+1, 1+i%tt.stacks)
		}
		d := read(t, b.String())[0]
		total, least, most := 0, memberEach, 0
		for _, k := range d.Buckets {
			n := len(k.Members)
			total, least, most = total+n, min(least, n), max(most, n)
			for i, m := range k.Members {
				if i >= len(k.IDs.First(n)) || m.ID != k.IDs.First(n)[i] || m.Args[0][0] != m.ID {
					t.Fatalf("member %d of a bucket is %+v", i, m)
				}
			}
		}
		if most != tt.most || least != tt.least || total > maxMembers {
			t.Errorf("%d stacks of %d goroutines: %d to %d members, %d in all; want %d to %d", tt.stacks, tt.each, least, most, total, tt.least, tt.most)
		}
	}
}
