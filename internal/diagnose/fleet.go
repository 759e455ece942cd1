package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

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
	have := number.Group(shares[few-1].N)
	if most := shares[0].N; most > shares[few-1].N {
		have += " to " + number.Group(most)
	}
	return fmt.Sprintf("%d of %s instances have %s here (%s), %s", few, number.Group(of), have, strings.Join(names, ", "), others)
}

// outliers are the findings about instances that differ from the others.
func outliers(d *Diagnosis) []Finding {
	if !d.one() {
		return nil
	}
	const most = 3
	var found []Finding
	for i := range d.Trend.Series {
		s := &d.Trend.Series[i]
		if says := Outlier(s.Bucket); says != "" && len(found) < most {
			f := Finding{Kind: Outliers, Says: SiteName(s.Bucket) + ": " + says, Where: whose(s.Bucket), Confidence: 0.9, Goroutines: s.Now()}
			f.of(s.Bucket)
			found = append(found, f)
		}
	}
	return found
}

// ofFleet is what a series does on the instances of a fleet over time: on how
// many, since when, how fast, and what restarts hide.
func ofFleet(s *trend.Series) Finding {
	x := s.Instances
	f := Finding{Kind: Growing, Confidence: s.Confidence, Goroutines: s.Now(), Where: whose(s.Bucket)}
	f.of(s.Bucket)
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
	if x.Restarts > 0 && x.Hidden > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s hid %s", number.Plural(x.Restarts, "restart", "restarts"), number.Plural(x.Hidden, "goroutine", "goroutines")))
	}
	return f
}
