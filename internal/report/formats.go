package report

import (
	"io"
	"math"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Format is a way to write a trend.
type Format struct {
	Name   string
	Write  func(io.Writer, *trend.Trend, Options) error
	Binary bool // not for a terminal
	Human  bool // it shows the result of the rules in a way people read
	Gate   bool // it reports nothing but the rules, so it needs some
	Single bool // a document has room for one trend

	missing func(io.Writer, string) error // writes why a package has no dumps
}

// Formats are all formats, the one that is meant if none is named first.
func Formats() []Format {
	return []Format{
		{Name: "text", Write: textReport, Human: true, missing: plainLine},
		{Name: "json", Write: JSON},
		{Name: "markdown", Write: Markdown, Human: true, missing: missingMarkdown},
		{Name: "html", Write: HTML, Human: true, Single: true},
		{Name: "pprof", Write: Pprof, Binary: true, Single: true},
		{Name: "folded", Write: Folded},
		{Name: "ndjson", Write: NDJSON},
		{Name: "dump", Write: Dump, Single: true},
		{Name: "junit", Write: JUnit, Gate: true},
		{Name: "sarif", Write: SARIF, Gate: true},
		{Name: "github", Write: GitHub, Gate: true, Human: true, missing: missingGitHub},
	}
}

// All is the Top that leaves nothing out.
const All = math.MaxInt

// Options are how a report is written.
type Options struct {
	Width int  // columns; 0 means 100
	Color bool // escape codes for colour and weight
	// Top is how many stacks are written in full, and at least how many
	// buckets the text lists; 0 means 10 stacks, of a comparison those that
	// grew, and 50 buckets.
	Top    int
	AllIDs bool // JSON lists every goroutine id of a bucket, not the first 100
	// NoVerdicts has JSON show several dumps of one source side by side,
	// kind "dump", without judging them.
	NoVerdicts bool
	Gate       *gate.Result // the result of the rules; nil without rules
	Package    string       // whose tests the dumps are of; "" if of none
	GateOnly   bool         // the text shows the rules, not the buckets
	AllowName  string       // the file of the allow list, if there is one
	Plain      bool         // the profile is not compressed: whoever takes it does that
	// What the page says of itself, and the command that shows the same on the
	// screen; each may be "" or zero.
	Command, Version, Closer string
	Now                      time.Time
	// Root is the folder of the sources; CI formats name files relative to it.
	Root string
	// Code returns the source of a frame's line, "" if it is not at hand; may be
	// nil.
	Code func(goroutine.Frame) string
	// Diagnosis is what the trend shows; nil has it worked out without source.
	Diagnosis *diagnose.Diagnosis
}

// diagnosis is what the trend shows.
func (o *Options) diagnosis(t *trend.Trend) *diagnose.Diagnosis {
	if o.Diagnosis == nil {
		o.Diagnosis = diagnose.Of(t, nil)
	}
	return o.Diagnosis
}
