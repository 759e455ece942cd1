package view

import (
	"fmt"
	"slices"

	"gdump/internal/diagnose"
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
	line := "  on " + diagnose.Instances(s) + " instances"
	if s.Instances != nil && s.Verdict == trend.Accumulating {
		line = "  accumulates on " + diagnose.Instances(s) + " instances"
	}
	if w := Worst(s); w != "" {
		line += ", most on " + w
	}
	return []string{line, "  " + Strip(b, max(width-4, 1))}
}
