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
		err = p.CheckValid()
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
	in := profileStacks{functions: make([]frame, len(p.Function)), own: own}
	for i, f := range p.Function {
		in.functions[i] = frame{function: grammar.DecodeName([]byte(f.Name)), file: []byte(f.Filename)}
		in.functions[i].number = b.home.function(&in.functions[i]) + 1
		f.ID = uint64(i)
	}
	for _, sample := range p.Sample {
		n := sample.Value[value]
		if n < 0 {
			return nil, fmt.Errorf("%w: a difference of two profiles (it has counts below 0)", ErrNoDump)
		}
		if n > grammar.MaxGoroutines-int64(b.total) {
			return nil, fmt.Errorf("%w: a damaged profile: more goroutines than any process has", ErrNoDump)
		}
		if n > 0 {
			b.sample(b.addCounts(in.stack(sample), int(n), 0), sample, int(n), own)
		}
	}
	b.finish()
	classifyAll([]*builder{b})
	return []goroutine.Dump{*b.done}, nil
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

// otherTypes are those of values that count no goroutines.
var otherTypes = []struct{ part, kind string }{
	{"_space", "a heap profile"},
	{"_objects", "a heap profile"},
	{"contentions", "a profile of contention (mutex or block)"},
	{"cpu", "a CPU profile"},
	{"threadcreate", "a threadcreate profile"},
	{"", "a profile of another kind"},
}

// profileKind names a profile that is not of goroutines.
func profileKind(p *profile.Profile) string {
	for _, t := range otherTypes {
		if slices.ContainsFunc(p.SampleType, func(v *profile.ValueType) bool { return strings.Contains(v.Type, t.part) }) || t.part == "" {
			return t.kind + ", not of goroutines"
		}
	}
	return ""
}

// profileStacks makes stacks of a profile's samples.
type profileStacks struct {
	functions []frame // by the ids of the profile's functions
	own       bool    // gdump wrote the profile
	read      stack
}

// stack is the stack of a sample.
func (in *profileStacks) stack(sample *profile.Sample) *stack {
	s := &in.read
	s.reset()
	for _, loc := range sample.Location {
		if len(loc.Line) == 0 {
			s.frames = append(s.frames, frame{function: strconv.AppendUint([]byte("0x"), loc.Address, 16), c: true})
		}
		for _, l := range loc.Line {
			if in.own && l.Function.SystemName == goroutine.ProfileRemark {
				continue
			}
			f := in.functions[l.Function.ID]
			f.line = int(min(max(l.Line, 0), math.MaxUint32))
			s.frames = append(s.frames, f)
		}
	}
	return s
}

// sample counts what the labels of n goroutines say. own says that gdump wrote
// the profile.
func (b *builder) sample(t *tally, sample *profile.Sample, n int, own bool) {
	var f flags
	var state, minutes int
	for key, values := range sample.Label {
		key, fact := label(key, own)
		for _, v := range values {
			switch fact {
			case "":
				t.labels.add(key, v, n)
			case stateLabel:
				state = b.home.states.number([]byte(v))
				f |= stated
			case leakedLabel:
				f |= leaked
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
				minutes = int(min(v, maxMinutes))
				f |= timed
			case fact == idLabel && v > 0 && n == 1:
				t.ids.Add(uint64(v))
			case fact != startLabel:
				t.labels.add(key, strconv.FormatInt(v, 10), n)
			}
		}
	}
	if f != 0 {
		t.count(newHead(state, f, uint32(minutes)), n)
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
