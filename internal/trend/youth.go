package trend

import (
	"cmp"
	"time"

	"gdump/internal/goroutine"
)

// youth is what is known of the age of a process.
type youth struct {
	since float64       // the share of its age that lies after the first dump; 0 if not known
	span  time.Duration // of the dumps; 0 if not known
	first int           // goroutines of the first dump
}

// age is the age of the process if its dumps were taken in so much time, or in
// so many rounds. It is infinite where the share is not known.
func (y *youth) age(span float64) float64 { return span / y.since }

// youthOf finds out how old a process was when its first dump was taken: by the
// goroutines that it had started, compared with those that it started since.
func (j *judged) youthOf(life int) youth {
	w := j.watched[life]
	if !w.ids || len(w.dumps) < 2 {
		return youth{}
	}
	first, last := w.dumps[0], w.dumps[len(w.dumps)-1]
	a, b := j.rosters.highest(first), j.rosters.highest(last)
	return youth{
		first: j.dumps[first].Goroutines,
		since: max(0, 1-max(0, float64(a)-j.StartIDs)/float64(b)),
		span:  cmp.Or(j.span(first, last), waited(&j.dumps[first], &j.dumps[last])),
	}
}

// waited is the time between two dumps of which the times are not known, by how
// much longer a goroutine has waited; 0 if none does.
func waited(a, b *goroutine.Dump) time.Duration {
	before := map[uint64]int{}
	for i := range a.Buckets {
		for _, m := range a.Buckets[i].Members {
			before[m.ID] = m.Wait
		}
	}
	longest := 0
	for i := range b.Buckets {
		for _, m := range b.Buckets[i].Members {
			if wait, ok := before[m.ID]; ok {
				longest = max(longest, m.Wait-wait)
			}
		}
	}
	return time.Duration(longest) * time.Minute
}
