package parse

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"

	"github.com/google/pprof/profile"
)

// maxProfile bounds what profile.proto may unpack to: it is read whole.
const maxProfile = 512 << 20

// Labels that hold a goroutine's own facts in profiles with one sample a
// goroutine.
const (
	idLabel    = "go::goroutine"
	stateLabel = "go::goroutine_state"
	waitLabel  = "go::goroutine_wait_minutes"
	startLabel = "go::goroutine_created_by" // the id of the goroutine that started it, which no bucket keeps; also what gdump adds to its profiles

	leakedLabel = "leaked" // in profiles that gdump wrote
)

// readProfile reads profile.proto, as debug=0 writes it.
func readProfile(r io.Reader) ([]goroutine.Dump, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxProfile {
		return nil, fmt.Errorf("%w: a profile of more than %d MiB", ErrTooLarge, maxProfile>>20)
	}
	p, err := profile.ParseUncompressed(data)
	if err == nil {
		err = checkProfile(p)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: a damaged profile: %v", ErrNoDump, err)
	}
	value, ok := goroutineValue(p)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoDump, profileKind(p))
	}
	b := &builder{home: emptyHome(), level: goroutine.Debug0, counted: true, leaks: strings.HasPrefix(p.SampleType[value].Type, "goroutineleak")}
	if p.TimeNanos > 0 {
		b.takenAt = time.Unix(0, p.TimeNanos).UTC()
	}
	own := slices.Contains(p.Comments, goroutine.ProfileComment)
	in := newProfileStacks(b.home, p.Function, own)
	for _, sample := range p.Sample {
		n := sample.Value[value]
		if n < 0 {
			return nil, fmt.Errorf("%w: a difference of two profiles (it has counts below 0)", ErrNoDump)
		}
		if n > grammar.MaxGoroutines-int64(b.total) {
			return nil, fmt.Errorf("%w: a damaged profile: more goroutines than any process has", ErrNoDump)
		}
		if n > 0 {
			b.sample(b.count(in.number(sample), int(n), 0), sample, int(n), own)
		}
	}
	b.finish()
	classifyAll([]*builder{b})
	return []goroutine.Dump{*b.done}, nil
}

// checkProfile is p.CheckValid, without its tables where the ids rise, as those
// of profiles mostly do, so that none is there twice.
func checkProfile(p *profile.Profile) error {
	var location, function uint64
	for _, f := range p.Function {
		if f.ID <= function {
			return p.CheckValid()
		}
		function = f.ID
	}
	for _, l := range p.Location {
		if l.ID <= location || slices.ContainsFunc(l.Line, func(l profile.Line) bool { return l.Function == nil }) {
			return p.CheckValid()
		}
		location = l.ID
	}
	for _, s := range p.Sample {
		if len(s.Value) != len(p.SampleType) || slices.Contains(s.Location, nil) {
			return p.CheckValid()
		}
	}
	return nil
}

// goroutineValue finds which value of the samples counts goroutines.
func goroutineValue(p *profile.Profile) (int, bool) {
	for i, t := range p.SampleType {
		if strings.HasPrefix(t.Type, "goroutine") {
			return i, true
		}
	}
	return 0, len(p.SampleType) == 1 && p.PeriodType != nil && strings.HasPrefix(p.PeriodType.Type, "goroutine")
}

// profileKind names a profile that is not of goroutines.
func profileKind(p *profile.Profile) string {
	kind := ""
	for _, t := range p.SampleType {
		switch {
		case strings.HasSuffix(t.Type, "_space"), strings.HasSuffix(t.Type, "_objects"):
			kind = "a heap profile"
		case t.Type == "contentions":
			kind = "a profile of contention (mutex or block)"
		case t.Type == "cpu":
			kind = "a CPU profile"
		case t.Type == "threadcreate":
			kind = "a threadcreate profile"
		}
	}
	if kind == "" {
		kind = "a profile of another kind"
	}
	return kind + ", not of goroutines"
}

// profileStacks keeps the stacks of a profile's samples in a home. It works
// with the strings and the functions of the profile as they are, each of which
// is looked up once and not once a frame.
type profileStacks struct {
	home      *home
	functions []profileFunction
	named     map[string]int // the latest function of a name that has a number, plus one
	calls     []profileCall
	scratch   []byte
}

// profileFunction is a function of a profile.
type profileFunction struct {
	name, file string
	number     uint32 // in the home, plus one; 0 before a stack has it
	same       int    // another function of the name that has a number, plus one
	skip       bool   // no frame, but a remark of gdump's
}

// profileCall is a frame: a line in a function, or an address without one.
type profileCall struct {
	function int    // its number in the profile, plus one; 0 if there is none
	name     string // of what has no function
	line     int
}

// newProfileStacks takes the functions over and gives them ids, by which it
// finds them. own says that gdump wrote the profile.
func newProfileStacks(h *home, functions []*profile.Function, own bool) *profileStacks {
	in := &profileStacks{home: h, functions: make([]profileFunction, len(functions)), named: make(map[string]int, len(functions))}
	h.stacks.Expect(len(functions))
	for i, f := range functions {
		name := f.Name
		if strings.IndexByte(name, '%') >= 0 {
			name = string(grammar.DecodeName([]byte(name)))
		}
		in.functions[i] = profileFunction{name: name, file: f.Filename, skip: own && f.SystemName == goroutine.ProfileRemark}
		f.ID = uint64(i)
	}
	return in
}

// number is the number of a sample's stack in the home.
func (in *profileStacks) number(sample *profile.Sample) int {
	in.calls = in.calls[:0]
	b := in.scratch[:0]
	for _, loc := range sample.Location {
		if len(loc.Line) == 0 {
			name := "0x" + strconv.FormatUint(loc.Address, 16)
			in.calls = append(in.calls, profileCall{name: name})
			b = goroutine.AppendCall(b, name, "", 0)
		}
		for i := range loc.Line {
			l := &loc.Line[i]
			n := int(l.Function.ID)
			f := &in.functions[n]
			if f.skip {
				continue
			}
			line := int(min(max(l.Line, 0), math.MaxUint32))
			in.calls = append(in.calls, profileCall{function: n + 1, line: line})
			b = goroutine.AppendCall(b, f.name, f.file, line)
		}
	}
	in.scratch = b
	sum := goroutine.Identify(b)
	if n := in.home.known.find(sum); n >= 0 {
		return n
	}
	build := &in.home.builder
	build.Begin(in.home.stacks)
	for i := len(in.calls) - 1; i >= 0; i-- {
		if c := &in.calls[i]; c.function > 0 {
			build.Call(in.function(c.function-1), c.line)
		} else {
			build.Call(in.home.function(&frame{function: []byte(c.name), c: true}), 0)
		}
	}
	return in.home.put(sum)
}

// function is the number of a function in the home. Functions of a profile can
// agree in name and file and differ in what gdump does not read.
func (in *profileStacks) function(n int) uint32 {
	f := &in.functions[n]
	if f.number > 0 {
		return f.number - 1
	}
	f.same = in.named[f.name]
	for i := f.same; i > 0; i = in.functions[i-1].same {
		if g := &in.functions[i-1]; g.file == f.file {
			f.number = g.number
			return f.number - 1
		}
	}
	in.named[f.name] = n + 1
	f.number = in.home.add(goroutine.Frame{Function: f.name, File: f.file, Package: packageOf(f.name)}) + 1
	return f.number - 1
}

// sample counts what the labels of n goroutines say. own says that gdump wrote
// the profile.
func (b *builder) sample(t *tally, sample *profile.Sample, n int, own bool) {
	for key, values := range sample.Label {
		key, fact := label(key, own)
		for _, v := range values {
			switch fact {
			case "":
				t.labels.add(key, v, n)
			case stateLabel:
				t.states.add([]byte(v), n)
			case leakedLabel:
				t.leaked += n
			case idLabel:
				if id, err := strconv.ParseUint(v, 10, 64); err == nil && n == 1 {
					t.ids.Add(id)
				}
			}
		}
	}
	for key, values := range sample.NumLabel {
		key, fact := label(key, own)
		for _, v := range values {
			switch {
			case fact == waitLabel && v >= 0:
				t.waits.add(uint32(min(v, maxMinutes)), n)
			case fact == idLabel && v > 0 && n == 1:
				t.ids.Add(uint64(v))
			case fact != startLabel:
				t.labels.add(key, strconv.FormatInt(v, 10), n)
			}
		}
	}
}

// ownLabels are the facts that gdump writes as labels, and where they belong.
var ownLabels = map[string]string{
	"state": stateLabel, "wait_minutes": waitLabel, "leaked": leakedLabel,
	"created_by": startLabel, "bucket": startLabel, "dump": startLabel, "verdict": startLabel,
}

// label is a label of the program by its name there, or the fact that a label
// stands for.
func label(key string, own bool) (name, fact string) {
	switch key {
	case idLabel, stateLabel, waitLabel, startLabel:
		return key, key
	}
	if !own {
		return key, ""
	}
	if fact := ownLabels[key]; fact != "" {
		return key, fact
	}
	if name, ok := strings.CutPrefix(key, "label."); ok && ownLabels[name] != "" {
		return name, ""
	}
	return key, ""
}
