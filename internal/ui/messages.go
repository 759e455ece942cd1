package ui

import (
	"time"

	"gdump/internal/code"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"
)

type (
	// loadedMsg ends the loading; both trend and err may be there.
	loadedMsg struct {
		prepared
		err error
	}
	// steppedMsg is how far the loading is.
	steppedMsg struct {
		progress parse.Progress
		asked    Asked
		partial  *prepared // nil if there is nothing new to show
	}
	// waitedMsg says that loading has taken long enough to show a bar.
	waitedMsg struct{}
	// comparedMsg is the trend of other dumps or another grouping.
	comparedMsg struct {
		prepared
		gen int
		err error // what is wrong with the grouping
	}
	// diagnosedMsg is the diagnosis of a trend with the source at hand.
	diagnosedMsg struct {
		diagnosed
		of *trend.Series // the first of the trend
	}
	// arrangedMsg is the answer to the request for rows of a generation: those
	// that the filter leaves, in order, and the tree over them if that is shown.
	arrangedMsg struct {
		gen    int
		query  query.Query
		err    error
		rows   []int
		order  order
		hidden int // of Go itself, left out
		tree   bool
		nodes  []*trend.Node
	}
	// sourceMsg is the code of a frame, or why there is no code.
	sourceMsg struct {
		frame *goroutine.Frame
		code  code.Source
		err   error
	}
	// jumpedMsg is the series of a goroutine, -1 if there is no such series.
	jumpedMsg struct {
		id     uint64
		series int
	}
	// copiedMsg says what is on the clipboard.
	copiedMsg struct {
		what string
		err  error
	}
	// wroteMsg says what was written to a file.
	wroteMsg struct {
		name string
		err  error
	}
	// sampledMsg is what a watched target said.
	sampledMsg Sample
	// agedMsg says that time has passed.
	agedMsg time.Time
	// editedMsg says that the editor has ended.
	editedMsg struct{ err error }
)
