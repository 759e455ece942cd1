// Command bench measures how fast and in how much memory gdump reads dumps,
// beside wc, grep, gzip and other parsers, in one run on one machine.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := bench{}
	flag.StringVar(&b.dumps, "dumps", "../testdata/dumps", "folder of the real dumps to multiply")
	flag.StringVar(&b.dir, "dir", "", "folder to keep the inputs in; empty: one that is removed")
	flag.IntVar(&b.small, "small", 100_000, "goroutines of the smallest input, which panicparse reads too")
	flag.IntVar(&b.middle, "middle", 1_000_000, "goroutines of the next, which gostackparse reads too; also of the one without a stack twice")
	flag.IntVar(&b.large, "large", 3_000_000, "goroutines of the largest")
	flag.IntVar(&b.rounds, "rounds", 5, "runs of each program; the median counts")
	engine := flag.String("engine", "", "only read FILE with this engine")
	workers := flag.Int("workers", 2, "goroutines that count, with -engine")
	flag.Parse()
	var err error
	if *engine != "" {
		err = readOnly(*engine, flag.Arg(0), *workers)
	} else {
		err = b.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func readOnly(name, file string, workers int) error {
	read := engines[name]
	if read == nil {
		return fmt.Errorf("no engine %q", name)
	}
	goroutines, stacks, err := read(file, workers)
	if err != nil {
		return fmt.Errorf("read %s with %s: %w", file, name, err)
	}
	fmt.Println(goroutines, "goroutines", stacks, "stacks")
	return nil
}

type bench struct {
	dumps, dir           string
	gdump                string // the program
	small, middle, large int
	rounds               int
	rows                 []row
}

// row is a figure and the bars it is held to; lower is better.
type row struct {
	name             string
	got, accept, aim float64
	unit             string
	ours, theirs     string
}

func (r row) mark() string {
	switch {
	case r.got <= r.aim:
		return "aim"
	case r.got <= r.accept:
		return "accept"
	}
	return "miss"
}

func (b *bench) run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "gdump-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	} else if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	b.gdump = filepath.Join(b.dir, "gdump")
	if out, err := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", b.gdump, "./cmd/gdump").CombinedOutput(); err != nil {
		return fmt.Errorf("build gdump: %w: %s", err, out)
	}
	all, err := templates(b.dumps)
	if err != nil {
		return err
	}
	fmt.Printf("%d stacks of real dumps, multiplied to %d, %d and %d\n", len(all), b.small, b.middle, b.large)
	for _, part := range []func(context.Context, string, []template) error{b.speed, b.wrapped, b.crashes, b.parsers, b.stacks, b.zipped, b.profiles} {
		if err := part(ctx, self, all); err != nil {
			return err
		}
	}
	b.print()
	return nil
}

func (b *bench) ratio(name string, ours, theirs run, wall bool, accept, aim float64) {
	x, y := ours.cpu, theirs.cpu
	if wall {
		x, y = ours.wall, theirs.wall
	}
	b.rows = append(b.rows, row{
		name: name, got: x.Seconds() / max(y.Seconds(), 1e-6), accept: accept, aim: aim,
		ours: fmt.Sprintf("%.3f s, %s", x.Seconds(), mebibytes(ours.peak)), theirs: fmt.Sprintf("%.3f s, %s", y.Seconds(), mebibytes(theirs.peak)),
	})
}

func (b *bench) memory(name string, bytes int64, accept, aim float64) {
	b.rows = append(b.rows, row{name: name, got: float64(bytes) / (1 << 20), accept: accept, aim: aim, unit: " MiB"})
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// speed reads the largest input, beside the programs that only look for lines.
func (b *bench) speed(ctx context.Context, self string, all []template) error {
	file, err := build(b.dir, all, b.large, asDumped, false)
	if err != nil {
		return err
	}
	middle, err := build(b.dir, all, b.middle, asDumped, false)
	if err != nil {
		return err
	}
	anyOrder, err := build(b.dir, all, b.middle, shuffled, false)
	if err != nil {
		return err
	}
	got, err := contest(ctx, b.rounds, map[string][]string{
		"wc":     {"wc", "-l", file},
		"grep":   {"grep", "-c", "^goroutine ", file},
		"one":    engine(self, "gdump", file, 1),
		"two":    engine(self, "gdump", file, 2),
		"counts": engine(self, "counts", file, 2),
		"middle": engine(self, "gdump", middle, 2),
		"any":    engine(self, "gdump", anyOrder, 2),
		"grep2":  {"grep", "-c", "^goroutine ", anyOrder},
	})
	if err != nil {
		return err
	}
	b.ratio("CPU to wc -l", got["two"], got["wc"], false, 6.0, 4.2)
	b.ratio("CPU to grep -c", got["two"], got["grep"], false, 1.7, 1.0)
	b.ratio("CPU to grep -c, stacks in no order (no bar)", got["any"], got["grep2"], false, 1e9, 1e9)
	b.ratio("wall, two workers, to grep -c", got["two"], got["grep"], true, 0.8, 0.45)
	b.ratio("wall, one worker, to grep -c (no bar)", got["one"], got["grep"], true, 1e9, 1e9)
	b.ratio("all statistics to counts only", got["two"], got["counts"], false, 1.15, 1.04)
	b.memory(fmt.Sprintf("peak memory, %d goroutines, ids kept", b.middle), got["middle"].peak, 64, 16)
	b.memory(fmt.Sprintf("peak memory, %d goroutines, ids kept", b.large), got["two"].peak, 64, 16)
	return nil
}

// parsers reads the smaller inputs, beside the other parsers.
func (b *bench) parsers(ctx context.Context, self string, all []template) error {
	middle, err := build(b.dir, all, b.middle, asDumped, false)
	if err != nil {
		return err
	}
	small, err := build(b.dir, all, b.small, asDumped, false)
	if err != nil {
		return err
	}
	got, err := contest(ctx, b.rounds, map[string][]string{
		"gdump":        engine(self, "gdump", middle, 2),
		"gostackparse": engine(self, "gostackparse", middle, 1),
		"gdump, small": engine(self, "gdump", small, 2),
		"panicparse":   engine(self, "panicparse", small, 1),
	})
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("CPU to gostackparse, %d", b.middle), got["gdump"], got["gostackparse"], false, 0.25, 0.11)
	b.ratio(fmt.Sprintf("CPU to panicparse, %d", b.small), got["gdump, small"], got["panicparse"], false, 0.03, 0.0065)
	return nil
}

// stacks reads an input in which no stack is there twice.
func (b *bench) stacks(ctx context.Context, self string, all []template) error {
	file, err := build(b.dir, all, b.middle, distinct, false)
	if err != nil {
		return err
	}
	got, err := contest(ctx, b.rounds, map[string][]string{"gdump": engine(self, "gdump", file, 2)})
	if err != nil {
		return err
	}
	b.memory(fmt.Sprintf("peak memory, %d goroutines in as many stacks", b.middle), got["gdump"].peak, 600, 400)
	return b.reports(ctx, all, file)
}

// reports has the program report an input in which no stack is there twice, and
// a fifth of one.
func (b *bench) reports(ctx context.Context, all []template, file string) error {
	n := b.middle / 5
	fifth, err := build(b.dir, all, n, distinct, false)
	if err != nil {
		return err
	}
	got, err := contest(ctx, 1, map[string][]string{
		"text": {b.gdump, fifth, "--format", "text"},
		"json": {b.gdump, fifth, "--format", "json"},
		"all":  {b.gdump, file, "--format", "text"},
	})
	if err != nil {
		return err
	}
	b.memory(fmt.Sprintf("program, peak memory, text of %d goroutines in as many stacks", n), got["text"].peak, 260, 180)
	b.memory(fmt.Sprintf("program, peak memory, JSON of %d goroutines in as many stacks", n), got["json"].peak, 300, 200)
	b.memory(fmt.Sprintf("program, peak memory, text of %d goroutines in as many stacks", b.middle), got["all"].peak, 700, 450)
	b.rows = append(b.rows, row{
		name: fmt.Sprintf("program, text of %d goroutines in as many stacks", n),
		got:  float64(got["text"].written) / 1000, accept: 1000, aim: 100, unit: " kB",
	})
	return nil
}

// zipped reads a compressed input, beside gzip, which only unpacks it.
func (b *bench) zipped(ctx context.Context, self string, all []template) error {
	file, err := build(b.dir, all, b.middle, asDumped, true)
	if err != nil {
		return err
	}
	got, err := contest(ctx, b.rounds, map[string][]string{
		"gdump": engine(self, "gdump", file, 2),
		"gzip":  {"sh", "-c", "exec gzip -dc \"$0\" >/dev/null", file},
	})
	if err != nil {
		return err
	}
	b.ratio("gzip input, wall to gzip -dc", got["gdump"], got["gzip"], true, 0.6, 0.34)
	return nil
}

func (b *bench) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tmeasured\taccept\taim\t\tgdump\tbeside it")
	for _, r := range b.rows {
		accept, aim, mark := fmt.Sprintf("%.4g%s", r.accept, r.unit), fmt.Sprintf("%.4g%s", r.aim, r.unit), r.mark()
		if r.accept >= 1e9 {
			accept, aim, mark = "-", "-", "-"
		}
		fmt.Fprintf(w, "%s\t%.4g%s\t%s\t%s\t%s\t%s\t%s\n", r.name, r.got, r.unit, accept, aim, mark, cmp.Or(r.ours, "-"), cmp.Or(r.theirs, "-"))
	}
	w.Flush()
}
