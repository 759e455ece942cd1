package diagnose

import (
	"time"

	"gdump/internal/blocked"
)

// lag is how late a wait may be noticed: Go measures it from the next collection
// on, which it forces every two minutes, and prints whole minutes.
const lag = 3 * time.Minute

// stays compares who waits now with the dump before of the same process lifetime,
// by resource. Goroutines that wait for one lock in both are stuck, or nearly so; a
// lock whose holder or waiters are others is only busy.
func stays(d *Diagnosis) map[int]blocked.Stay {
	t := d.Trend
	last := len(t.Dumps) - 1
	if last < 1 || d.apart() || !t.Dumps[last].Level.HasIDs() || len(t.LifeOf) <= last || len(d.Blocked().Resources) == 0 {
		return nil
	}
	before := last - 1
	for before >= 0 && (t.LifeOf[before] != t.LifeOf[last] || !t.Dumps[before].Level.HasIDs()) {
		before--
	}
	if before < 0 {
		return nil
	}
	apart := time.Duration(0)
	if a, b := t.Dumps[before].TakenAt, t.Dumps[last].TakenAt; !a.IsZero() && !b.IsZero() {
		apart = max(0, b.Sub(a)-lag)
	}
	then := blocked.Analyze(&t.Dumps[before], blocked.Options{Source: d.source})
	out := map[int]blocked.Stay{}
	for _, s := range blocked.Persist(then, d.Blocked(), apart) {
		out[s.After] = s
	}
	return out
}

// stayers is how many goroutines wait for a resource that did so in the dump
// before, without having gone on in between.
func (k *knots) stayers(i int) int {
	s := k.stayed[i]
	if s.Changed {
		return 0
	}
	return len(s.Same) - s.Again
}
