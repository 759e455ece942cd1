package trend

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// words are reasons as a sentence.
func words(reasons []Reason) string {
	var parts []string
	for _, r := range reasons {
		parts = append(parts, r.String())
	}
	return strings.Join(parts, "; ")
}

// String says in words what the reason is.
func (r Reason) String() string {
	switch r.Kind {
	case Stayed:
		return r.stayed()
	case Climbs:
		return fmt.Sprintf("the counts climb by %.3g a dump (Theil–Sen), by chance once in %.0f (Mann–Kendall); there are no goroutine IDs to follow", r.Rate, 1/max(r.Chance, 1e-6))
	case LowestClimb:
		return fmt.Sprintf("the lowest counts climb from %d to %d under the swings; there are no goroutine IDs to follow", r.N, r.Of)
	case InLives:
		return fmt.Sprintf("in %d of %d process lifetimes", r.N, r.Of)
	case Proven:
		return fmt.Sprintf("the garbage collector proved %d of them leaked, and there are more than before", r.N)
	case Replaced:
		return fmt.Sprintf("%d new ones stayed, but most replaced others: only %d more in all", r.N, r.Count)
	case Elsewhere:
		return fmt.Sprintf("%d more, while others at the same place became %d fewer", r.N, r.Count)
	case Paused, Halted:
		return fmt.Sprintf("no more in the last %s", plural(r.N, "dump"))
	case TwoDumps:
		return fmt.Sprintf("%d more than %d before; two dumps cannot distinguish a leak from a pool warming up", r.N, r.Of)
	case Slows:
		return fmt.Sprintf("fewer arrive: %d a dump at first, %d at the end, as in a pool that fills", r.Count, r.N)
	case FewRounds:
		return fmt.Sprintf("rose in %d of %d rounds only, as the largest number needed at once does", r.N, r.Of)
	case FewMore:
		return fmt.Sprintf("only %d more", r.N)
	case LittleOfAll:
		return fmt.Sprintf("%d more than %d before, and not in every round, as when a pool is nearly full", r.N, r.Of)
	case Mingles:
		return fmt.Sprintf("%d of %d others stayed for a while, too", r.N, r.Of)
	case SomeEnd:
		return fmt.Sprintf("%d of them ended: traffic that grows looks the same", r.N)
	case FewPeers:
		return fmt.Sprintf("only %d more connections, which peers may just not have closed yet", r.N)
	case WarmsUp:
		return fmt.Sprintf("%d more since the process started%s: pools fill at first", r.N, within(r.Span))
	case CountsOnly:
		return fmt.Sprintf("%d counts without goroutine IDs are too few", r.N)
	case OtherLife:
		return fmt.Sprintf("in another process lifetime the same growth stopped at %d", r.N)
	case EqualTops:
		return fmt.Sprintf("reached %d, and %d in a process lifetime of another length, as a pool that is full does", r.N, r.Of)
	}
	if text, ok := r.rest(); ok {
		return text
	}
	return string(r.Kind)
}

// rest are the words of what does not rise, and of what would decide.
func (r Reason) rest() (string, bool) {
	switch r.Kind {
	case CameAndWent:
		return "came and went", true
	case NoneLeft:
		return "none is left", true
	case UpAndDown:
		return "the count goes up and down", true
	case NoneBefore:
		return "there was none before", true
	case Fewer:
		return "there are fewer than before", true
	case RoseOnce:
		return "rose, and does not keep rising as a leak would", true
	case Exchanged:
		return fmt.Sprintf("%d of %d have been replaced", r.N, r.Of), true
	case AsBefore:
		return "about as many as before", true
	case MoreDumps:
		if r.Of == 2 {
			return "a third dump", true
		}
		return plural(r.N, "more dump"), true
	case MoreTime:
		if r.N > 0 {
			return fmt.Sprintf("%s more: the inflow has halved %s", duration(r.Span), times(r.N)), true
		}
		return duration(r.Span) + " more: until the process is older than pools take to fill", true
	case NeedIDs:
		return "dumps with goroutine IDs (debug=2)", true
	case OneEach:
		return fmt.Sprintf("each of %s has one dump", plural(r.N, "process lifetime")), true
	case AfterRestart:
		return "there is only one dump since the process restarted", true
	case NoneWhole:
		return "no two dumps of one process lifetime show all goroutines", true
	}
	return "", false
}

func (r Reason) stayed() string {
	text := fmt.Sprintf("goroutines stayed behind in %d of %d rounds, %d of them are still there", r.N, r.Of, r.Count)
	switch {
	case r.Ended > 0:
		return text + fmt.Sprintf(", %d ended", r.Ended)
	case r.Age == 0:
		return text + ", none has ended"
	}
	return text + fmt.Sprintf(", none of those that were there for %s has ended", plural(r.Age+1, "dump"))
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
		return plural(int(math.Round(d.Hours())), "hour")
	case d >= time.Minute:
		return plural(int(math.Round(d.Minutes())), "minute")
	}
	return plural(max(1, int(math.Round(d.Seconds()))), "second")
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// plural writes a number of things: "1 dump", "5 dumps".
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// String says in words what the warning is about.
func (w Warning) String() string {
	switch w.Kind {
	case ByTimes:
		return "the dumps were put in the order of their times"
	case ByIDs:
		return "the dumps have no times: they were put in the order of their goroutine IDs, which only grow"
	case ClockPutBack:
		return "the times of the dumps contradict their goroutine IDs, which only grow: they are in the order of the IDs"
	case Untimed:
		return "the dumps do not say when they were taken: they are compared in the order given"
	case Sampled:
		if w.Count > 0 {
			return fmt.Sprintf("%d of %d dumps are compared: of the newest process lifetime, which begins with %s, one in %d", w.N, w.Of, w.Names[0], w.Count)
		}
		return fmt.Sprintf("%d of %d dumps are compared: the newest, from %s on", w.N, w.Of, w.Names[0])
	case RestartedAt:
		if w.N == 1 {
			return fmt.Sprintf("the process restarted before %s: growth is measured in each process lifetime on its own", w.Names[0])
		}
		return fmt.Sprintf("the process restarted %d times, before %s: growth is measured in each process lifetime on its own", w.N, list(w.Names))
	case ManyReplicas:
		return fmt.Sprintf("the dumps come from %d processes in turn: each is followed on its own", w.N)
	case MixedLevels:
		what := "without frames of the runtime"
		if w.Of == 0 {
			what += " and created by, which not all of them show"
		}
		return fmt.Sprintf("%s are different kinds of dump: stacks are compared %s", strings.Join(w.Names, " and "), what)
	case OtherBuild:
		text := fmt.Sprintf("the dumps come from different builds, lines have moved: %d of %s matched by the names of functions", w.N, plural(w.Of, "bucket"))
		if w.Count > 0 {
			text += fmt.Sprintf(", %d by names without the numbers of closures, which is less sure", w.Count)
		}
		return text
	case DeepStacks:
		return fmt.Sprintf("%s matched by their first %d frames", plural(w.N, "deep stack"), w.Of)
	case SameDump:
		return fmt.Sprintf("%s and %s are the same dump: it counts once", w.Names[0], w.Names[1])
	case PerhapsSame:
		return fmt.Sprintf("%s and %s have the same goroutines in the same states: is it the same dump twice?", w.Names[0], w.Names[1])
	case NotAll:
		return w.leftOut("does not show all goroutines", "do not show all goroutines")
	case Damaged:
		return w.leftOut("is damaged", "are damaged")
	case LeakProfile:
		return fmt.Sprintf("%s lists what the garbage collector proved leaked: %s in %s", w.Names[0], plural(w.N, "goroutine"), plural(w.Of, "stack"))
	}
	return string(w.Kind)
}

func (w Warning) leftOut(is, are string) string {
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
	return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
}

func differentPrograms(a, b string, functionsA, functionsB, shared int) string {
	return fmt.Sprintf("%s and %s seem to be of different programs: of %d and %d functions outside of Go's own they share %d", a, b, functionsA, functionsB, shared)
}
