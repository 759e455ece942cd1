package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Dump writes the dumps of a trend as the text that Go itself prints: debug=2
// where goroutines have ids, else debug=1. Reading it gives the same buckets.
// What a bucket does not keep is not in it: the arguments of all goroutines but
// its first ones, and which goroutine had which label.
func Dump(w io.Writer, t *trend.Trend, _ Options) error {
	out := bufio.NewWriter(w)
	for i := range t.Dumps {
		if i > 0 {
			// A reader begins another dump at a running goroutine after text
			// of another kind.
			fmt.Fprintf(out, "\n== dump %d ==\n\n", i+1)
		}
		switch d := &t.Dumps[i]; {
		case identified(d):
			writeGoroutines(out, d)
		case foldable(d):
			writeFolded(out, d)
		default:
			writeCounts(out, d)
		}
	}
	return out.Flush()
}

// identified reports whether there are goroutines and every one has its id.
func identified(d *goroutine.Dump) bool {
	return len(d.Buckets) > 0 && !slices.ContainsFunc(d.Buckets, func(b goroutine.Bucket) bool { return b.IDs.Len() != b.Count })
}

// foldable reports whether the buckets of a dump without ids know more than
// debug=1 can hold, states or created by, and nothing that only it can hold.
func foldable(d *goroutine.Dump) bool {
	knows := func(b goroutine.Bucket) bool { return len(b.States) > 0 || b.Stack.CreatedBy().Function != "" }
	headed := func(b goroutine.Bucket) bool { return len(b.Labels) == 0 && (len(b.States) > 0 || d.LeaksOnly) }
	return slices.ContainsFunc(d.Buckets, knows) && !slices.ContainsFunc(d.Buckets, func(b goroutine.Bucket) bool { return !headed(b) })
}

// writeFolded writes a header for all goroutines of a group, as those do who
// fold dumps by hand: "48 goroutines [semacquire, 4 minutes]:". Where there are
// no states it is "3 instances of:", as net/http's tests list leaks.
func writeFolded(out *bufio.Writer, d *goroutine.Dump) {
	blank := ""
	for _, b := range inSourceOrder(d) {
		p := &bucketPrinter{out: out, stack: b.Stack.Parts(), args: slices.Clone(b.Args), addresses: slices.Clone(b.Addresses)}
		groups := b.Groups()
		for i := range groups {
			out.WriteString(blank)
			if g := &groups[i]; g.State == "" {
				fmt.Fprintf(out, "%d instances of:\n", g.N)
			} else {
				fmt.Fprintf(out, "%d goroutines [%s]:\n", g.N, stateText(g))
			}
			p.body(p.arguments(nil, groups[i].State), nil)
			blank = "\n"
		}
	}
}

func writeGoroutines(out *bufio.Writer, d *goroutine.Dump) {
	if d.Reason != "" {
		writeReason(out, d.Reason)
	}
	blank := ""
	for _, b := range inReadingOrder(d) {
		p := &bucketPrinter{out: out, stack: b.Stack.Parts(), samples: b.Args, args: slices.Clone(b.Args), addresses: slices.Clone(b.Addresses), members: b.Members}
		if d.Level == goroutine.Crash && d.Reason == "" {
			p.crash = "gp=0x0 m=nil "
		}
		groups := b.Groups()
		for id := range b.IDs.All() {
			m := p.member(id)
			g := nextGroup(groups, m)
			g.N--
			out.WriteString(blank)
			p.goroutine(id, g, m)
			blank = "\n"
		}
	}
}

// nextGroup is the group of a goroutine: one of its state and wait where they
// are known, else the first that has any left.
func nextGroup(groups []goroutine.Group, m *goroutine.Member) *goroutine.Group {
	if m != nil {
		for i := range groups {
			if g := &groups[i]; g.N > 0 && g.State == m.State && g.Wait == m.Wait {
				return g
			}
		}
	}
	for len(groups) > 1 && groups[0].N == 0 {
		groups = groups[1:]
	}
	return &groups[0]
}

// inReadingOrder is the buckets in the order of the source, but such that a
// reader finds the dump's borders: a running goroutine first, and last one one
// that it knows to be complete, from what it was created by.
func inReadingOrder(d *goroutine.Dump) []*goroutine.Bucket {
	rank := func(b *goroutine.Bucket) int {
		switch {
		case slices.ContainsFunc(b.States, func(c goroutine.Count) bool { return c.Name == "running" }):
			return 0
		case b.Stack.CreatedBy().Function == "":
			return 1
		}
		return 2
	}
	order := inSourceOrder(d)
	slices.SortStableFunc(order, func(a, b *goroutine.Bucket) int { return rank(a) - rank(b) })
	return order
}

func inSourceOrder(d *goroutine.Dump) []*goroutine.Bucket {
	var order []*goroutine.Bucket
	for i := range d.Buckets {
		order = append(order, &d.Buckets[i])
	}
	slices.SortStableFunc(order, func(a, b *goroutine.Bucket) int { return a.Line - b.Line })
	return order
}

// writeReason writes why the process ended, a test's timeout as the testing
// package does.
func writeReason(out *bufio.Writer, reason string) {
	why, tests, timeout := strings.Cut(reason, "; running tests: ")
	fmt.Fprintf(out, "%s\n", goroutine.Clean(why))
	if timeout {
		fmt.Fprintf(out, "\trunning tests:\n\t\t%s\n", strings.ReplaceAll(goroutine.Clean(tests), ", ", "\n\t\t"))
	}
	out.WriteByte('\n')
}

type bucketPrinter struct {
	out       *bufio.Writer
	stack     goroutine.Parts
	crash     string
	samples   []string          // argument lists of the leaf, as printed
	args      []string          // those not yet written
	addresses []goroutine.Count // of the lock, not yet written
	members   []goroutine.Member
}

// member is the goroutine with an id, nil where the bucket kept only that.
func (p *bucketPrinter) member(id uint64) *goroutine.Member {
	if i := slices.IndexFunc(p.members, func(m goroutine.Member) bool { return m.ID == id }); i >= 0 {
		return &p.members[i]
	}
	return nil
}

func (p *bucketPrinter) goroutine(id uint64, g *goroutine.Group, m *goroutine.Member) {
	fmt.Fprintf(p.out, "goroutine %d %s[%s]%s:\n", id, p.crash, stateText(g), labelText(g.Labels, " "))
	p.body(p.arguments(m, g.State), m)
}

// stateText is the text between the brackets of a header.
func stateText(g *goroutine.Group) string {
	state := g.State
	if g.Leaked {
		state += " (leaked)"
	}
	if g.Wait > 0 {
		state += fmt.Sprintf(", %d minutes", g.Wait)
	}
	if g.Locked {
		state += ", locked to thread"
	}
	return goroutine.Clean(state)
}

// body writes the stack below a header.
func (p *bucketPrinter) body(args []string, m *goroutine.Member) {
	s := &p.stack
	if s.Unavailable {
		p.out.WriteString("\tgoroutine running on other thread; stack unavailable\n")
	}
	for i := range s.Frames {
		p.elided(i)
		p.frame(&s.Frames[i], args[i])
	}
	p.elided(len(s.Frames))
	if s.CreatedBy.Function != "" {
		p.createdBy(&s.CreatedBy, m)
	}
	p.ancestors()
}

// arguments are the argument lists of a goroutine's frames: all of them where
// the bucket kept them, else a sample of its leaf and the lock it waits for.
func (p *bucketPrinter) arguments(m *goroutine.Member, state string) []string {
	lists := make([]string, len(p.stack.Frames))
	if m == nil || len(m.Args) != len(lists) {
		if len(lists) > 0 && len(p.args) > 0 {
			lists[0], p.args = p.args[0], p.args[1:]
		}
		leaf := ""
		if len(lists) > 0 {
			leaf = lists[0]
		}
		if i, address := p.lock(leaf, state); i >= 0 {
			lists[i] = address
		}
		return lists
	}
	for i, args := range m.Args {
		lists[i] = argumentList(args)
	}
	if len(m.Args) > 0 {
		fits := func(sample string) bool { return isSample(sample, m.Args[0]) }
		if i := slices.IndexFunc(p.args, fits); i >= 0 {
			lists[0] = p.args[i]
			p.args = slices.Delete(p.args, i, i+1)
		} else if i := slices.IndexFunc(p.samples, fits); i >= 0 {
			lists[0] = p.samples[i]
		}
	}
	for i := range min(6, len(lists)) {
		if !syncMethod(&p.stack.Frames[i]) {
			continue
		}
		first, _, _ := strings.Cut(lists[i], ",")
		if i := slices.IndexFunc(p.addresses, func(a goroutine.Count) bool { return a.Name == first }); i >= 0 {
			p.take(i)
			break
		}
	}
	return lists
}

// argumentList writes arguments as Go does: "_" for one that is not known.
func argumentList(args []uint64) string {
	if args == nil {
		return "..."
	}
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = "_"
		if a != 0 {
			words[i] = "0x" + strconv.FormatUint(a, 16)
		}
	}
	return strings.Join(words, ", ")
}

// isSample reports whether a printed argument list can be of these arguments.
func isSample(sample string, args []uint64) bool {
	words := strings.Split(sample, ",")
	if len(words) != len(args) {
		return false
	}
	for i, word := range words {
		word = strings.Trim(word, " {}")
		if args[i] != 0 && word != "0x"+strconv.FormatUint(args[i], 16) || args[i] == 0 && strings.HasPrefix(word, "0x") && word != "0x0" && !strings.HasSuffix(word, "?") {
			return false
		}
	}
	return true
}

// lock chooses the frame that shows which lock the goroutine waits for: a
// method of package sync, whose first argument is the address. It is -1 where
// the arguments of the leaf show it, or nothing does.
func (p *bucketPrinter) lock(leaf, state string) (frame int, address string) {
	if !strings.HasPrefix(state, "sync.") && state != "semacquire" || len(p.addresses) == 0 {
		return -1, ""
	}
	frames := p.stack.Frames
	if first, _, _ := strings.Cut(leaf, ","); len(frames) > 0 && syncMethod(&frames[0]) {
		if i := slices.IndexFunc(p.addresses, func(a goroutine.Count) bool { return a.Name == first }); i >= 0 {
			p.take(i)
			return -1, ""
		}
	}
	for i := range min(6, len(frames)) {
		if syncMethod(&frames[i]) && (i > 0 || leaf == "" && (len(frames) == 1 || !syncMethod(&frames[1]))) {
			return i, p.take(0)
		}
	}
	return -1, ""
}

func syncMethod(f *goroutine.Frame) bool {
	return strings.HasPrefix(f.Function, "sync.") || strings.HasPrefix(f.Function, "internal/sync.")
}

// take takes one of the addresses that are still to be written.
func (p *bucketPrinter) take(i int) string {
	a := &p.addresses[i]
	name := a.Name
	if a.N--; a.N <= 0 {
		p.addresses = slices.Delete(p.addresses, i, i+1)
	}
	return goroutine.Clean(name)
}

func (p *bucketPrinter) elided(i int) {
	switch s := &p.stack; {
	case s.Elided == 0 || s.ElidedAt != i:
	case s.Elided < 0:
		p.out.WriteString("...additional frames elided...\n")
	default:
		fmt.Fprintf(p.out, "...%d frames elided...\n", s.Elided)
	}
}

func (p *bucketPrinter) frame(f *goroutine.Frame, args string) {
	if cFrame(f) {
		fmt.Fprintf(p.out, "%s\n\t%s pc=0x0\n", goroutine.Clean(f.Function), fileAndLine(f))
		return
	}
	fmt.Fprintf(p.out, "%s(%s)\n\t%s\n", functionName(f), goroutine.Clean(args), fileAndLine(f))
}

func (p *bucketPrinter) createdBy(f *goroutine.Frame, m *goroutine.Member) {
	in := ""
	if m != nil && m.Creator != 0 {
		in = fmt.Sprintf(" in goroutine %d", m.Creator)
	}
	fmt.Fprintf(p.out, "created by %s%s\n\t%s\n", functionName(f), in, fileAndLine(f))
}

// ancestors writes who started the starter, as GODEBUG=tracebackancestors does.
func (p *bucketPrinter) ancestors() {
	if len(p.stack.Ancestors) == 0 {
		return
	}
	p.out.WriteString("[originating from goroutine 1]:\n")
	for i := range p.stack.Ancestors {
		p.frame(&p.stack.Ancestors[i], "...")
	}
}

// cFrame reports whether a frame is of C code, which has no package and prints
// its name without arguments.
func cFrame(f *goroutine.Frame) bool {
	return f.Package == "" && f.Origin != goroutine.Runtime
}

// functionName is the function as the linker writes it: a percent sign of its
// own has the shape of an escape.
func functionName(f *goroutine.Frame) string {
	return strings.ReplaceAll(goroutine.Clean(f.Function), "%", "%25")
}

func fileAndLine(f *goroutine.Frame) string {
	file := goroutine.Clean(f.File)
	if file == "" {
		file = "?"
	}
	return file + ":" + strconv.Itoa(f.Line)
}

// writeCounts writes a dump without ids, as debug=1: counts, labels and stacks.
func writeCounts(out *bufio.Writer, d *goroutine.Dump) {
	kind := "goroutine"
	if d.LeaksOnly {
		kind = "goroutineleak"
	}
	fmt.Fprintf(out, "%s profile: total %d\n", kind, d.Goroutines)
	for _, b := range inSourceOrder(d) {
		frames := b.Stack.Frames()
		for _, g := range b.Groups() {
			fmt.Fprintf(out, "%d @", g.N)
			for j := range max(1, len(frames)) {
				fmt.Fprintf(out, " 0x%x", j+1)
			}
			out.WriteByte('\n')
			if labels := labelText(g.Labels, ""); labels != "" {
				fmt.Fprintf(out, "# labels: %s\n", labels)
			}
			for j := range frames {
				f := &frames[j]
				if strings.HasPrefix(f.Function, "0x") && f.File == "" {
					fmt.Fprintf(out, "#\t%s\n", goroutine.Clean(f.Function))
					continue
				}
				fmt.Fprintf(out, "#\t0x%x\t%s+0x0\t%s:%d\n", j+1, functionName(f), goroutine.Clean(f.File), f.Line)
			}
			out.WriteByte('\n')
		}
	}
}

// labelText is labels as Go prints them, quoted so that they are one line.
func labelText(labels []goroutine.Pair, before string) string {
	if len(labels) == 0 {
		return ""
	}
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = strconv.QuoteToASCII(l.Key) + ": " + strconv.QuoteToASCII(l.Value)
	}
	return before + "{" + strings.Join(parts, ", ") + "}"
}
