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
	var log bytes.Buffer
	dumps, err := Collect(t.Context(), &log, pull)
	if err != nil {
		t.Fatal(err)
	}
	if len(dumps) != 3 {
		t.Fatalf("%d dumps", len(dumps))
	}
	for i, d := range dumps {
		if got, want := strings.Count(string(d.Text), deliver), warmUp+i*orders; got != want {
			t.Errorf("%s: %d leaked, want %d", d.Name, got, want)
		}
		for _, pool := range []string{"demo.(*shop).work(", "demo.(*shop).write(", "demo.(*shop).sweep("} {
			if got, want := strings.Count(string(d.Text), pool), strings.Count(string(dumps[0].Text), pool); got != want || got == 0 {
				t.Errorf("%s: %s: %d, and %d at first", d.Name, pool, got, want)
			}
		}
	}
	if !strings.Contains(log.String(), "sent 240 orders") {
		t.Errorf("log: %s", log.String())
	}
	left(t)
}

func TestCollectCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Collect(ctx, io.Discard, func(context.Context, string) ([]byte, error) {
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
