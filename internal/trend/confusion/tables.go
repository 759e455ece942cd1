package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"gdump/internal/trend"
)

// printServices writes how often the verdicts on recorded services are right.
func printServices(w io.Writer, all []result, details bool) {
	printRecall(w, "by family", all, func(r *result) string { return r.of.Family })
	if details {
		printRecall(w, "by service", all, func(r *result) string { return r.of.Family + " " + r.of.Name })
		printFaults(w, all)
	}
	fmt.Fprintln(w, "\nfigure                                              bar")
	figure := func(name, bar string, is func(*result) (counts, right bool)) {
		n, k := 0, 0
		for i := range all {
			if counts, right := is(&all[i]); counts {
				n++
				if right {
					k++
				}
			}
		}
		fmt.Fprintf(w, "%-50s %6s %6.1f %%  (%d of %d)\n", name, bar, 100*float64(k)/float64(max(1, n)), k, n)
	}
	accuses := func(r *result, kinds ...string) bool {
		return slices.ContainsFunc(r.calls, func(c call) bool { return c.leak.Series.Accused() && slices.Contains(kinds, c.kind) })
	}
	figure("healthy accused, 3 and more dumps", "2", func(r *result) (bool, bool) {
		return r.in.n >= 3 && r.of.Family == "healthy", accuses(r, isFalse)
	})
	figure("other pools and workers accused", "1", func(r *result) (bool, bool) {
		return r.in.n >= 3, accuses(r, isNoise)
	})
	figure("accused from two dumps", "0", func(r *result) (bool, bool) {
		return r.in.n == 2, accuses(r, isTrue, isStale, isFalse, isNoise, isGrey)
	})
	for _, n := range sizes[:3] {
		figure(fmt.Sprintf("healthy services failed by the check, %d dumps", n), "5", func(r *result) (bool, bool) {
			return r.in.n == n && r.of.Family == "healthy", accuses(r, isFalse, isNoise)
		})
	}
	for _, n := range sizes[1:] {
		figure(fmt.Sprintf("leaking services failed by the check, %d dumps", n), "", func(r *result) (bool, bool) {
			return r.in.n == n && len(r.must) > 0, accuses(r, isTrue, isStale, isFalse, isNoise)
		})
	}
	figure("a true leak first, 5 and more dumps", "95", func(r *result) (bool, bool) {
		return r.in.n >= 5 && len(r.must) > 0, len(r.calls) > 0 && r.calls[0].kind == isTrue
	})
	figure("restarts found where they were", "", func(r *result) (bool, bool) {
		want, ok := false, true
		for i := 1; i < r.in.n; i++ {
			at := r.in.from + i*r.in.step
			restarted := r.of.Dumps[at].Life != r.of.Dumps[at-r.in.step].Life
			want = want || restarted
			ok = ok && restarted == r.trend.Restarted[i]
		}
		return (want || slices.Contains(r.trend.Restarted, true)) && r.of.Replicas == 0, ok
	})
	printCalibration(w, all)
}

func printRecall(w io.Writer, title string, all []result, key func(*result) string) {
	var keys []string
	for i := range all {
		keys = append(keys, key(&all[i]))
	}
	slices.Sort(keys)
	keys = append(slices.Compact(keys), "all")
	fmt.Fprintf(w, "\n%-30s leaks found, series with a false accusation, with a false call\n%30s", title, "")
	for _, n := range sizes {
		fmt.Fprintf(w, " %18s", fmt.Sprintf("%d dumps", n))
	}
	fmt.Fprintln(w)
	for _, k := range keys {
		fmt.Fprintf(w, "%-30s", k)
		for _, n := range sizes {
			must, found, false1, false2, series := 0, 0, 0, 0, 0
			for i := range all {
				r := &all[i]
				if r.in.n != n || k != "all" && key(r) != k {
					continue
				}
				series++
				for _, ok := range r.must {
					must++
					if ok {
						found++
					}
				}
				a, b := 0, 0
				for _, c := range r.calls {
					if c.kind != isFalse && c.kind != isStale {
						continue
					}
					if c.leak.Series.Accused() {
						a = 1
					}
					if c.leak.Series.Verdict == trend.Accumulating {
						b = 1
					}
				}
				false1 += a
				false2 += b
			}
			text := "-"
			if must > 0 {
				text = fmt.Sprintf("%d/%d", found, must)
			}
			fmt.Fprintf(w, " %18s", fmt.Sprintf("%s %d,%d/%d", text, false1, false2, series))
		}
		fmt.Fprintln(w)
	}
}

// calibration holds confidence against how often it was right.
type calibration struct {
	right, count [10]int
	sum          [10]float64
}

// bins are where the bins of a calibration begin.
func bins() []float64 { return []float64{0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98} }

func (c *calibration) add(confidence float64, right bool) {
	b := 0
	for i, low := range bins() {
		if confidence+1e-9 >= low {
			b = i
		}
	}
	c.count[b]++
	c.sum[b] += confidence
	if right {
		c.right[b]++
	}
}

func (c *calibration) print(w io.Writer) {
	fmt.Fprintln(w, "    said      mean   right")
	for b, low := range bins() {
		if n := c.count[b]; n > 0 {
			fmt.Fprintf(w, "  from %.2f  %6.3f  %6.3f  (%d of %d)\n", low, c.sum[b]/float64(n), float64(c.right[b])/float64(n), c.right[b], n)
		}
	}
}

// printCalibration writes how often what is called accumulating leaks.
func printCalibration(w io.Writer, all []result) {
	for _, besides := range []bool{true, false} {
		what := "without net/http's pools and the like"
		if besides {
			what = "all"
		}
		fmt.Fprintf(w, "\nconfidence of accumulating, 3 and more dumps, %s\n", what)
		var c calibration
		for i := range all {
			r := &all[i]
			if r.of.Family == "organic" || r.of.Replicas > 0 || r.in.n == 2 {
				continue
			}
			for _, x := range r.calls {
				s := &x.leak.Series
				if x.kind != isGrey && (x.kind != isNoise || besides) && s.Verdict == trend.Accumulating {
					c.add(s.Confidence, x.kind == isTrue)
				}
			}
		}
		c.print(w)
	}
}

// printFaults writes each false call and each leak that was missed.
func printFaults(w io.Writer, all []result) {
	for i := range all {
		r := &all[i]
		where := fmt.Sprintf("%s %d/%d/%d", r.of.Name, r.in.n, r.in.step, r.in.from)
		for _, c := range r.calls {
			s := &c.leak.Series
			if c.kind != isTrue && c.kind != isGrey && s.Verdict == trend.Accumulating {
				fmt.Fprintf(w, "FALSE %-5s %-28s %.2f %v %s (%s) %v\n", c.kind, where, s.Confidence, s.Counts, s.Bucket.Stack.Site().Function, c.leak.By, s.Reasons)
			}
		}
		for name, ok := range r.must {
			if ok {
				continue
			}
			fmt.Fprintf(w, "MISSED %-28s %s\n", where, name)
			for j := range r.trend.Series {
				s := &r.trend.Series[j]
				f := []string{s.Bucket.Stack.CreatedBy().Function}
				for x := range s.Bucket.Stack.All() {
					f = append(f, x.Function)
				}
				if matches(f, r.of.Leaks[name]) {
					fmt.Fprintf(w, "       %s %v %s: %v\n", s.Verdict, s.Counts, strings.TrimSpace(s.Bucket.Stack.Site().Function), s.Reasons)
				}
			}
		}
		if r.in.n >= 5 && len(r.must) > 0 && (len(r.calls) == 0 || r.calls[0].kind != isTrue) {
			fmt.Fprintf(w, "FIRST %-28s", where)
			for _, c := range r.calls[:min(3, len(r.calls))] {
				fmt.Fprintf(w, " | %s %s %.2f %v %s", c.kind, c.leak.Series.Verdict, c.leak.Series.Confidence, c.leak.Series.Counts, c.leak.Series.Bucket.Stack.Site().Function)
			}
			fmt.Fprintln(w)
		}
	}
}
