package report

import (
	"io"

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
