package source

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Memory is what a process says of its memory, in bytes: runtime.MemStats.
type Memory struct {
	Alloc, TotalAlloc, Sys, HeapAlloc uint64
	NumGC                             uint64
}

// ErrNoMemory is returned by a target that reports nothing about its memory.
var ErrNoMemory = errors.New("the target serves no heap profile")

// Memory reads the figures at the end of the heap profile's text. They stop
// the process for some microseconds (runtime.ReadMemStats); the profile itself
// is written from records that are there anyway, and forces no collection.
func (t *Process) Memory(ctx context.Context) (*Memory, error) {
	if err := t.turn.take(ctx); err != nil {
		return nil, t.cannotAsk(ctx, t.Name(), err)
	}
	defer t.turn.give()
	defer t.took(time.Now())
	ctx, cancel := t.limited(ctx)
	defer cancel()
	resp, err := t.get(ctx, "heap", Level1)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, ErrNoMemory
	}
	m := &Memory{}
	figures := map[string]*uint64{"Alloc": &m.Alloc, "TotalAlloc": &m.TotalAlloc, "Sys": &m.Sys, "HeapAlloc": &m.HeapAlloc, "NumGC": &m.NumGC}
	found := 0
	s := bufio.NewScanner(io.LimitReader(resp.Body, t.o.maxBytes()))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(s.Text(), "# "), " = ")
		if to := figures[name]; ok && to != nil {
			if *to, err = strconv.ParseUint(value, 10, 64); err == nil {
				found++
			}
		}
	}
	if found < len(figures) {
		return nil, ErrNoMemory
	}
	return m, nil
}
