package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// wrapping is what a log system makes of a line.
type wrapping struct {
	name        string
	line        func(to, line []byte) []byte
	quit        bool // as SIGQUIT prints it
	accept, aim float64
}

func prefix(p string) func(to, line []byte) []byte {
	return func(to, line []byte) []byte { return append(append(to, p...), line...) }
}

// record makes of a line what Docker does.
func record(to, line []byte) []byte {
	to = append(to, `{"log":"`...)
	for _, c := range bytes.TrimSuffix(line, []byte{'\n'}) {
		switch c {
		case '\t':
			to = append(to, `\t`...)
		case '"', '\\':
			to = append(to, '\\', c)
		default:
			to = append(to, c)
		}
	}
	return append(to, `\n","stream":"stderr","time":"2026-11-24T22:45:26.123456789Z"}`+"\n"...)
}

const container = "2026-11-24T22:45:26.123456789Z stderr F "

var wrappings = []wrapping{
	{"behind a container's prefix", prefix(container), false, 4, 2.5},
	{"behind a journal's prefix", prefix("Nov 24 22:45:26 web-1 app[1234]: "), false, 4, 2.5},
	{"Docker's JSON records", record, false, 8, 5},
	{"SIGQUIT output", prefix(""), true, 4, 2},
	{"SIGQUIT output behind a container's prefix", prefix(container), true, 8, 4},
}

// wrap writes the lines of a file as a log system does.
func (w *wrapping) wrap(from, name string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	r, to := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	var b, long []byte
	for n := 0; ; n++ {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 {
			if w.quit {
				long = quitLine(long[:0], line, n)
				line = long
			}
			b = w.line(b[:0], line)
			if _, err := to.Write(b); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return to.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// quitLine adds to a line what SIGQUIT prints more than debug=2.
func quitLine(to, line []byte, n int) []byte {
	text := bytes.TrimSuffix(line, []byte{'\n'})
	switch {
	case bytes.HasPrefix(text, []byte("goroutine ")):
		head, rest, _ := bytes.Cut(text, []byte(" ["))
		to = fmt.Appendf(append(to, head...), " gp=0xc%09x m=nil [", n)
		to = append(to, rest...)
	case bytes.HasPrefix(text, []byte{'\t'}) && bytes.Contains(text, []byte(" +0x")):
		to = fmt.Appendf(append(to, text...), " fp=0xc%09x sp=0xc%09x pc=0x46f8e1", n, n+64)
	default:
		to = append(to, text...)
	}
	return append(to, '\n')
}

// wrapped compares the whole program with grep on the same file.
func (b *bench) wrapped(ctx context.Context, _ string, all []template) error {
	plain, err := build(b.dir, all, 3*b.small, asDumped, false) // long enough to forget how a program starts
	if err != nil {
		return err
	}
	for i := range wrappings {
		w := &wrappings[i]
		file := filepath.Join(b.dir, "wrapped-"+strconv.Itoa(i)+".log")
		if err := w.wrap(plain, file); err != nil {
			return err
		}
		got, err := contest(ctx, b.rounds, map[string][]string{"gdump": {b.gdump, file, "--format", "text"}, "grep": {"grep", "-c", "goroutine ", file}})
		if err != nil {
			return err
		}
		b.ratio("program, "+w.name+", CPU to grep -c", got["gdump"], got["grep"], false, w.accept, w.aim)
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// crashes compares reading a log of crashes with reading four times as many.
func (b *bench) crashes(ctx context.Context, self string, _ []template) error {
	files := map[string]string{}
	for name, n := range map[string]int{"few": 20_000, "many": 80_000} {
		files[name] = filepath.Join(b.dir, name+".log")
		text := bytes.Repeat([]byte("panic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\nexit status 2\n"), n)
		if err := os.WriteFile(files[name], text, 0o644); err != nil {
			return err
		}
	}
	got, err := contest(ctx, b.rounds, map[string][]string{"few": engine(self, "gdump", files["few"], 2), "many": engine(self, "gdump", files["many"], 2)})
	if err != nil {
		return err
	}
	b.ratio("read a log with four times as many crashes, CPU", got["many"], got["few"], false, 6, 4.2)
	return nil
}
