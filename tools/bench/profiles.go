package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/pprof/profile"
)

// Instances of a service, each with profiles of some steps.
const (
	instances = 300
	steps     = 20
)

// profiles compares many profiles, beside google/pprof, which only parses them.
func (b *bench) profiles(ctx context.Context, self string, _ []template) error {
	dir, err := manyProfiles(filepath.Join(b.dir, "profiles"))
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	got, err := contest(ctx, 1, map[string][]string{
		// A comparison that finds something ends with 1.
		"gdump": append([]string{"sh", "-c", "\"$0\" diff \"$@\"; test $? -le 1", b.gdump}, names...),
		"few":   append([]string{"sh", "-c", "\"$0\" diff \"$@\"; test $? -le 1", b.gdump}, names[:len(names)/4]...),
		"pprof": engine(self, "pprof", dir, 1),
	})
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("diff of %d profiles, CPU to google/pprof's Parse", len(names)), got["gdump"], got["pprof"], false, 2, 1)
	b.memory(fmt.Sprintf("program, peak memory, diff of %d profiles", len(names)), got["gdump"].peak, 256, 128)
	b.rows = append(b.rows, row{name: "the same to diff of a fourth of them, peak memory", got: float64(got["gdump"].peak) / float64(got["few"].peak), accept: 1.5, aim: 1.1})
	return nil
}

// manyProfiles makes the profiles of all instances, of 200 stacks each, unless
// they are there. Those of one instance are of the same bytes: it is the number
// that costs.
func manyProfiles(dir string) (string, error) {
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	partial := dir + ".partial"
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return "", err
	}
	for i := range instances {
		first := ""
		for step := range steps {
			name := filepath.Join(partial, fmt.Sprintf("%02d-web-%03d.pb.gz", step, i))
			if step > 0 {
				if err := os.Link(first, name); err != nil {
					return "", err
				}
				continue
			}
			first = name
			f, err := os.Create(name)
			if err != nil {
				return "", err
			}
			if err := instance(i).Write(f); err != nil {
				return "", err
			}
			if err := f.Close(); err != nil {
				return "", err
			}
		}
	}
	return dir, os.Rename(partial, dir)
}

// instance is the profile of an instance: 200 stacks of 12 frames.
func instance(n int) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "goroutine", Unit: "count"}}, PeriodType: &profile.ValueType{Type: "goroutine", Unit: "count"}, Period: 1,
		TimeNanos: time.Unix(1_700_000_000+int64(n), 0).UnixNano(),
	}
	functions := map[string]*profile.Function{}
	for k := range 200 {
		s := &profile.Sample{Value: []int64{int64(1 + n*k%50)}}
		for f := range 12 {
			name := fmt.Sprintf("example.com/app/pkg%d.(*Type%d).method%d", (k+f)%40, k%17, f*(k%13))
			fn := functions[name]
			if fn == nil {
				fn = &profile.Function{ID: uint64(len(p.Function) + 1), Name: name, SystemName: name, Filename: fmt.Sprintf("/src/app/pkg%d/file.go", (k+f)%40)}
				functions[name] = fn
				p.Function = append(p.Function, fn)
			}
			l := &profile.Location{ID: uint64(len(p.Location) + 1), Line: []profile.Line{{Function: fn, Line: int64(10 + k)}}}
			p.Location = append(p.Location, l)
			s.Location = append(s.Location, l)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}
