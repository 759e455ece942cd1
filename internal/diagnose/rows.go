package diagnose

import (
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// Row is a line of the table of who blocks whom: something that goroutines wait
// for, and who has it.
type Row struct {
	Resource int    // of Diagnosis.Blocked
	What     string // "the mutex of a shop.Cart"
	Place    string // where it is waited for: "cart.go:80"
	Waiters  int
	Longest  int    // minutes that one of them has waited
	Holder   string // "goroutine 7, probably"; "not found"
	Does     string // what the holder does; "" if none is named
	Why      string // why it is named
	Blocks   int    // goroutines that wait for the holder, directly or through others
	Waiting  goroutine.ID
	Holding  goroutine.ID // "" if none is named
}

// Rows are what goroutines of the newest dump queue for, the worst first: locks,
// pools and what else one has to itself, and all that is part of a deadlock.
func (d *Diagnosis) Rows() []Row {
	if d.Newest() == nil || d.apart() {
		return nil
	}
	k := d.knots()
	var rows []Row
	for i := range k.report.Resources {
		r := &k.report.Resources[i]
		if !k.lasts(i) && (!d.one() || r.Waiters < 2 && holder(r) == nil) {
			continue // it may be over by now
		}
		switch k.kind(i) {
		case Blocked, Exhausted, Deadlock:
			rows = append(rows, k.row(i))
		}
	}
	return rows
}

func (k *knots) row(i int) Row {
	r := &k.report.Resources[i]
	row := Row{Resource: i, What: named(r), Place: place(r.Site), Waiters: r.Waiters, Longest: r.Longest, Holder: r.Holder.String()}
	if len(r.Buckets) > 0 {
		b := k.bucket(r.Buckets[0])
		row.Waiting = b.ID
		if r.Site.Origin == goroutine.Stdlib {
			row.Place = place(ownerBelow(b.Stack, r.Site))
		}
	}
	if strings.Contains(row.What, row.Place) {
		row.Place = ""
	}
	s := holder(r)
	switch {
	case s != nil:
		row.Holder = k.who(s)
		if s.Confidence < blocked.Certain {
			row.Holder += ", probably"
		}
		row.Does, row.Why, row.Blocks, row.Holding = k.does(s), because(s), s.Blocks, k.bucket(s.Bucket).ID
		if next, ok := k.on[s.ID]; ok && s.ID != 0 && k.held(next) {
			row.Does = "waits for " + named(&k.report.Resources[next])
		}
	case r.Holder == blocked.Named && len(r.Suspects) > 0:
		n := 0
		for j := range r.Suspects {
			if r.Suspects[j].Confidence >= blocked.Probable {
				n++
				row.Blocks = max(row.Blocks, r.Suspects[j].Blocks)
			}
		}
		row.Holder = number.Plural(n, "goroutine", "goroutines")
	case r.Holder == blocked.Gone:
		row.Holder = "none (proven)"
	}
	return row
}
