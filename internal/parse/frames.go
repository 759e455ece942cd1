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

// interner keeps the stacks of a dump and their strings, each once, and counts
// what panicparse has read.
type interner struct {
	stacks    goroutine.Stacks
	files     map[string]string
	functions map[string]names
	read      int
	raw       rawStack        // memory of the stack read last
	parts     goroutine.Parts // the same
}

// names of a function, and of its package.
type names struct{ function, pkg string }

// rawFrame is a frame as its two lines say it.
type rawFrame struct {
	function, args, file []byte
	line                 int
	c                    bool // C code: panicparse cannot read its name
}

// rawStack is a goroutine's text, line by line.
type rawStack struct {
	frames      []rawFrame
	creator     rawFrame // without a function if there is none
	creatorID   uint64   // of the goroutine it was started in; 0 if not printed
	ancestors   []rawFrame
	elided      int
	elidedAt    int
	unavailable bool
}

// stack parses the regular text of one goroutine into frames.
func (in *interner) stack(text []byte) goroutine.Stack {
	raw := &in.raw
	raw.split(text)
	if in.read += 1 + len(raw.frames)/64; in.read <= maxPanicparse {
		raw.panicparse()
	}
	p := &in.parts
	*p = goroutine.Parts{Frames: p.Frames[:0], Ancestors: p.Ancestors[:0], Elided: raw.elided, ElidedAt: raw.elidedAt, Unavailable: raw.unavailable}
	for i := range raw.frames {
		p.Frames = append(p.Frames, in.frame(&raw.frames[i]))
	}
	if len(raw.creator.function) > 0 {
		p.CreatedBy = in.frame(&raw.creator)
	}
	for i := range raw.ancestors {
		p.Ancestors = append(p.Ancestors, in.frame(&raw.ancestors[i]))
	}
	return in.stacks.Add(*p)
}

func (in *interner) frame(r *rawFrame) goroutine.Frame {
	file, ok := in.files[string(r.file)]
	if !ok {
		if in.files == nil {
			in.files = map[string]string{}
		}
		file = string(r.file)
		in.files[file] = file
	}
	n, ok := in.functions[string(r.function)]
	if !ok {
		if in.functions == nil {
			in.functions = map[string]names{}
		}
		n.function = string(r.function)
		n.pkg = packageOf(n.function)
		in.functions[n.function] = n
	}
	f := goroutine.Frame{Function: n.function, File: file, Line: r.line}
	if !r.c {
		f.Package = n.pkg
	}
	return f
}

// split reads the regular text of a goroutine: see digest.
func (s *rawStack) split(text []byte) {
	*s = rawStack{frames: s.frames[:0], ancestors: s.ancestors[:0]}
	ancestors := false
	var name []byte
	_, text, _ = bytes.Cut(text, []byte{'\n'})
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\n")
		switch {
		case len(line) == 0:
		case line[0] == '\t' && len(name) == 0:
			s.unavailable = s.unavailable || isUnavailable(line)
		case line[0] == '\t':
			var f rawFrame
			switch by, created := bytes.CutPrefix(name, createdBy); {
			case created:
				id := uint64(0)
				if i := bytes.LastIndex(by, inGoroutine); i >= 0 {
					id, _ = strconv.ParseUint(string(by[i+len(inGoroutine):]), 10, 64)
					by = by[:i]
				}
				f.read(by, line)
				f.function, f.args = decodeName(by), nil
				if s.creator.function == nil {
					s.creator, s.creatorID = f, id
				} else {
					s.ancestors = append(s.ancestors, f)
				}
			case ancestors:
				f.read(name, line)
				s.ancestors = append(s.ancestors, f)
			default:
				f.read(name, line)
				s.frames = append(s.frames, f)
			}
			name = nil
		case line[0] == '[':
			ancestors = true
		case isElided(line):
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(string(line), "..."), " frames elided..."))
			if err != nil {
				n = -1
			}
			s.elided, s.elidedAt = n, len(s.frames)
		default:
			name = line
		}
	}
}

// read takes a frame from its two lines.
func (f *rawFrame) read(name, place []byte) {
	if name[0] == cMark {
		f.function, f.c = name[1:], true
	} else if i := bytes.LastIndexByte(name, '('); i > 0 {
		f.function, f.args = decodeName(name[:i]), bytes.TrimSuffix(name[i+1:], []byte(")"))
	} else {
		f.function = decodeName(name)
	}
	_, number, ok := fileLine(place)
	if !ok {
		return
	}
	f.file = place[1 : cap(place)-cap(number)-1] // up to the ":"
	f.line, _ = strconv.Atoi(string(number))
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
		b.WriteString(encodeName(string(f.function)))
		if prefix == "" {
			b.WriteByte('(')
			b.Write(f.args)
			b.WriteByte(')')
		}
		b.WriteString("\n\t")
		b.Write(f.file)
		if !bytes.HasSuffix(f.file, []byte(".go")) && !bytes.HasSuffix(f.file, []byte(".s")) {
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
	created := len(s.creator.function) > 0
	if created {
		put(string(createdBy), &s.creator)
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
	if created && len(g.CreatedBy.Calls) == 1 {
		s.creator.take(&g.CreatedBy.Calls[0])
	}
	return true
}

const oddEnding = "\x00.go"

func (f *rawFrame) take(c *stack.Call) {
	f.function = []byte(c.Func.Complete)
	f.file = []byte(strings.TrimSuffix(c.RemoteSrcPath, oddEnding))
	f.line = c.Line
}

// decodeName turns the linker's escapes in the last element of an import path
// back: "gopkg.in/yaml%2ev3.Unmarshal" is function Unmarshal of gopkg.in/yaml.v3.
func decodeName(name []byte) []byte {
	if bytes.IndexByte(name, '%') < 0 {
		return name
	}
	var b []byte
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(string(name[i+1:i+3]), 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, name[i])
	}
	return b
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
