package view

import (
	"fmt"
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Why says what the verdict of a series rests on.
func Why(s *trend.Series) string { return diagnose.Reasons(s.Reasons) }

// Notes are what the reader of a comparison must know, a sentence each.
func Notes(t *trend.Trend) []string {
	var notes []string
	for _, w := range t.Warnings {
		notes = append(notes, goroutine.Clean(warning(w)))
	}
	return notes
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
			return number.Sprintf("%v of %v dumps are compared: of the newest process lifetime, which begins with %s, one in %v", w.N, w.Of, w.Names[0], w.Count)
		}
		return number.Sprintf("%v of %v dumps are compared: the newest, from %s on", w.N, w.Of, w.Names[0])
	case trend.RestartedAt:
		if w.N == 1 {
			return fmt.Sprintf("the process restarted before %s: growth is measured in each process lifetime on its own", w.Names[0])
		}
		return number.Sprintf("the process restarted %v times, before %s: growth is measured in each process lifetime on its own", w.N, list(w.Names))
	case trend.ManyReplicas:
		return number.Sprintf("the dumps come from %v processes in turn: each is followed on its own", w.N)
	case trend.MixedLevels:
		what := "without frames of the runtime"
		if w.Of == 0 {
			what += " and created by, which not all of them show"
		}
		return fmt.Sprintf("%s are different kinds of dump: stacks are compared %s", strings.Join(w.Names, " and "), what)
	case trend.OtherBuild:
		text := number.Sprintf("the dumps come from different builds, lines have moved: %v of %s matched by the names of functions", w.N, number.Plural(w.Of, "bucket", "buckets"))
		if w.Count > 0 {
			text += number.Sprintf(", %v by names without the numbers of closures, which is less sure", w.Count)
		}
		return text
	case trend.DeepStacks:
		return number.Sprintf("%s matched by their first %v frames", number.Plural(w.N, "deep stack", "deep stacks"), w.Of)
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
	case trend.LeakList:
		return fmt.Sprintf("%s lists what a leak checker found: %s in %s", w.Names[0], number.Plural(w.N, "goroutine", "goroutines"), number.Plural(w.Of, "stack", "stacks"))
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
	return number.Sprintf("%s, %s and %v more", names[0], names[1], len(names)-2)
}
