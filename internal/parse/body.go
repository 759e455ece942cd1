package parse

import (
	"bytes"

	"github.com/zeebo/xxh3"
)

// digester reads the frames of goroutines exactly. It holds the memory that is
// used again for the next one.
type digester struct {
	scratch []byte
	exact   bool  // the text comes from the machine, which has brought it into shape: C frames and ancestors may be there
	locks   uint8 // of the goroutine read last: see known
}

// digest reads the frames of the goroutine at the start of p, whose header ends
// at nl. It says false if a line is not of the regular shape: pairs of
// "function(arguments)" and "\tfile:line", created by, and the marks for frames
// left out. Such text goes line by line through the machine, which brings it
// into this shape.
func (d *digester) digest(p []byte, r *record, nl int) bool {
	r.lines = 1
	pos := nl + 1
	scratch := d.scratch[:0]
	d.locks = 0
	syncs := waitsForSync(r.state.of(p))
	var name, last []byte
	creator, whole := false, false
	for pos < len(p) {
		nl = bytes.IndexByte(p[pos:], '\n')
		if nl < 0 {
			return false
		}
		line := p[pos : pos+nl]
		if nl == 0 {
			break
		}
		start := pos
		pos += nl + 1
		r.lines++
		if line[0] == ' ' || line[0] == '\t' && nl > 1 && (line[1] == ' ' || line[1] == '\t') {
			return false // the exact reader takes further blanks off
		}
		if line[0] == '\t' {
			if name == nil {
				if !isUnavailable(line) {
					return false
				}
				scratch = append(scratch, 4)
				whole = true
				continue
			}
			base, number, ok := fileLine(line)
			if !ok {
				return false
			}
			scratch = append(scratch, name...)
			scratch = append(scratch, 0)
			scratch = append(scratch, base...)
			scratch = append(scratch, 0)
			scratch = append(scratch, number...)
			scratch = append(scratch, 1)
			last, name = name, nil
			continue
		}
		if line[0] == '[' && d.exact {
			pos += ancestors(p[pos:], r)
			break
		}
		if name != nil || creator {
			return false
		}
		if rest, ok := bytes.CutPrefix(line, createdBy); ok {
			creator = true
			if i := bytes.LastIndex(rest, inGoroutine); i >= 0 {
				rest = rest[:i]
			}
			scratch = append(scratch, 2)
			name = rest
			continue
		}
		if line[0] == '.' {
			if !isElided(line) {
				return false
			}
			scratch = append(scratch, 3)
			continue
		}
		if line[0] == cMark && d.exact {
			name = line[1:]
			r.frames++
			continue
		}
		open := bytes.LastIndexByte(line, '(')
		if open <= 0 || line[len(line)-1] != ')' {
			return false
		}
		name = line[:open]
		args := span{uint32(start + open + 1), uint32(start + len(line) - 1)}
		if r.frames == 0 {
			r.args = args
		}
		if r.frames < lockFrames && isSync(name) {
			d.locks |= 1 << r.frames
			if syncs && r.lock == 0 {
				r.lock = lockAddress(args.of(p))
			}
		}
		r.frames++
	}
	if name != nil {
		return false
	}
	if whole || creator || last != nil && startsWithoutCreator(last) {
		r.flags |= complete
	}
	h := xxh3.Hash128(scratch)
	r.key = key{h.Hi, h.Lo}
	d.scratch = scratch
	r.size = uint32(pos)
	return true
}

// ancestors passes over the frames of who started the starter: they are no
// part of what a bucket is.
func ancestors(p []byte, r *record) (size int) {
	end := bytes.Index(p, []byte("\n\n")) + 1
	if end <= 0 {
		end = len(p)
	}
	r.lines += uint32(bytes.Count(p[:end], []byte{'\n'}))
	return end
}

var (
	createdBy   = []byte("created by ")
	inGoroutine = []byte(" in goroutine ")
)

// fileLine splits "\t/dir/file.go:12 +0x1a fp=0x1 sp=0x2 pc=0x3" into the base
// name of the file and the line's digits.
func fileLine(line []byte) (base, number []byte, ok bool) {
	end := len(line)
	for {
		i := end - 1
		for i > 0 && line[i] != ' ' && line[i] != ':' && line[i] != '/' {
			i--
		}
		if line[i] != ' ' || !isOffset(line[i+1:end]) {
			break
		}
		end = i
	}
	i := end
	for i > 0 && line[i-1]-'0' <= 9 {
		i--
	}
	if i == end || i < 2 || line[i-1] != ':' {
		return nil, nil, false
	}
	j := i - 1
	for j > 1 && line[j-1] != '/' && line[j-1] != '\\' {
		j--
	}
	return line[j : i-1], line[i:end], j < i-1
}

// isOffset reports whether a word is +0x1a, fp=0x1a, sp=0x1a or pc=0x1a.
func isOffset(w []byte) bool {
	if len(w) < 4 {
		return false
	}
	if w[0] == '+' {
		return w[1] == '0' && w[2] == 'x'
	}
	return len(w) > 5 && w[1] == 'p' && w[2] == '=' && (w[0] == 'f' || w[0] == 's') || len(w) > 5 && w[0] == 'p' && w[1] == 'c' && w[2] == '='
}

// isUnavailable recognises the line that stands for the frames of a goroutine
// whose stack could not be read.
func isUnavailable(line []byte) bool {
	return bytes.HasSuffix(line, []byte("; stack unavailable")) && bytes.HasPrefix(bytes.TrimLeft(line, " \t"), goroutineWord)
}

// isElided recognises "...23 frames elided..." (Go 1.21 and later) and
// "...additional frames elided...".
func isElided(line []byte) bool {
	return bytes.HasPrefix(line, []byte("...")) && bytes.HasSuffix(line, []byte(" frames elided..."))
}

func isSync(name []byte) bool {
	return bytes.HasPrefix(name, []byte("sync.")) || bytes.HasPrefix(name, []byte("internal/sync."))
}

// lockAddress is the first argument of a method of a lock, if it was printed
// for certain (no "?"): waiters of one lock have it in common. It is 0 if not.
func lockAddress(args []byte) uint64 {
	if i := bytes.IndexByte(args, ','); i >= 0 {
		args = args[:i]
	}
	if !bytes.HasPrefix(args, []byte("0x")) || len(args) < 5 || len(args) > 18 {
		return 0
	}
	var a uint64
	for _, c := range args[2:] {
		switch {
		case c-'0' <= 9:
			a = a<<4 | uint64(c-'0')
		case c-'a' <= 5:
			a = a<<4 | uint64(c-'a'+10)
		default:
			return 0
		}
	}
	return a
}

// startsWithoutCreator reports whether the outermost function is one that no
// go statement of the program started.
func startsWithoutCreator(name []byte) bool {
	return string(name) == "main.main" || bytes.HasPrefix(name, []byte("runtime.")) || bytes.HasPrefix(name, []byte("_cgoexp_")) ||
		bytes.IndexByte(name, '.') < 0
}
