package blocked

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
)

// stubs are packages of the standard library as far as locks and the layout of
// structs with them need them. Field sizes are those of Go's own.
var stubs = map[string]string{
	"sync": `package sync
type Locker interface { Lock(); Unlock() }
type Mutex struct { state int32; sema uint32 }
func (*Mutex) Lock() {}
func (*Mutex) Unlock() {}
func (*Mutex) TryLock() bool { return false }
type RWMutex struct { w Mutex; writerSem, readerSem uint32; readerCount, readerWait int32 }
func (*RWMutex) Lock() {}
func (*RWMutex) Unlock() {}
func (*RWMutex) TryLock() bool { return false }
func (*RWMutex) RLock() {}
func (*RWMutex) RUnlock() {}
func (*RWMutex) TryRLock() bool { return false }
func (*RWMutex) RLocker() Locker { return nil }
type Once struct { done uint32; m Mutex }
func (*Once) Do(func()) {}
type WaitGroup struct { state uint64; sema uint32 }
func (*WaitGroup) Add(int) {}
func (*WaitGroup) Done() {}
func (*WaitGroup) Wait() {}
func (*WaitGroup) Go(func()) {}
type Cond struct { L Locker; wait, notify uint32; lock uintptr; head, tail *int; check uintptr }
func NewCond(l Locker) *Cond { return nil }
func (*Cond) Wait() {}
func (*Cond) Signal() {}
func (*Cond) Broadcast() {}
`,
	"context": `package context
type Context interface { Done() <-chan struct{}; Err() error; Value(any) any }
type CancelFunc func()
`,
	"time": `package time
type Duration int64
type Time struct { wall uint64; ext int64; loc *int }
type Timer struct { C <-chan Time; b bool }
type Ticker struct { C <-chan Time; b bool }
func NewTicker(Duration) *Ticker { return nil }
func (*Ticker) Stop() {}
func NewTimer(Duration) *Timer { return nil }
func Tick(Duration) <-chan Time { return nil }
func After(Duration) <-chan Time { return nil }
`,
	"net": `package net
type Conn interface { Close() error }
type Listener interface { Close() error }
type Addr interface { String() string }
`,
	"io": `package io
type Reader interface { Read([]byte) (int, error) }
type Writer interface { Write([]byte) (int, error) }
type Closer interface { Close() error }
type ReadCloser interface { Reader; Closer }
type WriteCloser interface { Writer; Closer }
type ReadWriter interface { Reader; Writer }
type ReadWriteCloser interface { Reader; Writer; Closer }
`,
	"sync/atomic": `package atomic
type Bool struct { v uint32 }
type Int32 struct { v int32 }
type Uint32 struct { v uint32 }
type Int64 struct { v int64 }
type Uint64 struct { v uint64 }
type Value struct { v any }
type Pointer[T any] struct { v *T }
`,
}

// stub makes a package of its text.
func stub(name, text string, i types.Importer) (*types.Package, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	c := types.Config{Importer: i, Error: func(error) {}}
	p, _ := c.Check(name, fset, []*ast.File{f}, nil)
	return p, nil
}
