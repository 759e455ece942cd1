package parse

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"

	"github.com/google/pprof/profile"
)

const oneFrame = "main.f(0x1)\n\t/a/main.go:8 +0x1\n"

// repeat reads a text again and again, n times, without holding it.
func repeat(text string, n int) io.Reader {
	return io.MultiReader(strings.NewReader(""), &repeated{text: text, left: n})
}

type repeated struct {
	text string
	at   int
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at = 0
		r.left--
	}
	return n, nil
}

// long leaves a test out under -short, with which the race detector runs: it
// makes reading ten times as slow, and these read much in one goroutine.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("reads too much for the race detector; go test without -short has it")
	}
}

// TestHostile reads what nobody prints. It must end, in memory that does not
// grow with the input but where the input is all different stacks.
func TestHostile(t *testing.T) {
	long(t)
	good := "goroutine 1 [running]:\nmain.main()\n\t/a/main.go:3 +0x1\n\n"
	numbered := func(n int, format string) io.Reader {
		readers := make([]io.Reader, 0, n/1000+1)
		for i := 0; i < n; i += 1000 {
			readers = append(readers, &lazy{func() string {
				var b strings.Builder
				for j := i; j < min(n, i+1000); j++ {
					b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(j+2)))
				}
				return b.String()
			}, nil})
		}
		return io.MultiReader(readers...)
	}
	tests := map[string]struct {
		in         io.Reader
		goroutines int
		problem    string
		limit      uint64 // MiB of heap, at the end
	}{
		"a line of 100 MB":            {io.MultiReader(strings.NewReader(good), repeat(strings.Repeat("x", 1000), 100_000), strings.NewReader("\n"+strings.Replace(good, "1", "2", 1))), 2, "longer than", 100},
		"a million frames":            {io.MultiReader(strings.NewReader("goroutine 7 [select]:\n"), repeat(oneFrame, 1_000_000)), 1, "", 600},
		"100 000 labels":              {io.MultiReader(strings.NewReader("goroutine 7 [select] {"), numbered(100_000, "k%d: v, "), strings.NewReader("z: v}:\n"+oneFrame+"\n")), 1, "labels", 100},
		"100 000 labels, 1.26":        {io.MultiReader(strings.NewReader("goroutine 7 [select labels:{"), numbered(100_000, `"k%d": "v", `), strings.NewReader("\"z\": \"v\"}]:\n"+oneFrame+"\n")), 1, "labels", 100},
		"a million values":            {numbered(200_000, "goroutine %d [select] {id: v%d}:\n"+oneFrame+"\n"), 200_000, "values", 100},
		"a million headers":           {numbered(1_000_000, "goroutine %d [select]:\n"), 1_000_000, "no frames", 200},
		"headers of one id":           {repeat("goroutine 7 [select]:\n"+oneFrame, 20_000), 20_000, "", 200},
		"states":                      {numbered(100_000, "goroutine %d [state %d]:\n"+oneFrame+"\n"), 100_000, "", 100},
		"minutes":                     {numbered(100_000, "goroutine %d [select, %d0000 minutes]:\n"+oneFrame+"\n"), 100_000, "", 100},
		"addresses":                   {numbered(200_000, "goroutine %d [sync.Mutex.Lock]:\nsync.(*Mutex).Lock(0xc%d000)\n\t/sync/mutex.go:8 +0x1\n\n"), 200_000, "", 100},
		"prefixes":                    {numbered(50_000, "pod-%d-x | goroutine 5 [select]:\npod-%d-x | "+strings.Replace(oneFrame, "\n", "\npod-%d-x | ", 1)), 50_000, "", 600},
		"far ids":                     {numbered(100_000, "goroutine %d000000007 [select]:\n"+oneFrame+"\n"), 100_000, "", 100},
		"nested JSON":                 {io.MultiReader(strings.NewReader(good), repeat("{\"a\":", 100_000), repeat("}", 100_000), strings.NewReader("\n")), 1, "", 100},
		"JSON of many texts":          {io.MultiReader(strings.NewReader(good+"["), repeat(`{"log":"x","a":["y"]},`, 100_000), strings.NewReader("0]\n")), 1, "", 100},
		"quotes":                      {io.MultiReader(strings.NewReader(good), repeat(`"\n" "goroutine `, 100_000), strings.NewReader("\n")), 1, "", 100},
		"escapes":                     {io.MultiReader(strings.NewReader(good), repeat("\x1b]8;;", 200_000), strings.NewReader("\n")), 1, "", 100},
		"entities":                    {io.MultiReader(strings.NewReader(good), repeat("&lt;", 500_000), strings.NewReader("\n")), 1, "", 100},
		"tags":                        {io.MultiReader(strings.NewReader(good), repeat("<a>", 500_000), strings.NewReader("\n")), 1, "", 100},
		"open tags":                   {io.MultiReader(strings.NewReader(good), repeat("<a ", 500_000), strings.NewReader(">\n")), 1, "", 100},
		"headers without an end":      {io.MultiReader(strings.NewReader(good), repeat("goroutine 7 [x ", 200_000), strings.NewReader("\n")), 1, "", 100},
		"crash headers without state": {io.MultiReader(strings.NewReader(good), repeat("goroutine 7 gp=0x1 ", 200_000), strings.NewReader("\n")), 1, "", 100},
		"leak headers without state":  {io.MultiReader(strings.NewReader(good), repeat("Goroutine ", 400_000), strings.NewReader("\n")), 1, "", 100},
		"arguments without an end":    {io.MultiReader(strings.NewReader(good+"goroutine 2 [select]:\nmain.f(0x1,\n"), repeat("0x1,\n", 300_000)), 1, "", 100},
		"blanks before a header":      {io.MultiReader(strings.NewReader(good), repeat(strings.Repeat(" ", 4000)+"x goroutine 7 [select]:\n", 200)), 1, "", 100},
		"braces":                      {io.MultiReader(strings.NewReader(good), repeat("{", 500_000), strings.NewReader("}\n")), 1, "", 100},
		"bad headers":                 {io.MultiReader(strings.NewReader(good), repeat("goroutine 7 [x\n", 100_000)), 1, "bad goroutine header", 100},
		"words":                       {io.MultiReader(strings.NewReader(good), repeat("goroutine ", 500_000), strings.NewReader("\n")), 1, "", 100},
		"parts of a line":             {io.MultiReader(strings.NewReader(good), repeat(`{"log":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","stream":"stdout"}`+"\n", 100_000)), 1, "", 100},
		"soft line breaks":            {io.MultiReader(strings.NewReader(good+"Content-Transfer-Encoding: quoted-printable\n"), repeat("xxxxxxxxxxxxxxxxxxxxxxxx=\n", 200_000)), 1, "", 100},
		"panics":                      {io.MultiReader(strings.NewReader(good), numbered(50_000, "web-%d panic: x\n")), 1, "", 100},
		"elisions":                    {io.MultiReader(strings.NewReader("goroutine 7 [select]:\n"), repeat("...7 frames elided...\n"+oneFrame, 100_000)), 1, "", 100},
		"a function of a megabyte":    {strings.NewReader("goroutine 7 [select]:\nmain." + strings.Repeat("f", 1<<20) + "()\n\t/a/main.go:8 +0x1\n\n"), 1, "", 100},
		"parentheses":                 {strings.NewReader("goroutine 7 [select]:\nmain.f" + strings.Repeat("(", 1<<20) + ")\n\t/a/main.go:8 +0x1\n\n"), 1, "", 100},
		"zeros behind a dump":         {io.MultiReader(strings.NewReader(good), repeat("\x00\x00\x00\x00", 1_000_000)), 1, "", 100},
		"timestamps before one colon": {io.MultiReader(strings.NewReader(good), repeat("12:00:00 2026-01-01T00:00:00Z 1234567890 ", 2000), strings.NewReader("goroutine 3 [select]:\n")), 1, "", 100},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dumps, err := Read(t.Context(), tt.in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			sound(t, dumps)
			n, problems := 0, ""
			for _, d := range dumps {
				n += d.Goroutines
				for _, p := range d.Problems {
					problems += p.Message + "\n"
				}
			}
			if n < tt.goroutines || n > tt.goroutines+1 {
				t.Errorf("got %d goroutines, want %d", n, tt.goroutines)
			}
			if !strings.Contains(problems, tt.problem) {
				t.Errorf("problems %.300q, want %q", problems, tt.problem)
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			if m.HeapAlloc>>20 > tt.limit {
				t.Errorf("%d MiB of heap, want less than %d", m.HeapAlloc>>20, tt.limit)
			}
			runtime.KeepAlive(dumps)
		})
	}
}

// lazy is a text that is made when it is read.
type lazy struct {
	make func() string
	r    io.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = strings.NewReader(l.make())
	}
	return l.r.Read(p)
}

// TestFlatMemory reads ten and a hundred times as many goroutines of one stack:
// the heap may grow by their ids only.
func TestFlatMemory(t *testing.T) {
	long(t)
	peak := func(n int) uint64 {
		var most uint64
		dumps, err := Read(t.Context(), repeatIDs(n), Options{Progress: func(p Progress) {
			if p.Goroutines > 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}})
		if err != nil || len(dumps) != 1 || dumps[0].Goroutines != n {
			t.Fatalf("%d dumps, %v", len(dumps), err)
		}
		return most
	}
	small, large := peak(30_000), peak(1_000_000)
	if large > small+32<<20 {
		t.Errorf("peak of %d bytes for 30 000 goroutines, %d for 1 000 000", small, large)
	}
}

// repeatIDs is a dump of n goroutines in one stack.
func repeatIDs(n int) io.Reader {
	next := 0
	return readerFunc(func(p []byte) (int, error) {
		b := p[:0]
		for next < n && len(p)-len(b) > 200 {
			next++
			b = fmt.Appendf(b, "goroutine %d [chan receive, %d minutes]:\nmain.wait(0xc%06x)\n\t/a/main.go:8 +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:3 +0x1\n\n", next, 2+next%30, next)
		}
		if len(b) == 0 {
			return 0, io.EOF
		}
		return len(b), nil
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestGzipBomb stops at the limit on what is unpacked.
func TestGzipBomb(t *testing.T) {
	long(t)
	var zip bytes.Buffer
	w := gzip.NewWriter(&zip)
	if _, err := io.Copy(w, repeat(strings.Repeat("\x00", 1<<16), 4<<10)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Read(t.Context(), &zip, Options{MaxBytes: 64 << 20})
	if !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrNoDump) {
		t.Errorf("got %v, want ErrTooLarge or ErrNoDump", err)
	}
}

// TestDamagedGzip keeps what stands before the damage and says where it is.
func TestDamagedGzip(t *testing.T) {
	var zip bytes.Buffer
	w := gzip.NewWriter(&zip)
	if _, err := io.Copy(w, repeatIDs(20_000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := zip.Bytes()
	damaged := bytes.Clone(whole)
	for i := range 64 {
		damaged[len(damaged)/2+i] ^= 0x5a
	}
	for name, data := range map[string][]byte{"cut": whole[:len(whole)/2], "damaged": damaged} {
		dumps, err := Read(t.Context(), bytes.NewReader(data), Options{})
		if err == nil || !strings.Contains(err.Error(), "gzip stream damaged after ") {
			t.Errorf("%s: got %v, want an error that says where", name, err)
		}
		if len(dumps) == 0 || dumps[0].Goroutines < 5000 || !dumps[len(dumps)-1].Truncated {
			t.Errorf("%s: what was read is lost: %d dumps", name, len(dumps))
		}
	}
}

// TestProfiles reads profiles with one sample a goroutine, and refuses what is
// no dump of goroutines.
func TestProfiles(t *testing.T) {
	valid := func() *profile.Profile {
		f := &profile.Function{ID: 1, Name: "main.f", Filename: "/a/main.go"}
		l := &profile.Location{ID: 1, Address: 1, Line: []profile.Line{{Function: f, Line: 8}}}
		p := &profile.Profile{
			SampleType: []*profile.ValueType{{Type: "goroutine", Unit: "count"}}, PeriodType: &profile.ValueType{Type: "goroutine", Unit: "count"}, Period: 1,
			Function: []*profile.Function{f}, Location: []*profile.Location{l}, TimeNanos: 1764024326e9,
		}
		for i := range 3 {
			p.Sample = append(p.Sample, &profile.Sample{
				Location: []*profile.Location{l}, Value: []int64{1},
				Label:    map[string][]string{"go::goroutine_state": {"chan receive"}, "user": {"x"}},
				NumLabel: map[string][]int64{"go::goroutine": {int64(7 + i)}, "go::goroutine_wait_minutes": {5}, "go::goroutine_created_by": {1}},
			})
		}
		return p
	}
	tests := map[string]struct {
		change func(*profile.Profile)
		want   string
	}{
		"one sample a goroutine": {func(*profile.Profile) {}, ""},
		"difference":             {func(p *profile.Profile) { p.Sample[0].Value[0] = -3 }, "difference of two profiles"},
		"heap":                   {func(p *profile.Profile) { p.SampleType[0].Type, p.PeriodType.Type = "inuse_space", "space" }, "a heap profile"},
		"huge value":             {func(p *profile.Profile) { p.Sample[0].Value[0] = 1 << 62; p.Sample[1].Value[0] = 1 << 62 }, "more goroutines than"},

		"no such location": {func(p *profile.Profile) { p.Sample[1].Location = []*profile.Location{{ID: 9}} }, "a damaged profile: sample has nil location"},
		"no such function": {func(p *profile.Profile) { p.Location[0].Line[0].Function = &profile.Function{ID: 9} }, "a damaged profile: location id: 1"},
		"a function twice": {func(p *profile.Profile) { p.Function = append(p.Function, &profile.Function{ID: 1}) }, "a damaged profile: multiple functions"},
		"a location twice": {func(p *profile.Profile) { p.Location = append(p.Location, &profile.Location{ID: 1}) }, "a damaged profile: multiple locations"},
		"a value too many": {func(p *profile.Profile) { p.Sample[2].Value = []int64{1, 2} }, "a damaged profile: mismatch"},
		"ids without order": {func(p *profile.Profile) {
			p.Function = append(p.Function, &profile.Function{ID: 9}, &profile.Function{ID: 5})
		}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := valid()
			tt.change(p)
			var b bytes.Buffer
			if err := p.Write(&b); err != nil {
				t.Fatal(err)
			}
			dumps, err := Read(t.Context(), &b, Options{})
			if tt.want != "" {
				if !errors.Is(err, ErrNoDump) || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d := dumps[0]
			k := d.Buckets[0]
			if d.Goroutines != 3 || len(d.Buckets) != 1 || k.State() != "chan receive" || k.Waits.Max() != 5 || k.IDs.Len() != 3 || len(k.Labels) != 1 {
				t.Errorf("got %+v", k)
			}
		})
	}
}

// TestProfileFunctions has functions that agree in name and file, as where they
// differ in the line they start at, and one that agrees in the name alone.
func TestProfileFunctions(t *testing.T) {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "goroutine", Unit: "count"}}}
	for i, file := range []string{"/a/x.go", "/a/y.go", "/a/x.go", "/a/y.go"} {
		id := uint64(i + 1)
		f := &profile.Function{ID: id, Name: "main%2ex.f", SystemName: goroutine.ProfileRemark, Filename: file, StartLine: int64(id)} // no remark in a profile of others
		l := &profile.Location{ID: id, Address: id, Line: []profile.Line{{Function: f, Line: 8}}}
		own := &profile.Location{ID: 10 + id, Address: id, Line: []profile.Line{{Function: f, Line: 10 + int64(id)}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l, own)
		for _, leaf := range []*profile.Location{l, own} {
			p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{leaf, p.Location[0]}, Value: []int64{1}})
		}
	}
	bare := &profile.Location{ID: 99, Address: 0x7f}
	p.Location = append(p.Location, bare)
	p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{bare}, Value: []int64{1}})
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	dumps, err := Read(t.Context(), &b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var functions []string
	dumps[0].EachFunction(func(f *goroutine.Frame) { functions = append(functions, f.Function+" "+f.File+" "+f.Package) })
	slices.Sort(functions)
	want := []string{"0x7f  ", "main.x.f /a/x.go main", "main.x.f /a/y.go main"}
	if !slices.Equal(functions, want) {
		t.Errorf("got the functions %q, want %q", functions, want)
	}
	if k := dumps[0].Buckets; len(k) != 7 || k[0].Count != 2 || k[1].Count != 2 || k[0].ID != k[0].Stack.ID() {
		t.Errorf("got %d buckets: %+v", len(k), k)
	}
}

// TestCancelAnywhere cancels a read on each of its ways: by blocks, line by
// line, and of counts.
func TestCancelAnywhere(t *testing.T) {
	long(t)
	for name, text := range map[string]string{
		"blocks": "goroutine 1 [select]:\n" + oneFrame + "\n",
		"lines":  "web-1 | goroutine 1 [select]:\nweb-1 | main.f(0x1)\nweb-1 | \t/a/main.go:8 +0x1\nweb-1 |\n",
		"counts": "goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tmain.f+0x1\t/a/main.go:8\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			in := readerFunc(func(p []byte) (int, error) {
				if n++; n == 20 {
					cancel()
				}
				b := p[:0]
				for len(b)+len(text) <= len(p) {
					b = append(b, text...)
				}
				if len(b) == 0 {
					return copy(p, "\n"), nil
				}
				return len(b), nil
			})
			dumps, err := Read(ctx, in, Options{})
			if !errors.Is(err, context.Canceled) || len(dumps) == 0 || !dumps[len(dumps)-1].Truncated {
				t.Errorf("got %v and %d dumps, want context.Canceled and what was read", err, len(dumps))
			}
		})
	}
}

// TestPanicOfWorker: what a worker panics with comes to who reads, not to the
// process.
func TestPanicOfWorker(t *testing.T) {
	reader := newReader(t.Context(), blockSize, Options{}, &counted{})
	b := reader.block()
	b.text = []byte("goroutine 1 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\n\n")
	b.whole = len(b.text)
	go b.read(nil) // no scanner: a mistake of our own
	reader.pending = append(reader.pending, b)
	defer func() {
		if recover() == nil {
			t.Error("the panic is lost")
		}
	}()
	reader.fold(0)
}
