package view

import (
	"slices"

	"gdump/internal/trend"
)

// Style says what an output makes of something: the screen has colors for it,
// a text has weight.
type Style int

// The styles. Bad asks for a look, Good is a relief.
const (
	Plain Style = iota
	Bad
	Good
)

// Verdict is how a verdict is shown.
type Verdict struct {
	Name    trend.Verdict
	Sign    string // one cell, says the same as the name
	Buckets string // the buckets that have it, in a few words
	Meaning string
	Style   Style
}

// Verdicts is the one table of verdicts, in the order of interest. The filter
// language, the gate, the screen, the help, the schema and docs/verdicts.md have
// names, signs and meanings from it.
var Verdicts = []Verdict{
	{trend.Accumulating, "▲", "buckets that accumulate", "goroutines come in round after round and hardly any of them ends", Bad},
	{trend.Growing, "?", "buckets that rise, as a leak or as a pool that fills", "rises; may be a leak, or a pool that fills", Plain},
	{trend.Grown, "=", "buckets that grew once", "it rose once and stays, as a pool that warmed up", Plain},
	{trend.New, "+", "buckets that were not there before", "it was not there before", Plain},
	{trend.Turnover, "~", "buckets whose members change while their size stays", "members change, the size does not, or it swings both ways", Plain},
	{trend.Stable, " ", "buckets that stay as they are", "nothing changed", Plain},
	{trend.Shrunk, "–", "buckets that shrank", "there are fewer than before", Good},
	{trend.Gone, "–", "buckets that ended", "none is left", Good},
}

// VerdictNames are the names of all verdicts, in the order of interest.
func VerdictNames() []string {
	var names []string
	for _, v := range Verdicts {
		names = append(names, string(v.Name))
	}
	return names
}

// Of is the row of a verdict. A trend of one dump has no verdicts: its row is
// blank.
func Of(v trend.Verdict) Verdict {
	if i := slices.IndexFunc(Verdicts, func(row Verdict) bool { return row.Name == v }); i >= 0 {
		return Verdicts[i]
	}
	return Verdict{Sign: " "}
}
