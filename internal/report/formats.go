package report

import (
	"io"

	"gdump/internal/gate"
	"gdump/internal/trend"
)

// Format is a way to write a trend.
type Format struct {
	Name   string
	Write  func(io.Writer, *trend.Trend, Options) error
	Binary bool // not for a terminal
	Human  bool // it says what the gate's rules came to in a way people read
	Gate   bool // it reports nothing but the rules, so it needs some
}

// Formats are all formats, the one that is meant if none is named first.
func Formats() []Format {
	return []Format{
		{Name: "text", Write: textReport, Human: true},
		{Name: "json", Write: JSON},
		{Name: "markdown", Write: Markdown, Human: true},
		{Name: "html", Write: HTML, Human: true},
		{Name: "pprof", Write: Pprof, Binary: true},
		{Name: "folded", Write: Folded},
		{Name: "ndjson", Write: NDJSON},
		{Name: "dump", Write: Dump},
		{Name: "junit", Write: JUnit, Gate: true},
		{Name: "sarif", Write: SARIF, Gate: true},
		{Name: "github", Write: GitHub, Gate: true, Human: true},
	}
}

// Options are what a report can be told.
type Options struct {
	Width  int  // columns; 0 means 100
	Color  bool // escape codes for colour and weight
	Top    int  // stacks written in full; 0 means 10, of a comparison those that grew; below 0 none
	AllIDs bool // JSON lists every goroutine id of a bucket, not the first 100
	// NoVerdicts has JSON show several dumps of one source side by side,
	// kind "dump", without judging them.
	NoVerdicts bool
	Gate       *gate.Result // what the rules came to; nil if there are none
	GateOnly   bool         // the text tells of the rules, not of the buckets
	AllowName  string       // the file of the allow list, if there is one
	Plain      bool         // the profile is not compressed: whoever takes it does that
	// Root is the folder of the sources; CI formats name files relative to it.
	Root string
}
