package parse

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"gdump/internal/goroutine"

	"github.com/maruel/panicparse/v2/stack"
)

// maxPanicparse is how many stacks of a dump panicparse reads, where long ones
// count several times. It needs about
// 64 µs each, so a dump of a million different stacks would take a minute;
// past the limit our own reading of the same lines serves, which a test holds
// equal to panicparse's.
const maxPanicparse = 4096

// cMark begins the function line of a C frame in the regular text: such names
// ("ns::f(int, char const*)") have no argument list of Go's kind.
const cMark = '\x01'

// interner makes equal strings of a dump share their memory, and counts what
// panicparse has read.
type interner struct {
	strings map[string]string
	read    int
}

func (in *interner) str(s string) string {
	if t, ok := in.strings[s]; ok {
		return t
	}
	if in.strings == nil {
		in.strings = map[string]string{}
	}
	s = strings.Clone(s)
	in.strings[s] = s
	return s
}

// rawFrame is a frame as its two lines say it.
type rawFrame struct {
	function, args, file string
	line                 int
	c                    bool // C code: panicparse cannot read its name
}

// rawStack is a goroutine's text, line by line.
type rawStack struct {
	frames      []rawFrame
	creator     *rawFrame
	ancestors   []rawFrame
	elided      int
	elidedAt    int
	unavailable bool
}

// stack parses the regular text of one goroutine into frames.
func (in *interner) stack(text []byte) goroutine.Stack {
	raw := splitFrames(string(text))
	if in.read += 1 + len(raw.frames)/64; in.read <= maxPanicparse {
		raw.panicparse()
	}
	s := goroutine.Stack{Elided: raw.elided, ElidedAt: raw.elidedAt, Unavailable: raw.unavailable}
	if len(raw.frames) > 0 {
		s.Frames = make([]goroutine.Frame, len(raw.frames))
	}
	for i := range raw.frames {
		s.Frames[i] = in.frame(&raw.frames[i])
	}
	if raw.creator != nil {
		s.CreatedBy = in.frame(raw.creator)
	}
	for i := range raw.ancestors {
		s.Ancestors = append(s.Ancestors, in.frame(&raw.ancestors[i]))
	}
	return s
}

func (in *interner) frame(r *rawFrame) goroutine.Frame {
	f := goroutine.Frame{Function: in.str(r.function), File: in.str(r.file), Line: r.line}
	if !r.c {
		f.Package = in.str(packageOf(r.function))
	}
	return f
}

// splitFrames reads the regular text of a goroutine: see digest.
func splitFrames(text string) rawStack {
	var s rawStack
	ancestors := false
	var name string
	_, text, _ = strings.Cut(text, "\n")
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
		case line[0] == '\t' && name == "":
			s.unavailable = s.unavailable || isUnavailable([]byte(line))
		case line[0] == '\t':
			f := newRawFrame(name, line)
			switch {
			case strings.HasPrefix(name, string(createdBy)):
				f.function = strings.TrimPrefix(name, string(createdBy))
				if i := strings.LastIndex(f.function, string(inGoroutine)); i >= 0 {
					f.function = f.function[:i]
				}
				f.function, f.args = decodeName(f.function), ""
				if s.creator == nil {
					s.creator = &f
				} else {
					s.ancestors = append(s.ancestors, f)
				}
			case ancestors:
				s.ancestors = append(s.ancestors, f)
			default:
				s.frames = append(s.frames, f)
			}
			name = ""
		case line[0] == '[':
			ancestors = true
		case isElided([]byte(line)):
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(line, "..."), " frames elided..."))
			if err != nil {
				n = -1
			}
			s.elided, s.elidedAt = n, len(s.frames)
		default:
			name = line
		}
	}
	return s
}

func newRawFrame(name, fileLineText string) rawFrame {
	var f rawFrame
	if name[0] == cMark {
		f.function, f.c = name[1:], true
	} else if i := strings.LastIndexByte(name, '('); i > 0 {
		f.function, f.args = decodeName(name[:i]), strings.TrimSuffix(name[i+1:], ")")
	} else {
		f.function = decodeName(name)
	}
	line := []byte(fileLineText)
	_, number, ok := fileLine(line)
	if !ok {
		return f
	}
	end := cap(line) - cap(number) - 1 // where the ":" stands
	f.file = string(line[1:end])
	f.line, _ = strconv.Atoi(string(number))
	return f
}

// panicparse lets panicparse read the frames of Go code. Its names win where
// it read as many frames as there are. The text it gets is brought into the
// shape that version 2.5.0 reads right: no creator's goroutine ("in goroutine
// 7" would become part of the name), "+" kept from its URL decoding, and ".go"
// behind file names of any other ending. It reports whether panicparse did.
func (s *rawStack) panicparse() (read bool) {
	// It indexes past the end of names such as "a%" (v2.5.0); ours stays then.
	defer func() {
		if recover() != nil {
			read = false
		}
	}()
	var b bytes.Buffer
	b.WriteString("goroutine 1 [running]:\n")
	var frames []*rawFrame
	put := func(prefix string, f *rawFrame) {
		b.WriteString(prefix)
		b.WriteString(encodeName(f.function))
		if prefix == "" {
			b.WriteByte('(')
			b.WriteString(f.args)
			b.WriteByte(')')
		}
		b.WriteString("\n\t")
		b.WriteString(f.file)
		if !strings.HasSuffix(f.file, ".go") && !strings.HasSuffix(f.file, ".s") {
			b.WriteString(oddEnding)
		}
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(f.line))
		b.WriteString(" +0x1\n")
	}
	for i := range s.frames {
		if f := &s.frames[i]; !f.c {
			frames = append(frames, f)
			put("", f)
		}
	}
	if s.creator != nil {
		put(string(createdBy), s.creator)
	}
	b.WriteByte('\n')
	snap, _, err := stack.ScanSnapshot(&b, io.Discard, &stack.Opts{})
	if err != nil && err != io.EOF || snap == nil || len(snap.Goroutines) != 1 {
		return false
	}
	g := snap.Goroutines[0]
	if len(g.Stack.Calls) != len(frames) {
		return false
	}
	for i, f := range frames {
		f.take(&g.Stack.Calls[i])
	}
	if s.creator != nil && len(g.CreatedBy.Calls) == 1 {
		s.creator.take(&g.CreatedBy.Calls[0])
	}
	return true
}

const oddEnding = "\x00.go"

func (f *rawFrame) take(c *stack.Call) {
	f.function = c.Func.Complete
	f.file = strings.TrimSuffix(c.RemoteSrcPath, oddEnding)
	f.line = c.Line
}

// decodeName turns the linker's escapes in the last element of an import path
// back: "gopkg.in/yaml%2ev3.Unmarshal" is function Unmarshal of gopkg.in/yaml.v3.
func decodeName(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(name[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// encodeName writes a decoded name such that panicparse decodes it to the same
// and finds the package's end at the right dot.
func encodeName(name string) string {
	pkg := packageOf(name)
	slash := strings.LastIndexByte(pkg, '/') + 1
	head := pkg[:slash] + strings.ReplaceAll(pkg[slash:], ".", "%2e")
	name = strings.ReplaceAll(head+name[len(pkg):], "+", "%2b")
	return strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "%252", "%2")
}

// packageOf is the import path in a decoded function name. The path ends at
// the first dot after its last slash, but a version ending such as ".v3"
// belongs to it.
func packageOf(function string) string {
	head := function
	if i := strings.IndexAny(head, "[("); i >= 0 {
		head = head[:i]
	}
	slash := strings.LastIndexByte(head, '/') + 1
	dot := strings.IndexByte(head[slash:], '.')
	if dot < 0 {
		return ""
	}
	end := slash + dot
	if slash > 0 {
		for {
			rest := function[end+1:]
			next := strings.IndexByte(rest, '.')
			if next < 2 || rest[0] != 'v' || strings.Trim(rest[1:next], "0123456789") != "" {
				break
			}
			end += 1 + next
		}
	}
	return function[:end]
}
