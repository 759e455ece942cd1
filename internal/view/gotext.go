package view

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
)

// GoText writes one goroutine of a bucket as Go prints it, for programs and
// people that know that. Without ids it is a record of a profile (debug=1).
func GoText(bucket *goroutine.Bucket) string {
	if bucket.IDs.Len() == 0 && len(bucket.Members) == 0 {
		return record(bucket)
	}
	one := goroutine.Member{State: bucket.State(), Wait: bucket.Waits.Median()}
	if ids := bucket.IDs.First(1); len(ids) > 0 {
		one.ID = ids[0]
	}
	if len(bucket.Members) > 0 {
		one = bucket.Members[0]
	}
	if one.State == "" {
		one.State = "unknown"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "goroutine %d [%s", one.ID, goroutine.Clean(one.State))
	if one.Wait > 0 {
		fmt.Fprintf(&b, ", %d minutes", one.Wait)
	}
	b.WriteString("]:\n")
	s := bucket.Stack.Parts()
	if s.Unavailable {
		b.WriteString("\tgoroutine running on other thread; stack unavailable\n")
	}
	for i, f := range s.Frames {
		if s.Elided != 0 && s.ElidedAt == i {
			elided(&b, s.Elided)
		}
		args := "..."
		if len(one.Args) == len(s.Frames) && one.Args[i] != nil {
			args = arguments(one.Args[i])
		}
		call(&b, "", f, "("+args+")")
	}
	if s.Elided != 0 && s.ElidedAt == len(s.Frames) {
		elided(&b, s.Elided)
	}
	if s.CreatedBy.Function != "" {
		in := ""
		if one.Creator > 0 {
			in = fmt.Sprintf(" in goroutine %d", one.Creator)
		}
		call(&b, "created by ", s.CreatedBy, in)
	}
	return b.String()
}

// record writes a bucket as a profile of one record, with counters for the
// addresses that are not known.
func record(bucket *goroutine.Bucket) string {
	var head, lines strings.Builder
	fmt.Fprintf(&head, "goroutine profile: total %d\n%d @", bucket.Count, bucket.Count)
	for i, f := range bucket.Stack.Frames() {
		fmt.Fprintf(&head, " %#x", i+1)
		fmt.Fprintf(&lines, "#\t%#x\t%s+0x0\t%s:%d\n", i+1, escaped(goroutine.Clean(f.Function), f.Package), goroutine.Clean(f.File), f.Line)
	}
	return head.String() + "\n" + lines.String()
}

// call writes the two lines of a call.
func call(b *strings.Builder, before string, f goroutine.Frame, behind string) {
	fmt.Fprintf(b, "%s%s%s\n\t%s:%d\n", before, escaped(goroutine.Clean(f.Function), f.Package), behind, goroutine.Clean(f.File), f.Line)
}

func elided(b *strings.Builder, n int) {
	if n < 0 {
		b.WriteString("...additional frames elided...\n")
		return
	}
	fmt.Fprintf(b, "...%d frames elided...\n", n)
}

// arguments writes those of a call; one that is not known for certain is 0.
func arguments(args []uint64) string {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = fmt.Sprintf("%#x", a)
		if a == 0 {
			texts[i] = "0x0?"
		}
	}
	return strings.Join(texts, ", ")
}

// escaped is a function's name with the dots in the last element of its package
// as Go writes them.
func escaped(function, pkg string) string {
	rest, ok := strings.CutPrefix(function, pkg)
	slash := strings.LastIndexByte(pkg, '/') + 1
	if !ok || pkg == "" || slash == 0 {
		return function
	}
	return pkg[:slash] + strings.ReplaceAll(pkg[slash:], ".", "%2e") + rest
}
