// Command bench measures how fast and in how much memory gdump reads dumps,
// beside wc, grep, gzip and other parsers, in one run on one machine.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
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
	small, middle, large int
	rounds               int
	rows                 []row
}

// row is a figure and the bars it is held to; lower is better.
type row struct {
	name              string
	got, accept, good float64
	unit              string
	ours, theirs      string
}

func (r row) mark() string {
	switch {
	case r.got <= r.good:
		return "good"
	case r.got <= r.accept:
		return "accept"
	}
	return "MISSED"
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
	all, err := templates(b.dumps)
	if err != nil {
		return err
	}
	fmt.Printf("%d stacks of real dumps, multiplied to %d, %d and %d\n", len(all), b.small, b.middle, b.large)
	for _, part := range []func(context.Context, string, []template) error{b.speed, b.wrapped, b.crashes, b.parsers, b.stacks, b.zipped} {
		if err := part(ctx, self, all); err != nil {
			return err
		}
	}
	b.print()
	return nil
}

func (b *bench) ratio(name string, ours, theirs run, wall bool, accept, good float64) {
	x, y := ours.cpu, theirs.cpu
	if wall {
		x, y = ours.wall, theirs.wall
	}
	b.rows = append(b.rows, row{
		name: name, got: x.Seconds() / max(y.Seconds(), 1e-6), accept: accept, good: good,
		ours: fmt.Sprintf("%.3f s, %s", x.Seconds(), mebibytes(ours.peak)), theirs: fmt.Sprintf("%.3f s, %s", y.Seconds(), mebibytes(theirs.peak)),
	})
}

func (b *bench) memory(name string, bytes int64, accept, good float64) {
	b.rows = append(b.rows, row{name: name, got: float64(bytes) / (1 << 20), accept: accept, good: good, unit: " MiB"})
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
	fmt.Fprintln(w, "figure\tmeasured\taccept\tgood\t\tgdump\tbeside it")
	for _, r := range b.rows {
		accept, good, mark := fmt.Sprintf("%.4g%s", r.accept, r.unit), fmt.Sprintf("%.4g%s", r.good, r.unit), r.mark()
		if r.accept >= 1e9 {
			accept, good, mark = "-", "-", "-"
		}
		fmt.Fprintf(w, "%s\t%.4g%s\t%s\t%s\t%s\t%s\t%s\n", r.name, r.got, r.unit, accept, good, mark, cmp.Or(r.ours, "-"), cmp.Or(r.theirs, "-"))
	}
	w.Flush()
}
