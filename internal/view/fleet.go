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

// Instances says on how many instances a bucket is.
func Instances(b *goroutine.Bucket) string {
	if b.Spread == nil {
		return ""
	}
	return number.Group(len(b.Spread.Shares)) + " of " + number.Group(len(b.Spread.Fleet.Instances))
}

// Worst is the instance that has most of a bucket, and how many.
func Worst(b *goroutine.Bucket) string {
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
func SpreadLines(b *goroutine.Bucket, width int) []string {
	if b.Spread == nil {
		return nil
	}
	line := "  on " + Instances(b) + " instances"
	if w := Worst(b); w != "" {
		line += ", most on " + w
	}
	return []string{line, "  " + Strip(b, max(width-4, 1))}
}
