package view

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// maxStrip is the most cells of the strip that a list shows for a bucket.
const maxStrip = 16

// OfFleet reports whether a trend is about the processes of a fleet.
func OfFleet(t *trend.Trend) bool {
	return len(t.Dumps) > 0 && t.Dumps[len(t.Dumps)-1].Fleet != nil
}

// Instances says on how many instances a series is, over time on how many it
// accumulates.
func Instances(s *trend.Series) string {
	b := s.Bucket
	switch {
	case s.Instances != nil && s.Instances.N == 0 && (s.Verdict == trend.Accumulating || s.Verdict == trend.Growing):
		n := 0
		for _, x := range s.Instances.Each {
			if x.Verdict == trend.Growing {
				n++
			}
		}
		return number.Group(n) + " of " + number.Group(s.Instances.Of)
	case s.Instances != nil:
		return number.Group(s.Instances.N) + " of " + number.Group(s.Instances.Of)
	case b.Spread == nil:
		return ""
	}
	return number.Group(len(b.Spread.Shares)) + " of " + number.Group(len(b.Spread.Fleet.Instances))
}

// Worst is the instance that has most of a bucket, and how many.
func Worst(s *trend.Series) string {
	b := s.Bucket
	if s.Instances != nil {
		return goroutine.Clean(s.Instances.Worst) + " " + number.Group(s.Instances.Most)
	}
	if b.Spread == nil {
		return ""
	}
	worst, n := b.Spread.Worst()
	if worst == nil {
		return ""
	}
	return goroutine.Clean(worst.Name) + " " + number.Group(n)
}

// Strip draws a cell for each instance, at most n: the worst of a span of them
// where there are more.
func Strip(b *goroutine.Bucket, n int) string {
	if b.Spread == nil {
		return ""
	}
	counts := b.Spread.Counts()
	if len(counts) > n {
		cells := make([]int, n)
		for i := range cells {
			cells[i] = slices.Max(counts[i*len(counts)/n : (i+1)*len(counts)/n])
		}
		counts = cells
	}
	return Spark(counts, n)
}

// An outlier has many more than the others: it is worth a look by itself.
const (
	outlierLeast = 20 // that an outlier has
	outlierTimes = 5  // as many as any other
	outlierOf    = 3  // instances that there must be
	outlierNamed = 3  // that are named
)

// Outlier says which few instances have many more of a bucket than the others;
// "" if none do.
func Outlier(b *goroutine.Bucket) string {
	if b.Spread == nil || len(b.Spread.Fleet.Instances) < outlierOf {
		return ""
	}
	of := len(b.Spread.Fleet.Instances)
	shares := slices.Clone(b.Spread.Shares)
	slices.SortStableFunc(shares, func(x, y goroutine.Share) int { return y.N - x.N })
	few := 0
	for k := 1; k <= max(1, of/10) && k <= len(shares); k++ {
		rest := 0
		if k < len(shares) {
			rest = shares[k].N
		}
		if n := shares[k-1].N; n >= outlierLeast && n >= outlierTimes*(rest+1) {
			few = k
			break
		}
	}
	if few == 0 {
		return ""
	}
	rest := 0
	if few < len(shares) {
		rest = shares[few].N
	}
	others := "the others none"
	if rest > 0 {
		others = "the others at most " + number.Group(rest)
	}
	var names []string
	for i := range min(few, outlierNamed) {
		names = append(names, goroutine.Clean(b.Spread.Fleet.Instances[shares[i].Instance].Name))
	}
	if few == 1 {
		return fmt.Sprintf("%s has %s here, %s", names[0], number.Group(shares[0].N), others)
	}
	if few > outlierNamed {
		names = append(names, "…")
	}
	return fmt.Sprintf("%d of %s instances have %s to %s here (%s), %s", few, number.Group(of), number.Group(shares[few-1].N), number.Group(shares[0].N), strings.Join(names, ", "), others)
}

// outliers are the findings about instances that differ from the others.
func outliers(t *trend.Trend) []Finding {
	const most = 3
	var found []Finding
	for i := range t.Series {
		s := &t.Series[i]
		if says := Outlier(s.Bucket); says != "" && len(found) < most {
			found = append(found, Finding{Kind: Outliers, Says: SiteName(s.Bucket) + ": " + says, Where: whose(s.Bucket), Goroutines: s.Now()})
		}
	}
	return found
}

// instances is on how many instances a series is, for the order of a list.
func instances(s *trend.Series) int {
	if s.Bucket.Spread == nil {
		return 0
	}
	return len(s.Bucket.Spread.Shares)
}

// most is how many the worst instance has.
func most(s *trend.Series) int {
	if s.Bucket.Spread == nil {
		return 0
	}
	_, n := s.Bucket.Spread.Worst()
	return n
}

// Fleet says how many instances of a fleet are in a dump; "" if it is of one
// process.
func Fleet(d *goroutine.Dump) string {
	switch {
	case d.Fleet == nil:
		return ""
	case len(d.Fleet.Instances) == d.Fleet.Asked:
		return number.Plural(d.Fleet.Asked, "instance", "instances")
	}
	return fmt.Sprintf("%s of %s", number.Group(len(d.Fleet.Instances)), number.Plural(d.Fleet.Asked, "instance", "instances"))
}

// SpreadLines say how a bucket is spread over the instances of a fleet: on how
// many, which has most, and a strip of a cell for each.
func SpreadLines(s *trend.Series, width int) []string {
	b := s.Bucket
	if b.Spread == nil {
		return nil
	}
	line := "  on " + Instances(s) + " instances"
	if s.Instances != nil && s.Verdict == trend.Accumulating {
		line = "  accumulates on " + Instances(s) + " instances"
	}
	if w := Worst(s); w != "" {
		line += ", most on " + w
	}
	return []string{line, "  " + Strip(b, max(width-4, 1))}
}

// ofFleet is what a series does on the instances of a fleet over time: on how
// many, since when, how fast, and what restarts hide.
func ofFleet(s *trend.Series) Finding {
	x := s.Instances
	f := Finding{Kind: Growing, Confidence: s.Confidence, Goroutines: s.Now(), Where: whose(s.Bucket)}
	name := goroutine.Clean(goroutine.ShortName(s.Name))
	if s.Verdict != trend.Accumulating {
		f.Says = fmt.Sprintf("growing: %s on %s instances; this could be a leak, or traffic that grows", name, Instances(s))
		return f
	}
	f.Kind = Accumulating
	f.Says = fmt.Sprintf("accumulating: %s on %s instances", name, Instances(s))
	if !x.Since.IsZero() {
		f.Says += " since " + x.Since.Format("2006-01-02 15:04 MST")
	}
	if x.Version != "" {
		f.Says += " (" + x.Version + ")"
	}
	if x.PerHour > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s more an hour in the lifetime of a process", number.Group(int(x.PerHour+0.5))))
	}
	f.Evidence = append(f.Evidence, fmt.Sprintf("%s at most, on %s", number.Group(x.Most), goroutine.Clean(x.Worst)))
	if x.Restarts > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s hid %s", number.Plural(x.Restarts, "restart", "restarts"), number.Plural(x.Hidden, "goroutine", "goroutines")))
	}
	return f
}
