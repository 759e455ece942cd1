package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// sources are the real dumps that are multiplied: servers at work, a leak, and
// a program with many kinds of goroutines.
var sources = []string{
	"server/prometheus.b.debug2.txt", "server/caddy.b.debug2.txt", "server/nats126.debug2.txt", "server/nats.b.debug2.txt",
	"gen126/zoo126_min.debug2.txt", "gen126/zoo126_buildA.debug2only.txt", "gen126/zoo126_buildB.debug2only.txt", "gen126/zoo126_trim.debug2only.txt",
	"genold/go1.10.8_d2.txt", "genold/go1.20.14_d2.txt", "genold/go1.23.4_d2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v2.t1.debug2.txt",
}

// template is the text of a goroutine with gaps for what differs between the
// goroutines of one stack.
type template struct {
	state    []byte // what stands between "[" and the header's end, without minutes
	rest     []byte // of the header
	segments []segment
}

type segment struct {
	text []byte
	gap  gap
	was  []byte // in the gap
}

type gap int

const (
	none     gap = iota
	argument     // six hexadecimal digits of a pointer
	creator      // the id of the goroutine that started this one
	line         // the line number of the leaf frame
)

// templates reads one goroutine of each stack in the sources, which are found
// below dir.
func templates(dir string) ([]template, error) {
	var all []template
	seen := map[string]bool{}
	for _, name := range sources {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		for text := range bytes.SplitSeq(bytes.TrimSpace(data), []byte("\n\n")) {
			if bytes.HasPrefix(text, []byte("goroutine ")) && bytes.IndexByte(text, '\n') > 0 {
				t := newTemplate(append(bytes.Clone(text), '\n'))
				if key := t.stack(); !seen[key] {
					seen[key] = true
					all = append(all, t)
				}
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no dumps to multiply in %s", dir)
	}
	return all, nil
}

func newTemplate(text []byte) template {
	header, body, _ := bytes.Cut(text, []byte{'\n'})
	_, header, _ = bytes.Cut(header, []byte(" ["))
	end := bytes.IndexAny(header, ",]{")
	if header[end] == '{' {
		end = bytes.Index(header, []byte(" labels:"))
	}
	t := template{state: header[:end], rest: header[end:]}
	if after, ok := bytes.CutPrefix(t.rest, []byte(", ")); ok {
		if n := bytes.Index(after, []byte(" minutes")); n > 0 && n < 8 {
			t.rest = after[n+len(" minutes"):]
		}
	}
	from := 0
	cut := func(at, size int, g gap) {
		t.segments = append(t.segments, segment{body[from:at], g, body[at : at+size]})
		from = at + size
	}
	leaf := true
	for at := 0; at < len(body); {
		end := at + bytes.IndexByte(body[at:], '\n')
		l := body[at:end]
		switch {
		case l[0] == '\t' && leaf:
			leaf = false
			if colon := bytes.LastIndexByte(l, ':'); colon > 0 {
				n := len(l[colon+1:])
				if blank := bytes.IndexByte(l[colon:], ' '); blank > 0 {
					n = blank - 1
				}
				cut(at+colon+1, n, line)
			}
		case bytes.HasPrefix(l, []byte("created by ")):
			if i := bytes.LastIndex(l, []byte(" in goroutine ")); i > 0 {
				cut(at+i+len(" in goroutine "), len(l)-i-len(" in goroutine "), creator)
			}
		case l[0] != '\t':
			for p := bytes.LastIndexByte(l, '(') + 1; p > 0 && p < len(l); {
				i := bytes.Index(l[p:], []byte("0xc"))
				if i < 0 {
					break
				}
				p += i + 3
				digits := 0
				for p+digits < len(l) && isHex(l[p+digits]) {
					digits++
				}
				if digits >= 6 {
					cut(at+p, 6, argument)
				}
				p += digits
			}
		}
		at = end + 1
	}
	t.segments = append(t.segments, segment{text: body[from:]})
	return t
}

// stack is the text without what is in the gaps.
func (t *template) stack() string {
	var b []byte
	for _, s := range t.segments {
		b = append(b, s.text...)
		if s.gap == line {
			b = append(b, s.was...)
		}
	}
	return string(b)
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

// order is which stack each goroutine of an input has.
type order string

const (
	asDumped order = "same"     // the goroutines of the dumps one after the other, again and again
	shuffled order = "shuffled" // any stack after any other
	distinct order = "distinct" // as dumped, but no two stacks are the same
)

// multiply writes n goroutines.
func multiply(w io.Writer, all []template, n int, o order) error {
	var b []byte
	seed := uint32(1)
	random := func() uint32 {
		seed ^= seed << 13
		seed ^= seed >> 17
		seed ^= seed << 5
		return seed
	}
	for i := range n {
		t := &all[i%len(all)]
		if o == shuffled {
			t = &all[int(random())%len(all)]
		}
		b = append(b[:0], "goroutine "...)
		b = strconv.AppendInt(b, int64(i+1), 10)
		b = append(append(b, " ["...), t.state...)
		if minutes := random() % 64; minutes > 0 && len(t.segments) > 2 {
			b = append(b, ", "...)
			b = strconv.AppendInt(b, int64(minutes), 10)
			b = append(b, " minutes"...)
		}
		b = append(append(b, t.rest...), '\n')
		for _, s := range t.segments {
			b = append(b, s.text...)
			switch s.gap {
			case argument:
				b = fmt.Appendf(b, "%06x", random()&0xffffff)
			case creator:
				b = strconv.AppendInt(b, int64(random()%uint32(n)), 10)
			case line:
				if o == distinct {
					b = strconv.AppendInt(b, int64(100+i), 10)
				} else {
					b = append(b, s.was...)
				}
			}
		}
		if i < n-1 {
			b = append(b, '\n')
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// build makes a file of n goroutines in dir, unless it is there.
func build(dir string, all []template, n int, o order, zip bool) (string, error) {
	name := filepath.Join(dir, fmt.Sprintf("%d-%s.dump", n, o))
	if zip {
		name += ".gz"
	}
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	f, err := os.Create(name + ".partial")
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := bufio.NewWriterSize(f, 1<<20)
	var w io.Writer = buf
	var z *gzip.Writer
	if zip {
		z = gzip.NewWriter(buf)
		w = z
	}
	if err := multiply(w, all, n, o); err != nil {
		return "", err
	}
	if z != nil {
		if err := z.Close(); err != nil {
			return "", err
		}
	}
	if err := buf.Flush(); err != nil {
		return "", err
	}
	return name, os.Rename(name+".partial", name)
}
