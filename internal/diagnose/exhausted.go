package diagnose

import (
	"fmt"
	"slices"

	"gdump/internal/blocked"
	"gdump/internal/view/number"
)

// exhausted says which pools and limits have nothing left, and who has it all.
func exhausted(d *Diagnosis) []Finding {
	if d.apart() {
		return nil
	}
	k := d.knots()
	var found []Finding
	for i := range k.report.Resources {
		if k.kind(i) == Exhausted && k.lasts(i) {
			found = append(found, k.pool(i))
		}
	}
	return found
}

func (k *knots) pool(i int) Finding {
	r := &k.report.Resources[i]
	f := Finding{Kind: Exhausted, Name: string(r.Pattern), Goroutines: r.Waiters, Resources: []int{i}, Confidence: max(confidence(r.Confidence), confidence(blocked.Guess)), Says: waitsFor(r)}
	f.advise(f.Name)
	if r.Pattern == "" {
		f.Confidence = confidence(blocked.Guess) // it may be as large as it should be
	}
	var users []uint64
	for j := range r.Suspects {
		if s := &r.Suspects[j]; s.Confidence >= blocked.Probable && s.ID != 0 && !slices.Contains(users, s.ID) {
			users = append(users, s.ID)
		}
	}
	switch {
	case len(users) == 1:
		f.Says += fmt.Sprintf("; goroutine %d has one and %s", users[0], k.does(suspect(r, users[0])))
	case len(users) > 1:
		f.Says += fmt.Sprintf("; goroutines %s have %s", ids(users, 3), shares(r.Kind))
		f.Evidence = append(f.Evidence, fmt.Sprintf("%d %s", users[0], k.does(suspect(r, users[0]))))
	}
	if among := k.among(r, users); among > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s of those that have one wait for another", number.Group(among)))
	}
	for _, b := range r.Buckets {
		f.of(k.bucket(b))
	}
	return f
}

// shares names what users of a pool have of it.
func shares(k blocked.Kind) string {
	switch k {
	case blocked.Pool:
		return "connections"
	case blocked.Errgroup:
		return "slots"
	}
	return "acquired it"
}

func suspect(r *blocked.Resource, id uint64) *blocked.Suspect {
	return &r.Suspects[slices.IndexFunc(r.Suspects, func(s blocked.Suspect) bool { return s.ID == id })]
}

// among counts those of some goroutines that wait for a resource themselves.
func (k *knots) among(r *blocked.Resource, users []uint64) int {
	n := 0
	for _, w := range r.Known {
		if slices.Contains(users, w.ID) {
			n++
		}
	}
	return n
}
