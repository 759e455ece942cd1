package report

import (
	"bufio"
	"compress/gzip"
	"io"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// Pprof writes a goroutine profile (profile.proto, compressed) for go tool
// pprof. Samples carry the labels of the goroutines, and state, wait_minutes,
// created_by and bucket. In a comparison the samples of all dumps are in one
// profile, distinguished by the labels dump ("before" and "after", or 1, 2, 3 and
// so on) and verdict: -tagfocus dump=after shows one dump.
//
// It is written as it is made. google/pprof would have all samples in memory
// first, several times what the dump takes.
func Pprof(w io.Writer, t *trend.Trend, o Options) error {
	if o.Plain {
		out := bufio.NewWriter(w)
		writeProfile(out, t, o)
		return out.Flush()
	}
	z := gzip.NewWriter(w)
	out := bufio.NewWriter(z)
	writeProfile(out, t, o)
	if err := out.Flush(); err != nil {
		return err
	}
	return z.Close()
}

func writeProfile(out *bufio.Writer, t *trend.Trend, o Options) {
	p := newPprofWriter(out, profileType(t))
	if n := len(t.Dumps); n > 0 && !t.Dumps[n-1].TakenAt.IsZero() {
		p.put(message(nil).number(profileTime, uint64(t.Dumps[n-1].TakenAt.UnixNano())))
	}
	diff := len(t.Dumps) > 1 && !o.NoVerdicts && !t.Apart()
	for i := range t.Series {
		s := &t.Series[i]
		for j, b := range s.At {
			if b == nil {
				continue
			}
			more := []goroutine.Pair{{Key: "bucket", Value: string(b.ID)}}
			if len(t.Dumps) > 1 {
				more = append(more, goroutine.Pair{Key: "dump", Value: dumpLabel(j, len(t.Dumps))})
			}
			if diff {
				more = append(more, goroutine.Pair{Key: "verdict", Value: string(s.Verdict)})
			}
			p.bucket(b, more)
		}
	}
}

// profileType is what the samples are: a goroutineleak profile stays one.
func profileType(t *trend.Trend) string {
	if len(t.Dumps) == 0 || slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return !d.LeaksOnly }) {
		return "goroutine"
	}
	return "goroutineleak"
}

func dumpLabel(i, n int) string {
	switch {
	case n > 2:
		return strconv.Itoa(i + 1)
	case i == 0:
		return "before"
	}
	return "after"
}

type pprofWriter struct {
	out       *bufio.Writer
	texts     map[string]uint64 // numbers of what is written already
	functions map[function]uint64
	locations map[location]uint64
}

type function struct {
	name, file uint64 // texts
	remark     bool   // on the stack, not a function of it
}

type location struct {
	function uint64
	line     int
}

// newPprofWriter begins a profile.
func newPprofWriter(out *bufio.Writer, kind string) *pprofWriter {
	p := &pprofWriter{out: out, texts: map[string]uint64{}, functions: map[function]uint64{}, locations: map[location]uint64{}}
	// It begins with what is counted, as those of Go do, so that it is recognized
	// for what it is. The first text is empty, as the format demands.
	of := message(nil).number(valueType, 1).number(valueUnit, 2)
	p.put(message(nil).bytes(profileSampleType, of).bytes(profilePeriodType, of).number(profilePeriod, 1))
	for _, s := range []string{"", kind, "count"} {
		p.text(s)
	}
	// Reading it back, the labels that are added here are recognized by this
	// from those of the program.
	p.put(message(nil).number(profileComment, p.text(goroutine.ProfileComment)))
	// Says that there is nothing to look up in a binary.
	p.put(message(nil).bytes(profileMapping, message(nil).number(mappingID, 1).number(mappingFunctions, 1).number(mappingFiles, 1).number(mappingLines, 1)))
	return p
}

// put writes fields of the profile. Errors stay in the buffered writer.
func (p *pprofWriter) put(fields message) { p.out.Write(fields) }

// text is the number of a text, which it writes first if it is new.
func (p *pprofWriter) text(s string) uint64 {
	n, ok := p.texts[s]
	if !ok {
		n = uint64(len(p.texts))
		p.texts[s] = n
		p.put(message(nil).bytes(profileText, []byte(s)))
	}
	return n
}

// bucket writes samples: one for each group of goroutines that differ in a label.
func (p *pprofWriter) bucket(b *goroutine.Bucket, more []goroutine.Pair) {
	var stack []uint64
	for _, r := range view.StackRows(b.Stack) {
		switch {
		case r.Prefix != "": // not a frame of this stack
		case r.Frame == nil:
			stack = append(stack, p.location(r.Remark, "", 0, true))
		default:
			f := &r.Frame.Raw
			stack = append(stack, p.location(valid(f.Function), valid(f.File), f.Line, false))
		}
	}
	if c := b.Stack.CreatedBy().Function; c != "" {
		more = append(more, goroutine.Pair{Key: "created_by", Value: c})
	}
	for _, g := range b.Groups() {
		sample := message(nil).numbers(sampleLocation, stack...).numbers(sampleValue, uint64(g.N))
		label := func(key, value string) {
			sample = sample.bytes(sampleLabel, message(nil).number(labelKeyText, p.text(key)).number(labelValue, p.text(valid(value))))
		}
		for _, l := range g.Labels {
			label(labelKey(valid(l.Key)), l.Value)
		}
		for _, l := range more {
			label(l.Key, l.Value)
		}
		if g.Leaked {
			label("leaked", "true")
		}
		if g.State != "" {
			label("state", g.State)
			sample = sample.bytes(sampleLabel, message(nil).number(labelKeyText, p.text("wait_minutes")).
				number(labelNumber, uint64(g.Wait)).number(labelUnit, p.text("minutes")))
		}
		p.put(message(nil).bytes(profileSample, sample))
	}
}

// labelKey keeps a label of the program apart from those that are added here.
func labelKey(key string) string {
	switch key {
	case "state", "wait_minutes", "leaked", "created_by", "bucket", "dump", "verdict":
		return "label." + key
	}
	return key
}

// location is the number of a frame, which it writes first if it is new.
func (p *pprofWriter) location(name, file string, line int, remark bool) uint64 {
	f := function{p.text(name), p.text(file), remark}
	fn, ok := p.functions[f]
	if !ok {
		fn = uint64(len(p.functions) + 1)
		p.functions[f] = fn
		system := f.name
		if remark {
			system = p.text(goroutine.ProfileRemark)
		}
		p.put(message(nil).bytes(profileFunction, message(nil).number(functionID, fn).number(functionText, f.name).number(functionSystem, system).number(functionFile, f.file)))
	}
	at := location{fn, line}
	n, ok := p.locations[at]
	if !ok {
		n = uint64(len(p.locations) + 1)
		p.locations[at] = n
		of := message(nil).number(lineFunction, fn).number(lineNumber, uint64(line))
		// Locations without an address of their own would be merged by tools that
		// distinguish them by it.
		p.put(message(nil).bytes(profileLocation, message(nil).number(locationID, n).number(locationMapping, 1).number(locationAddress, n).bytes(locationLine, of)))
	}
	return n
}
