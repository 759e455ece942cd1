package trend

// WarningKind names what a warning is about.
type WarningKind string

// The warnings. The constants say what the names and numbers are.
const (
	ByTimes      WarningKind = "by-times"       // the dumps were sorted by time
	ByIDs        WarningKind = "by-ids"         // they have no times, and were sorted by goroutine ids
	ClockPutBack WarningKind = "clock-put-back" // their times contradict their ids, by which they were sorted
	Untimed      WarningKind = "untimed"        // they have no times, and are in the order given
	Sampled      WarningKind = "sampled"        // N of Of dumps are compared, from Names[0] on; Count lie between two of them
	RestartedAt  WarningKind = "restarted"      // the process restarted N times, before Names
	ManyReplicas WarningKind = "replicas"       // the dumps come from N processes in turn
	MixedLevels  WarningKind = "mixed-levels"   // Names are the levels; Of is 1 if all show created by
	OtherBuild   WarningKind = "other-build"    // N of Of series matched by functions, Count of them without the numbers of closures
	DeepStacks   WarningKind = "deep-stacks"    // N stacks matched by their first Of frames
	SameDump     WarningKind = "same-dump"      // Names are the same dump, which counts once
	PerhapsSame  WarningKind = "perhaps-same"   // Names have the same goroutines in the same states
	NotAll       WarningKind = "not-all"        // Names do not show all goroutines; Of is 1 if the verdicts do without them
	Damaged      WarningKind = "damaged"        // the same for Names that are damaged
	Regrouped    WarningKind = "regrouped"      // N goroutines are in Of stacks: they are listed by Names[0]
	LeftOut      WarningKind = "left-out"       // Names show one goroutine each, and are not compared
	LeakProfile  WarningKind = "leak-profile"   // Names[0] lists N goroutines in Of stacks that were proven leaked
	LeakList     WarningKind = "leak-list"      // Names[0] is a leak checker's list of N goroutines in Of stacks
)

// Warning is something that the reader of a comparison must know.
type Warning struct {
	Kind         WarningKind
	Names        []string
	N, Of, Count int
}
