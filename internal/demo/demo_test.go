package demo

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

const deliver = "gdump/internal/demo/bus.(*Subscription).deliver("

func pull(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func TestCollect(t *testing.T) {
	var talk bytes.Buffer
	before, after, err := Collect(t.Context(), &talk, pull)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(before), deliver); got != warmUp {
		t.Errorf("before: %d leaked, want %d", got, warmUp)
	}
	if got := strings.Count(string(after), deliver); got != warmUp+orders {
		t.Errorf("after: %d leaked, want %d", got, warmUp+orders)
	}
	for _, pool := range []string{"demo.(*shop).work(", "demo.(*shop).write(", "demo.(*shop).sweep("} {
		if b, a := strings.Count(string(before), pool), strings.Count(string(after), pool); b != a || b == 0 {
			t.Errorf("%s: %d before, %d after", pool, b, a)
		}
	}
	if !strings.Contains(talk.String(), "sent 240 orders") {
		t.Errorf("talk: %s", talk.String())
	}
	left(t)
}

func TestCollectCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := Collect(ctx, io.Discard, func(context.Context, string) ([]byte, error) {
		cancel()
		return []byte("x"), nil
	})
	if err == nil {
		t.Error("no error although the context was canceled")
	}
	left(t)
}

// left fails if a goroutine of the demo is still there. Connections need a
// moment to notice that they were closed.
func left(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	buf := make([]byte, 1<<20)
	for {
		stacks := string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(stacks, "demo.(*shop)") && !strings.Contains(stacks, "demo/bus.") {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("goroutines of the demo are left:\n%s", stacks)
		}
	}
}
