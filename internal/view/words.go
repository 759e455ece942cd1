package view

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Why says what the verdict of a series rests on.
func Why(s *trend.Series) string { return words(s.Reasons) }

// Notes are what the reader of a comparison must know, a sentence each.
func Notes(t *trend.Trend) []string {
	var notes []string
	for _, w := range t.Warnings {
		notes = append(notes, goroutine.Clean(warning(w)))
	}
	return notes
}

// Mismatch says why the dumps seem to be of different programs; "" if they do
// not.
func Mismatch(t *trend.Trend) string {
	m := t.Mismatch
	if m == nil {
		return ""
	}
	return goroutine.Clean(fmt.Sprintf("%s and %s seem to be of different programs: of %s and %s functions outside of Go's own they share %s",
		m.A, m.B, number.Group(m.FunctionsA), number.Group(m.FunctionsB), number.Group(m.Shared)))
}

// say formats as Sprintf does, with whole numbers in groups of digits.
func say(format string, args ...any) string {
	for i, a := range args {
		if n, ok := a.(int); ok {
			args[i] = number.Group(n)
		}
	}
	return fmt.Sprintf(format, args...)
}

// words are reasons as a sentence.
func words(reasons []trend.Reason) string {
	var said []string
	for _, r := range reasons {
		said = append(said, reason(r))
	}
	return sentence(said...)
}

// reason says in words what a reason is.
func reason(r trend.Reason) string {
	switch r.Kind {
	case trend.Stayed:
		return stayed(r)
	case trend.Climbs:
		return say("the counts climb by %s a dump (Theil–Sen), by chance once in %v (Mann–Kendall); there are no goroutine IDs to follow", number.Mean(r.Rate), int(1/max(r.Chance, 1e-6)+0.5))
	case trend.LowestClimb:
		return say("the lowest counts climb from %v to %v under the swings; there are no goroutine IDs to follow", r.N, r.Of)
	case trend.InLives:
		return say("in %v of %v process lifetimes", r.N, r.Of)
	case trend.Proven:
		return say("the garbage collector proved %v of them leaked, and there are more than before", r.N)
	case trend.Replaced:
		return say("%v new ones stayed, but most replaced others: only %v more in all", r.N, r.Count)
	case trend.Elsewhere:
		return say("%v more, while others at the same place became %v fewer", r.N, r.Count)
	case trend.Paused, trend.Halted:
		return fmt.Sprintf("no more in the last %s", number.Plural(r.N, "dump", "dumps"))
	case trend.TwoDumps:
		return say("%v more than %v before; two dumps cannot distinguish a leak from a pool warming up", r.N, r.Of)
	case trend.Slows:
		return say("fewer arrive: %v a dump at first, %v at the end, as in a pool that fills", r.Count, r.N)
	case trend.FewRounds:
		return say("rose in %v of %v rounds only, as the largest number needed at once does", r.N, r.Of)
	case trend.FewMore:
		return say("only %v more", r.N)
	case trend.LittleOfAll:
		return say("%v more than %v before, and not in every round, as when a pool is nearly full", r.N, r.Of)
	case trend.Mingles:
		return say("%v of %v others stayed for a while, too", r.N, r.Of)
	case trend.SomeEnd:
		return say("%v of them ended: traffic that grows looks the same", r.N)
	case trend.FewPeers:
		return say("only %v more connections, which peers may just not have closed yet", r.N)
	case trend.WarmsUp:
		return say("%v more since the process started%s: pools fill at first", r.N, within(r.Span))
	case trend.CountsOnly:
		return say("%v counts without goroutine IDs are too few", r.N)
	case trend.OtherLife:
		return say("in another process lifetime the same growth stopped at %v", r.N)
	case trend.EqualTops:
		return say("reached %v, and %v in a process lifetime of another length, as a pool that is full does", r.N, r.Of)
	}
	if text, ok := rest(r); ok {
		return text
	}
	return string(r.Kind)
}

// rest are the words of what does not rise, and of what would decide.
func rest(r trend.Reason) (string, bool) {
	switch r.Kind {
	case trend.CameAndWent:
		return "came and went", true
	case trend.NoneLeft:
		return "none is left", true
	case trend.UpAndDown:
		return "the count goes up and down", true
	case trend.NoneBefore:
		return "there was none before", true
	case trend.Fewer:
		return "there are fewer than before", true
	case trend.RoseOnce:
		return "rose, and does not keep rising as a leak would", true
	case trend.Exchanged:
		return say("%v of %v have been replaced", r.N, r.Of), true
	case trend.AsBefore:
		return "about as many as before", true
	case trend.MoreDumps:
		if r.Of == 2 {
			return "a third dump", true
		}
		return number.Plural(r.N, "more dump", "more dumps"), true
	case trend.MoreTime:
		if r.N > 0 {
			return fmt.Sprintf("%s more: the inflow has halved %s", duration(r.Span), times(r.N)), true
		}
		return duration(r.Span) + " more: until the process is older than pools take to fill", true
	case trend.NeedIDs:
		return "dumps with goroutine IDs (debug=2)", true
	case trend.OneEach:
		return fmt.Sprintf("each of %s has one dump", number.Plural(r.N, "process lifetime", "process lifetimes")), true
	case trend.AfterRestart:
		return "there is only one dump since the process restarted", true
	case trend.Extracts:
		return "stacks of single goroutines are no before and after", true
	case trend.NoneWhole:
		return "no two dumps of one process lifetime show all goroutines", true
	}
	return "", false
}

func stayed(r trend.Reason) string {
	text := say("goroutines stayed behind in %v of %v rounds, %v of them are still there", r.N, r.Of, r.Count)
	switch {
	case r.Ended > 0:
		return text + say(", %v ended", r.Ended)
	case r.Age == 0:
		return text + ", none has ended"
	}
	return text + fmt.Sprintf(", none of those that were there for %s has ended", number.Plural(r.Age+1, "dump", "dumps"))
}

func within(span time.Duration) string {
	if span == 0 {
		return ""
	}
	return " " + duration(span) + " ago"
}

// duration is a time in round numbers: "45 minutes", "2 hours".
func duration(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return number.Plural(int(math.Round(d.Hours())), "hour", "hours")
	case d >= time.Minute:
		return number.Plural(int(math.Round(d.Minutes())), "minute", "minutes")
	}
	return number.Plural(max(1, int(math.Round(d.Seconds()))), "second", "seconds")
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return say("%v times", n)
}

// warning says in words what a warning is about.
func warning(w trend.Warning) string {
	switch w.Kind {
	case trend.ByTimes:
		return "the dumps were put in the order of their times"
	case trend.ByIDs:
		return "the dumps have no times: they were put in the order of their goroutine IDs, which only grow"
	case trend.ClockPutBack:
		return "the times of the dumps contradict their goroutine IDs, which only grow: they are in the order of the IDs"
	case trend.Untimed:
		return "the dumps do not say when they were taken: they are compared in the order given"
	case trend.Sampled:
		if w.Count > 0 {
			return say("%v of %v dumps are compared: of the newest process lifetime, which begins with %s, one in %v", w.N, w.Of, w.Names[0], w.Count)
		}
		return say("%v of %v dumps are compared: the newest, from %s on", w.N, w.Of, w.Names[0])
	case trend.RestartedAt:
		if w.N == 1 {
			return fmt.Sprintf("the process restarted before %s: growth is measured in each process lifetime on its own", w.Names[0])
		}
		return say("the process restarted %v times, before %s: growth is measured in each process lifetime on its own", w.N, list(w.Names))
	case trend.ManyReplicas:
		return say("the dumps come from %v processes in turn: each is followed on its own", w.N)
	case trend.MixedLevels:
		what := "without frames of the runtime"
		if w.Of == 0 {
			what += " and created by, which not all of them show"
		}
		return fmt.Sprintf("%s are different kinds of dump: stacks are compared %s", strings.Join(w.Names, " and "), what)
	case trend.OtherBuild:
		text := say("the dumps come from different builds, lines have moved: %v of %s matched by the names of functions", w.N, number.Plural(w.Of, "bucket", "buckets"))
		if w.Count > 0 {
			text += say(", %v by names without the numbers of closures, which is less sure", w.Count)
		}
		return text
	case trend.DeepStacks:
		return say("%s matched by their first %v frames", number.Plural(w.N, "deep stack", "deep stacks"), w.Of)
	case trend.SameDump:
		return fmt.Sprintf("%s and %s are the same dump: it counts once", w.Names[0], w.Names[1])
	case trend.PerhapsSame:
		return fmt.Sprintf("%s and %s have the same goroutines in the same states: is it the same dump twice?", w.Names[0], w.Names[1])
	case trend.NotAll:
		return leftOut(w, "does not show all goroutines", "do not show all goroutines")
	case trend.Damaged:
		return leftOut(w, "is damaged", "are damaged")
	case trend.Regrouped:
		by := map[string]string{"site": "call site", "function": "function of the call site"}[w.Names[0]]
		return fmt.Sprintf("%s in %s: grouped by %s, --by stack lists the stacks",
			number.Plural(w.N, "goroutine", "goroutines"), number.Plural(w.Of, "stack", "different stacks"), by)
	case trend.LeftOut:
		if len(w.Names) == 1 {
			return w.Names[0] + " shows one goroutine only: it is not compared"
		}
		return list(w.Names) + " show one goroutine each: they are not compared"
	case trend.LeakProfile:
		return fmt.Sprintf("%s lists what the garbage collector proved leaked: %s in %s", w.Names[0], number.Plural(w.N, "goroutine", "goroutines"), number.Plural(w.Of, "stack", "stacks"))
	}
	return string(w.Kind)
}

func leftOut(w trend.Warning, is, are string) string {
	shown, rest := "it is shown, but the verdicts do not rest on it", "they are shown, but the verdicts do not rest on them"
	name := w.Names[0]
	if len(w.Names) > 1 {
		name, is, shown = list(w.Names), are, rest
	}
	if w.Of == 0 {
		shown = "goroutines that are missing there may not have ended"
	}
	return fmt.Sprintf("%s %s: %s", name, is, shown)
}

// list names some of many: "a and b", "a, b and 3 more".
func list(names []string) string {
	switch len(names) {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and " + names[1]
	}
	return say("%s, %s and %v more", names[0], names[1], len(names)-2)
}
