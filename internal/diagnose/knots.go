package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// knots are who waits for whom in the newest dump, with what the detectors ask
// of it.
type knots struct {
	dump   *goroutine.Dump
	report *blocked.Report
	on     map[uint64]int       // the resource that a goroutine waits for
	in     map[int]int          // the deadlock that a resource is part of
	stayed map[int]blocked.Stay // of resources, what the dump before shows
	roots  map[uint64]bool      // goroutines that a pile waits for, and that wait for no lock
	ended  bool                 // the runtime, or a test, gave up waiting: no wait is too short
}

// knotsOf returns the knots of the newest dump.
func knotsOf(d *Diagnosis) *knots {
	k := &knots{dump: d.Newest(), report: d.Blocked(), on: map[uint64]int{}, in: map[int]int{}}
	if k.dump == nil {
		return k
	}
	k.ended = gaveUp(k.dump)
	for i := range k.report.Resources {
		for _, w := range k.report.Resources[i].Known {
			k.on[w.ID] = i
		}
	}
	for i := range k.report.Deadlocks {
		for _, r := range k.waitedIn(&k.report.Deadlocks[i]) {
			k.in[r] = i
		}
	}
	k.stayed = stays(d)
	k.roots = map[uint64]bool{}
	for i := range k.report.Resources {
		if k.kind(i) != Blocked {
			continue
		}
		if steps, _ := k.chain(i); len(steps) > 0 && k.lasts(i) {
			k.roots[steps[len(steps)-1].ID] = true
		}
	}
	return k
}

// waitedIn is what the goroutines of a deadlock wait for.
func (k *knots) waitedIn(x *blocked.Deadlock) []int {
	if len(x.IDs) == 0 {
		return x.Resources
	}
	var resources []int
	for _, id := range x.IDs {
		if i, ok := k.on[id]; ok && !slices.Contains(resources, i) {
			resources = append(resources, i)
		}
	}
	return resources
}

// gaveUp reports whether a dump was written because nothing went on any more.
func gaveUp(d *goroutine.Dump) bool {
	return strings.Contains(d.Reason, "all goroutines are asleep") || strings.Contains(d.Reason, "all goroutines in bubble are blocked") || timedOut(d)
}

// kind is which finding a resource is for; "" if it is none's.
func (k *knots) kind(i int) Kind {
	r := &k.report.Resources[i]
	if _, ok := k.in[i]; ok {
		return Deadlock
	}
	switch r.Kind {
	case blocked.Mutex, blocked.RWMutex, blocked.Once, blocked.File, blocked.Singleflight:
		return Blocked
	case blocked.Pool, blocked.Semaphore:
		return Exhausted
	case blocked.Errgroup:
		if r.Op == blocked.Go {
			return Exhausted
		}
	}
	if r.Pattern != "" {
		return Pattern
	}
	return ""
}

// lasts reports whether waits for a resource are more than contention: they have
// lasted, are proven, or the dump was written because of them.
func (k *knots) lasts(i int) bool {
	r := &k.report.Resources[i]
	if r.Proven || r.Longest >= 1 || k.ended || k.stayers(i) > 0 {
		return true
	}
	steps, _ := k.chain(i)
	return len(steps) > 0 && endless(steps[len(steps)-1].State)
}

// endless reports whether a goroutine in this state can never go on.
func endless(state string) bool {
	return strings.Contains(state, "(nil chan)") || strings.Contains(state, "(no cases)")
}

// confidence is how sure a conclusion is, as a number.
func confidence(c blocked.Confidence) float64 {
	switch c {
	case blocked.Certain:
		return 0.99
	case blocked.Probable:
		return 0.9
	case blocked.Guess:
		return 0.5
	}
	return 0
}

// holder is the one suspect of a resource that is more than a guess; nil if there
// is none or more than one.
func holder(r *blocked.Resource) *blocked.Suspect {
	var found *blocked.Suspect
	for i := range r.Suspects {
		s := &r.Suspects[i]
		if s.Confidence < blocked.Probable || s.Pending {
			continue
		}
		if found != nil {
			return nil
		}
		found = s
	}
	return found
}

// chain is the way from a resource to who keeps all waiting: a holder, what that
// waits for, its holder, and so on.
func (k *knots) chain(i int) (steps []*blocked.Suspect, resources []int) {
	for !slices.Contains(resources, i) {
		resources = append(resources, i)
		s := holder(&k.report.Resources[i])
		if s == nil {
			return steps, resources
		}
		steps = append(steps, s)
		next, ok := k.on[s.ID]
		if !ok || s.ID == 0 || !k.held(next) {
			return steps, resources
		}
		i = next
	}
	return steps, resources
}

// held reports whether a resource is one that a goroutine can have to itself, or
// whose end others are known to bring about.
func (k *knots) held(i int) bool {
	kind := k.kind(i)
	return kind == Blocked || kind == Exhausted || kind == Deadlock || holder(&k.report.Resources[i]) != nil
}

// bucket is a bucket of the dump.
func (k *knots) bucket(i int) *goroutine.Bucket { return &k.dump.Buckets[i] }

// who names a suspect.
func (k *knots) who(s *blocked.Suspect) string {
	if s.ID == 0 {
		return "one in " + SiteName(k.bucket(s.Bucket))
	}
	return fmt.Sprintf("goroutine %d", s.ID)
}

// does says what a suspect is doing, as a sentence goes on after its name; "" if
// that is not known.
func (k *knots) does(s *blocked.Suspect) string {
	b := k.bucket(s.Bucket)
	state := s.State
	where := callSite(b)
	var text string
	switch plain, _, _ := strings.Cut(state, " ("); {
	case state == "" && s.ID == 0:
		return "" // who says where it is, and more is not known
	case state == "":
		return "is in " + where
	case plain == "sleep":
		text = "sleeps in " + where
	case plain == "IO wait":
		text = "waits for I/O in " + where
	case plain == "syscall":
		text = "is in a system call in " + where
	case plain == "running", plain == "runnable":
		return "is " + plain + " in " + where
	default:
		text = "is " + doing(state) + " in " + where
	}
	if s.Wait >= 1 {
		text += " for " + number.Minutes(s.Wait)
	}
	return text
}

// callSite is the call site of a bucket; where that is in Go's own code, the
// program's function that it is called from follows.
func callSite(b *goroutine.Bucket) string {
	site := b.Stack.Site()
	owner, ok := b.Stack.Owner()
	if ok && (site.Origin == goroutine.Stdlib || site.Origin == goroutine.Runtime) && owner.Function != site.Function && owner.Function != b.Stack.CreatedBy().Function {
		return name(site) + ", called by " + at(owner)
	}
	return SiteName(b)
}

// typeOfReceiver is the type in a method's name: "Account" of
// "shop.(*Account).Pay"; "" if it is no method.
func typeOfReceiver(function string) string {
	function = goroutine.ShortName(function)
	_, rest, ok := strings.Cut(function, ".")
	if !ok {
		return ""
	}
	if t, ok := strings.CutPrefix(rest, "(*"); ok {
		t, _, _ = strings.Cut(t, ")")
		t, _, _ = strings.Cut(t, "[")
		return t
	}
	t, _, ok := strings.Cut(rest, ".")
	if !ok || strings.HasPrefix(t, "func") {
		return ""
	}
	return t
}

// named names what is waited for: "shop.Cart.mu", "the mutex of shop.Cart", "a
// mutex at cart.go:80".
func named(r *blocked.Resource) string {
	noun := nouns[r.Kind]
	name := goroutine.Clean(r.Name)
	_, last, _ := strings.Cut(name, ".")
	switch {
	case r.Kind == blocked.Pool && strings.HasPrefix(name, "sql."), r.Kind == blocked.Pool && strings.HasPrefix(name, "http."):
		return "a connection of " + name
	case r.Kind == blocked.Pool:
		return "a connection" + atPlace(r.Site)
	case r.Kind == blocked.File && strings.HasPrefix(name, "net."):
		return "a network connection in use"
	case r.Kind == blocked.File:
		return "a file in use"
	case r.Kind == blocked.Errgroup && r.Op == blocked.Go:
		return "a slot in the limit of an errgroup" + atPlace(r.Site)
	case r.Kind == blocked.Singleflight:
		return "one call of a singleflight group" + atPlace(r.Site)
	case name != "" && typeOfReceiver(r.Site.Function) != last && (strings.Count(name, ".") > 1 || r.Kind == blocked.Mutex || r.Kind == blocked.RWMutex):
		return name
	case name != "" && (!r.MayBeMixed || r.Waiters == 1):
		return "the " + noun + " of " + article(name) + " " + name
	case name != "":
		return plural(noun) + " of " + name
	case place(r.Site) != "":
		return article(noun) + " " + noun + " at " + place(r.Site)
	}
	return article(noun) + " " + noun
}

func plural(noun string) string {
	if strings.HasSuffix(noun, "x") {
		return noun + "es"
	}
	return noun + "s"
}

func article(noun string) string {
	if strings.HasPrefix(noun, "RW") || strings.ContainsRune("aeio", rune(noun[0])) {
		return "an"
	}
	return "a"
}

var nouns = map[blocked.Kind]string{
	blocked.Mutex: "mutex", blocked.RWMutex: "RWMutex", blocked.Once: "sync.Once", blocked.WaitGroup: "wait group", blocked.Cond: "condition",
	blocked.Chan: "channel", blocked.NilChan: "nil channel", blocked.Select: "select", blocked.Pool: "connection", blocked.Semaphore: "semaphore",
	blocked.Errgroup: "errgroup", blocked.Singleflight: "call", blocked.File: "file",
}

// waitsFor begins a sentence about a resource: "40 goroutines wait for Port.mu,
// the longest for 12m".
func waitsFor(r *blocked.Resource) string {
	verb := number.Word(r.Waiters, "waits", "wait")
	text := fmt.Sprintf("%s %s for %s", number.Plural(r.Waiters, "goroutine", "goroutines"), verb, named(r))
	switch {
	case r.Longest < 1:
	case r.Waiters == 1:
		text += " for " + number.Minutes(r.Longest)
	default:
		text += ", the longest for " + number.Minutes(r.Longest)
	}
	return text
}

// because says why a suspect is one.
func because(s *blocked.Suspect) string {
	var why []string
	for i, w := range s.Why {
		if i == 2 {
			break
		}
		why = append(why, goroutine.Clean(w.String()))
	}
	return strings.Join(why, " and ")
}

// ids lists goroutines: "18 and 19", "1, 2, 3 and 4 more".
func ids(all []uint64, most int) string {
	var parts []string
	for i, id := range all {
		if i == most && len(all) > most+1 {
			return strings.Join(parts, ", ") + " and " + number.Group(len(all)-most) + " more"
		}
		parts = append(parts, fmt.Sprint(id))
	}
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
