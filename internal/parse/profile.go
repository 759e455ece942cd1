package parse

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"

	"github.com/google/pprof/profile"
)

// maxProfile bounds what profile.proto may unpack to: it is read whole.
const maxProfile = 512 << 20

// maxGoroutines is more than the memory of any machine holds, and far from
// where sums overflow.
const maxGoroutines = 1 << 40

// Labels that stand for a goroutine's own facts in profiles with one sample a
// goroutine.
const (
	idLabel    = "go::goroutine"
	stateLabel = "go::goroutine_state"
	waitLabel  = "go::goroutine_wait_minutes"
	startLabel = "go::goroutine_created_by" // the id of who started it, which no bucket keeps; as what gdump adds and the dump itself tells

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
		return nil, fmt.Errorf("%w: a profile of another kind", ErrNoDump)
	}
	s := newSampled(goroutine.Debug0)
	s.own = slices.Contains(p.Comments, goroutine.ProfileComment)
	s.dump.LeaksOnly = strings.HasPrefix(p.SampleType[value].Type, "goroutineleak")
	if p.TimeNanos > 0 {
		s.dump.TakenAt = time.Unix(0, p.TimeNanos).UTC()
	}
	for _, sample := range p.Sample {
		n := sample.Value[value]
		if n < 0 {
			return nil, fmt.Errorf("%w: a difference of two profiles (it has counts below 0)", ErrNoDump)
		}
		if n > maxGoroutines-int64(s.dump.Goroutines) {
			return nil, fmt.Errorf("%w: a damaged profile: more goroutines than any process has", ErrNoDump)
		}
		if n > 0 {
			s.sample(sample, int(n))
		}
	}
	return []goroutine.Dump{s.end()}, nil
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

// sampled collects buckets of a dump that tells stacks and counts, and perhaps
// labels.
type sampled struct {
	dump    goroutine.Dump
	own     bool // gdump wrote the profile
	in      interner
	entries []*entry
	index   map[goroutine.Stack]*entry
}

func newSampled(level goroutine.Level) *sampled {
	return &sampled{dump: goroutine.Dump{Level: level}, index: map[goroutine.Stack]*entry{}}
}

func (s *sampled) count(frames []goroutine.Frame, n, line int) *tally {
	s.dump.Goroutines += n
	stack := s.in.stacks.Add(goroutine.Parts{Frames: frames})
	e := s.index[stack]
	if e == nil {
		e = &entry{stack: stack, line: line}
		s.index[stack] = e
		s.entries = append(s.entries, e)
	}
	e.count += n
	return e.tally()
}

func (s *sampled) sample(sample *profile.Sample, n int) {
	var frames []goroutine.Frame
	for _, loc := range sample.Location {
		if len(loc.Line) == 0 {
			frames = append(frames, goroutine.Frame{Function: fmt.Sprintf("0x%x", loc.Address)})
		}
		for _, l := range loc.Line {
			if l.Function == nil || s.own && l.Function.SystemName == goroutine.ProfileRemark {
				continue
			}
			frames = append(frames, s.in.frame(&rawFrame{function: decodeName([]byte(l.Function.Name)), file: []byte(l.Function.Filename), line: int(l.Line)}))
		}
	}
	t := s.count(frames, n, 0)
	for key, values := range sample.Label {
		key, fact := s.label(key)
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
		key, fact := s.label(key)
		for _, v := range values {
			switch {
			case fact == waitLabel && v >= 0:
				t.waits.add(uint32(min(v, 1<<30)), n)
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
func (s *sampled) label(key string) (name, fact string) {
	switch key {
	case idLabel, stateLabel, waitLabel, startLabel:
		return key, key
	}
	if !s.own {
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

func (s *sampled) end() goroutine.Dump {
	finish(&s.dump, s.entries, nil)
	return s.dump
}
