package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// deadlocked says which goroutines wait for each other, or for themselves.
func deadlocked(d *Diagnosis) []Finding {
	if d.apart() {
		return nil
	}
	k := d.knots()
	var found []Finding
	for i := range k.report.Deadlocks {
		if f, ok := k.deadlock(&k.report.Deadlocks[i]); ok {
			found = append(found, f)
		}
	}
	return found
}

func (k *knots) deadlock(x *blocked.Deadlock) (Finding, bool) {
	if x.Confidence < blocked.Probable {
		return Finding{}, false
	}
	resources := k.waitedIn(x)
	for _, r := range resources {
		if k.stayed[r].Changed {
			return Finding{}, false // another goroutine held it a moment ago
		}
	}
	f := Finding{Kind: Deadlock, Confidence: confidence(x.Confidence), Goroutines: len(x.IDs) + x.Behind, Resources: resources}
	for _, b := range x.Buckets {
		f.Buckets = append(f.Buckets, k.bucket(b).ID)
	}
	if len(x.Buckets) > 0 {
		f.of(k.bucket(x.Buckets[0]))
	}
	for _, r := range resources {
		if p := k.report.Resources[r].Pattern; p != "" && f.Name == "" {
			f.Name = string(p)
		}
	}
	f.advise(f.Name)
	f.Says = k.deadlockSays(x, resources)
	if x.Behind > 0 && !strings.Contains(f.Says, "among them") {
		f.Says += fmt.Sprintf(", %s more behind %s", number.Group(x.Behind), number.Word(max(len(x.IDs), len(x.Buckets)), "it", "them"))
	}
	if x.Proven {
		f.Evidence = append(f.Evidence, Proven(k.dump.Checker))
	}
	for n, r := range resources {
		if n == 4 {
			f.Evidence = append(f.Evidence, number.Plural(len(resources)-n, "more lock", "more locks"))
			break
		}
		f.Evidence = append(f.Evidence, k.edge(&k.report.Resources[r], x.IDs))
	}
	return f, true
}

// deadlockSays is the sentence about a deadlock.
func (k *knots) deadlockSays(x *blocked.Deadlock, resources []int) string {
	sure := ""
	if x.Confidence < blocked.Certain {
		sure = " (probable)"
	}
	if text := k.nestedSays(x, resources); text != "" {
		return text + sure
	}
	switch n := len(x.IDs); {
	case n == 0:
		return k.namelessSays(x) + sure
	case n == 1:
		return k.selfSays(x, resources)
	case n == 2:
		return fmt.Sprintf("deadlock: goroutines %s wait for each other%s", ids(x.IDs, 2), sure)
	}
	if text := k.joinSays(x, resources); text != "" {
		return text + sure
	}
	return fmt.Sprintf("deadlock: goroutines %s wait for each other in a circle%s", ids(x.IDs, 4), sure)
}

// namelessSays is the sentence about a deadlock in a dump without ids.
func (k *knots) namelessSays(x *blocked.Deadlock) string {
	var places []string
	for _, b := range x.Buckets {
		if name := SiteName(k.bucket(b)); !slices.Contains(places, name) {
			places = append(places, name)
		}
	}
	switch n := len(places); {
	case len(x.Buckets) == 1 && k.bucket(x.Buckets[0]).Count == 1:
		return "deadlock: the goroutine in " + places[0] + " waits for itself"
	case n == 0:
		return "deadlock: goroutines wait for each other"
	case n == 1:
		return "deadlock: goroutines in " + places[0] + " wait for each other"
	default:
		return "deadlock: goroutines in " + strings.Join(places[:n-1], ", ") + " and " + places[n-1] + " wait for each other"
	}
}

// nestedSays is the sentence about a pool whose users wait for more of it; "" if
// the deadlock is another.
func (k *knots) nestedSays(x *blocked.Deadlock, resources []int) string {
	if len(resources) != 1 || k.report.Resources[resources[0]].Kind != blocked.Pool {
		return ""
	}
	r := &k.report.Resources[resources[0]]
	return fmt.Sprintf("deadlock: %s; those that have one are among them: %s", waitsFor(r), ids(x.IDs, 4))
}

// joinSays is the sentence about a goroutine that waits for others to end while it
// holds the lock that these wait for; "" if the deadlock is another.
func (k *knots) joinSays(x *blocked.Deadlock, resources []int) string {
	var join, lock *blocked.Resource
	for _, i := range resources {
		switch r := &k.report.Resources[i]; {
		case r.Kind == blocked.WaitGroup || r.Kind == blocked.Errgroup && r.Op == blocked.Wait:
			join = r
		case lock == nil:
			lock = r
		default:
			return ""
		}
	}
	if join == nil || lock == nil || len(join.Known) != 1 {
		return ""
	}
	return fmt.Sprintf("deadlock: goroutine %d waits in %s for %d others to end, which wait for %s that it holds", join.Known[0].ID, SiteName(k.bucket(join.Known[0].Bucket)), len(x.IDs)-1, named(lock))
}

// selfSays is the sentence about a goroutine that waits for itself.
func (k *knots) selfSays(x *blocked.Deadlock, resources []int) string {
	probably := "probably "
	if x.Confidence == blocked.Certain {
		probably = ""
	}
	if len(resources) == 0 || len(x.Buckets) == 0 {
		return fmt.Sprintf("deadlock: goroutine %d waits for what it %sholds itself", x.IDs[0], probably)
	}
	r := &k.report.Resources[resources[0]]
	text := fmt.Sprintf("deadlock: goroutine %d waits for %s, which it %s%s itself", x.IDs[0], named(r), probably, has(r.Kind))
	if r.Kind == blocked.Once {
		text = fmt.Sprintf("deadlock: goroutine %d calls %s within its own function", x.IDs[0], named(r))
	}
	if way := k.way(r, x); way != "" {
		text += ": " + way
	}
	return text
}

// way is the calls from where a goroutine acquired what it waits for to where it
// waits: "Table.Each → purge.func1 → Table.Delete".
func (k *knots) way(r *blocked.Resource, x *blocked.Deadlock) string {
	i := slices.IndexFunc(r.Suspects, func(s blocked.Suspect) bool { return slices.Contains(x.IDs, s.ID) })
	if i < 0 || len(r.Suspects[i].Why) == 0 {
		return ""
	}
	first := r.Suspects[i].Why[0].Frame.Function
	var names []string
	for f := range k.bucket(r.Suspects[i].Bucket).Stack.All() {
		if f.Origin == goroutine.Runtime || f.Package == "sync" || f.Package == "internal/sync" {
			continue
		}
		names = append(names, name(f))
		if f.Function == first && len(names) > 1 {
			break
		}
	}
	if len(names) < 2 || len(names) > 6 {
		return ""
	}
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

// edge says who waits for a resource and who holds it.
func (k *knots) edge(r *blocked.Resource, in []uint64) string {
	var waiters []uint64
	for _, w := range r.Known {
		if slices.Contains(in, w.ID) {
			waiters = append(waiters, w.ID)
		}
	}
	verb := number.Word(len(waiters), "waits", "wait")
	if len(waiters) == 0 && len(r.Buckets) > 0 {
		text := number.Plural(r.Waiters, "goroutine", "goroutines") + " " + number.Word(r.Waiters, "waits", "wait") + " for " + named(r)
		if h := holder(r); h != nil {
			text += ", which " + k.who(h) + " " + holds(r, h)
		}
		return text
	}
	if r.Kind == blocked.WaitGroup || r.Kind == blocked.Errgroup && r.Op == blocked.Wait {
		return fmt.Sprintf("%s %s%s for those that it started", ids(waiters, 3), verb, atPlace(r.Site))
	}
	text := fmt.Sprintf("%s %s for %s", ids(waiters, 3), verb, named(r))
	if p := place(r.Site); p != "" && !strings.Contains(text, p) {
		text += " at " + p
	}
	for i := range r.Suspects {
		s := &r.Suspects[i]
		if !slices.Contains(in, s.ID) || s.Confidence < blocked.Probable {
			continue
		}
		text += fmt.Sprintf(", which %d %s", s.ID, holds(r, s))
		if w := because(s); w != "" {
			text += " (" + w + ")"
		}
		break
	}
	return text
}

// holds says what a suspect has to do with what others wait for.
func holds(r *blocked.Resource, s *blocked.Suspect) string {
	if s.Confidence == blocked.Certain {
		return has(r.Kind)
	}
	return "probably " + has(r.Kind)
}

// has is the verb for who has something of a kind.
func has(k blocked.Kind) string {
	switch k {
	case blocked.Once:
		return "runs"
	case blocked.Singleflight:
		return "makes"
	case blocked.File:
		return "uses"
	case blocked.WaitGroup:
		return "is part of"
	case blocked.Chan, blocked.Select:
		return "is at the other end of"
	}
	return "holds"
}
