// Package redact takes out of a dump what tells of the machine, the user and
// the data: paths, label values, arguments, addresses, hosts. Each is replaced
// by a hash under a key, so that equal things stay equal, also in two dumps
// that were redacted with one key, and cannot be guessed without it.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gdump/internal/goroutine"
)

// LeastKey is how many bytes a key must have.
const LeastKey = 16

// Redactor redacts dumps under one key.
type Redactor struct {
	key []byte
}

// New returns a redactor for a key of LeastKey bytes or more.
func New(key []byte) *Redactor { return &Redactor{key: slices.Clone(key)} }

// hash is 12 hex digits for a text of some kind. Kinds keep a label from
// having the hash of a path that reads the same.
func (r *Redactor) hash(kind, text string) string {
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(kind))
	m.Write([]byte{0})
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil)[:6])
}

// Dump returns a redacted copy. What makes two dumps comparable stays: function
// names with their packages, modules, base names of files and lines, states,
// waits, counts, goroutine ids, label keys, and with them the ids of buckets.
func (r *Redactor) Dump(d goroutine.Dump) goroutine.Dump {
	d.Source = "source-" + r.hash("source", d.Source)
	d.Reason = r.reason(d.Reason)
	d.Problems = slices.Clone(d.Problems)
	for i := range d.Problems {
		d.Problems[i].Message = "redacted-" + r.hash("problem", d.Problems[i].Message)
	}
	d.Fleet = r.fleet(d.Fleet)
	d.Buckets = slices.Clone(d.Buckets)
	var stacks goroutine.Stacks
	frame := r.frames(d.GoVersion)
	for i := range d.Buckets {
		b := &d.Buckets[i]
		r.bucket(b)
		if b.Spread != nil {
			b.Spread = &goroutine.Spread{Fleet: d.Fleet, Shares: b.Spread.Shares}
		}
		b.Stack = b.Stack.Map(&stacks, frame)
	}
	return d
}

// fleet hashes the names of instances and the values of their labels.
func (r *Redactor) fleet(f *goroutine.Fleet) *goroutine.Fleet {
	if f == nil {
		return nil
	}
	hidden := &goroutine.Fleet{Asked: f.Asked, Instances: slices.Clone(f.Instances)}
	for i := range hidden.Instances {
		x := &hidden.Instances[i]
		x.Name, x.Source = "instance-"+r.hash("instance", x.Name), "source-"+r.hash("source", x.Source)
		x.Labels = slices.Clone(x.Labels)
		for j := range x.Labels {
			x.Labels[j].Value = "value-" + r.hash("label "+x.Labels[j].Key, x.Labels[j].Value)
		}
	}
	return hidden
}

func (r *Redactor) bucket(b *goroutine.Bucket) {
	b.Args = slices.Clone(b.Args)
	for i := range b.Args {
		b.Args[i] = r.arguments(b.Args[i])
	}
	b.Addresses = r.counts(b.Addresses, r.arguments)
	b.Members = slices.Clone(b.Members)
	for i := range b.Members {
		b.Members[i].Args = r.members(b.Members[i].Args)
	}
	b.Labels = slices.Clone(b.Labels)
	for i := range b.Labels {
		l := &b.Labels[i]
		l.Values = r.counts(l.Values, func(value string) string { return "value-" + r.hash("label "+l.Key, value) })
	}
}

// frames returns what redacts a frame. It hashes the file of a function once,
// however many stacks call it.
func (r *Redactor) frames(goVersion string) func(goroutine.Frame) goroutine.Frame {
	files := map[goroutine.Frame]string{}
	return func(f goroutine.Frame) goroutine.Frame {
		function := f
		function.Line = 0
		file, ok := files[function]
		if !ok {
			file = r.file(&f, goVersion)
			files[function] = file
		}
		f.File = file
		return f
	}
}

// counts replaces names and puts them in their order again.
func (r *Redactor) counts(counts []goroutine.Count, replace func(string) string) []goroutine.Count {
	counts = slices.Clone(counts)
	for i := range counts {
		counts[i].Name = replace(counts[i].Name)
	}
	slices.SortFunc(counts, goroutine.CompareCounts)
	return counts
}

var hexNumber = regexp.MustCompile(`0x[0-9a-f]+`)

// arguments replaces every number of an argument list. It keeps "?" behind
// those that Go was not sure of.
func (r *Redactor) arguments(list string) string {
	return hexNumber.ReplaceAllStringFunc(list, func(n string) string { return "0x" + r.hash("argument", n) })
}

// members replaces the arguments of a goroutine as arguments does.
func (r *Redactor) members(frames [][]uint64) [][]uint64 {
	frames = slices.Clone(frames)
	for i := range frames {
		frames[i] = slices.Clone(frames[i])
		for j, n := range frames[i] {
			if n != 0 {
				frames[i][j], _ = strconv.ParseUint(r.hash("argument", "0x"+strconv.FormatUint(n, 16)), 16, 64)
			}
		}
	}
	return frames
}

// reason keeps what the runtime itself says and replaces what the program says:
// the value of a panic, the names of tests, and whatever is not known to be the
// runtime's.
func (r *Redactor) reason(reason string) string {
	if ofRuntime(reason) {
		return reason
	}
	for _, what := range []string{"panic: ", "panic serving ", "fatal error: "} { // an address, and the value
		if value, ok := strings.CutPrefix(reason, what); ok {
			return what + "redacted-" + r.hash("panic", value)
		}
	}
	why, tests, ok := strings.Cut(reason, "; running tests: ")
	if ok && ofRuntime(why) {
		return why + "; running tests: redacted-" + r.hash("tests", tests)
	}
	return "redacted-" + r.hash("reason", reason)
}

// file replaces the folders of a file name. What tells where a frame belongs is
// put in their place, in the shape in which Go writes it, so that the frame
// keeps its module and origin when the dump is read again: src for what comes
// with Go, pkg/mod and the module for a dependency, vendor.
func (r *Redactor) file(f *goroutine.Frame, goVersion string) string {
	path := strings.ReplaceAll(f.File, `\`, "/")
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return f.File // a name alone, such as _cgo_gotypes.go
	}
	dir, base := path[:slash], path[slash+1:]
	hashed := r.hash("folder", dir)
	root := "" // of a relative name, as -trimpath writes it
	if strings.HasPrefix(path, "/") || strings.Contains(path, ":/") {
		root = "/"
	}
	switch {
	case f.Origin == goroutine.Stdlib || f.Origin == goroutine.Runtime:
		return root + standard(f, dir, hashed, root != "", goVersion) + "/" + base
	case strings.Contains(f.Module, "@") && strings.Contains(path, "@"):
		if root != "" {
			root += hashed + "/pkg/mod/"
		}
		return root + escapeModule(f.Module) + "/" + hashed + "/" + base
	case f.Package == "main" && f.Module != "" && strings.HasPrefix(dir+"/", f.Module+"/"): // -trimpath
		return f.Module + "/" + hashed + "/" + base
	case f.Package == "main" && f.Module != "" && strings.Contains(dir+"/", "/src/"+f.Module+"/"): // GOPATH
		return root + hashed + "/src/" + f.Module + "/" + hashed + "/" + base
	case strings.Contains(path, "/vendor/"):
		return root + hashed + "/vendor/" + base
	}
	return root + hashed + "/" + base
}

// standard is the folder of a file that comes with Go. The version stands where
// the toolchain's own folder has it, and "runtime" stays the last element: it
// tells functions that live there under another package's name.
func standard(f *goroutine.Frame, dir, hashed string, absolute bool, goVersion string) string {
	if !absolute {
		return hashed
	}
	folder := hashed
	if goVersion != "" && (f.Package == "runtime" || f.Package == "net/http") {
		folder += "/" + goVersion
	}
	folder += "/src"
	if strings.HasSuffix(dir, "/runtime") {
		folder += "/runtime"
	}
	return folder
}

// escapeModule writes capital letters as the module cache does.
func escapeModule(module string) string {
	path, version, _ := strings.Cut(module, "@")
	var b strings.Builder
	for _, c := range path {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('!')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String() + "@" + version
}
