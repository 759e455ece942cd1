package diagnose

import (
	"fmt"
	"math"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Reasons writes what a verdict rests on as a sentence.
func Reasons(reasons []trend.Reason) string {
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
		return number.Sprintf("the counts climb by %s a dump (Theil–Sen), by chance once in %v (Mann–Kendall); there are no goroutine IDs to follow", number.Mean(r.Rate), int(1/max(r.Chance, 1e-6)+0.5))
	case trend.LowestClimb:
		return number.Sprintf("the lowest counts climb from %v to %v under the swings; there are no goroutine IDs to follow", r.N, r.Of)
	case trend.InLives:
		return number.Sprintf("in %v of %v process lifetimes", r.N, r.Of)
	case trend.Proven:
		return number.Sprintf("the garbage collector proved %v of them leaked, and there are more than before", r.N)
	case trend.Replaced:
		return number.Sprintf("%v new ones stayed, but most replaced others: only %v more in all", r.N, r.Count)
	case trend.Elsewhere:
		return number.Sprintf("%v more, while others at the same place became %v fewer", r.N, r.Count)
	case trend.Paused, trend.Halted:
		return fmt.Sprintf("no more in the last %s", number.Plural(r.N, "dump", "dumps"))
	case trend.TwoDumps:
		return number.Sprintf("%v more than %v before; two dumps cannot distinguish a leak from a pool warming up", r.N, r.Of)
	case trend.Slows:
		return number.Sprintf("fewer arrive: %v a dump at first, %v at the end, as in a pool that fills", r.Count, r.N)
	case trend.FewRounds:
		return number.Sprintf("rose in %v of %v rounds only, as the largest number needed at once does", r.N, r.Of)
	case trend.FewMore:
		return number.Sprintf("only %v more", r.N)
	case trend.LittleOfAll:
		return number.Sprintf("%v more than %v before, and not in every round, as when a pool is nearly full", r.N, r.Of)
	case trend.Mingles:
		return number.Sprintf("%v of %v others stayed for a while, too", r.N, r.Of)
	case trend.SomeEnd:
		return number.Sprintf("%v of them ended: traffic that grows looks the same", r.N)
	case trend.FewPeers:
		return number.Sprintf("only %v more connections, which peers may just not have closed yet", r.N)
	case trend.WarmsUp:
		return number.Sprintf("%v more since the process started%s: pools fill at first", r.N, within(r.Span))
	case trend.CountsOnly:
		return number.Sprintf("%v counts without goroutine IDs are too few", r.N)
	case trend.OtherLife:
		return number.Sprintf("in another process lifetime the same growth stopped at %v", r.N)
	case trend.EqualTops:
		return number.Sprintf("reached %v, and %v in a process lifetime of another length, as a pool that is full does", r.N, r.Of)
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
		return number.Sprintf("%v of %v have been replaced", r.N, r.Of), true
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
	text := number.Sprintf("goroutines stayed behind in %v of %v rounds, %v of them are still there", r.N, r.Of, r.Count)
	switch {
	case r.Ended > 0:
		return text + number.Sprintf(", %v ended", r.Ended)
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
	return number.Sprintf("%v times", n)
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
