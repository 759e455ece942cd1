package parse

import (
	"bytes"

	"github.com/zeebo/xxh3"
)

// record is one goroutine, digested: all that the counts need, and the hash
// that says which bucket it belongs to.
type record struct {
	header
	key     xxh3.Uint128 // over the stack and created by
	frames  int
	address []byte // first argument of the sync primitive it is parked in
	args    []byte // arguments of the leaf frame
	// complete is false where the text ends although the goroutine does not:
	// neither created by nor a frame that Go starts without one.
	complete bool
	size     int // bytes of text
	lines    int // lines of text
}

// digester turns the text of goroutines into records. It holds the memory that
// is used again for the next one.
type digester struct {
	scratch []byte
	exact   bool // the text comes from the machine, which has brought it into shape: C frames and ancestors may be there
}

// digest reads one goroutine from the start of p, up to the blank line that
// ends it or to the end of p. It says false if a line is not of the regular
// shape: a header, pairs of "function(arguments)" and "\tfile:line", created
// by, and the marks for frames left out. Such text goes line by line through
// the exact reader, which brings it into this shape.
func (d *digester) digest(p []byte) (record, bool) {
	var r record
	nl := bytes.IndexByte(p, '\n')
	if nl < 0 {
		return r, false
	}
	var ok bool
	if r.header, ok = parseHeader(p[:nl]); !ok {
		return r, false
	}
	r.lines = 1
	pos := nl + 1
	key := d.scratch[:0]
	waitsForSync := bytes.HasPrefix(r.state, []byte("sync.")) || string(r.state) == "semacquire"
	var name, last []byte
	creator := false
	for pos < len(p) {
		nl = bytes.IndexByte(p[pos:], '\n')
		if nl < 0 {
			return r, false
		}
		line := p[pos : pos+nl]
		if nl == 0 {
			break
		}
		pos += nl + 1
		r.lines++
		if line[0] == '\t' {
			if name == nil {
				if !isUnavailable(line) {
					return r, false
				}
				key = append(key, 4)
				r.complete = true
				continue
			}
			base, number, ok := fileLine(line)
			if !ok {
				return r, false
			}
			key = append(key, name...)
			key = append(key, 0)
			key = append(key, base...)
			key = append(key, 0)
			key = append(key, number...)
			key = append(key, 1)
			last, name = name, nil
			continue
		}
		if line[0] == '[' && d.exact {
			pos += ancestors(p[pos:], &r)
			break
		}
		if name != nil || creator {
			return r, false
		}
		if rest, ok := bytes.CutPrefix(line, createdBy); ok {
			creator = true
			if i := bytes.LastIndex(rest, inGoroutine); i >= 0 {
				rest = rest[:i]
			}
			key = append(key, 2)
			name = rest
			continue
		}
		if line[0] == '.' {
			if !isElided(line) {
				return r, false
			}
			key = append(key, 3)
			continue
		}
		if line[0] == cMark && d.exact {
			name = line[1:]
			r.frames++
			continue
		}
		open := bytes.LastIndexByte(line, '(')
		if open <= 0 || line[len(line)-1] != ')' {
			return r, false
		}
		name = line[:open]
		if r.frames == 0 {
			r.args = line[open+1 : len(line)-1]
		}
		if waitsForSync && r.address == nil && r.frames < 6 {
			r.address = lockAddress(name, line[open+1:len(line)-1])
		}
		r.frames++
	}
	if name != nil {
		return r, false
	}
	r.complete = r.complete || creator || r.id <= 1 || last != nil && startsWithoutCreator(last)
	r.key = xxh3.Hash128(key)
	d.scratch = key
	r.size = pos
	return r, true
}

// ancestors passes over the frames of who started the starter: they are no
// part of what a bucket is.
func ancestors(p []byte, r *record) (size int) {
	end := bytes.Index(p, []byte("\n\n")) + 1
	if end <= 0 {
		end = len(p)
	}
	r.lines += bytes.Count(p[:end], []byte{'\n'})
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

// lockAddress is the first argument of a method of a lock, if it was printed
// for certain (no "?"): waiters of one lock have it in common.
func lockAddress(name, args []byte) []byte {
	if !bytes.HasPrefix(name, []byte("sync.")) && !bytes.HasPrefix(name, []byte("internal/sync.")) {
		return nil
	}
	if i := bytes.IndexByte(args, ','); i >= 0 {
		args = args[:i]
	}
	if !bytes.HasPrefix(args, []byte("0x")) || args[len(args)-1] == '?' || len(args) < 5 {
		return nil
	}
	return args
}

// startsWithoutCreator reports whether the outermost function is one that no
// go statement of the program started.
func startsWithoutCreator(name []byte) bool {
	return string(name) == "main.main" || bytes.HasPrefix(name, []byte("runtime.")) || bytes.HasPrefix(name, []byte("_cgoexp_")) ||
		bytes.IndexByte(name, '.') < 0
}
