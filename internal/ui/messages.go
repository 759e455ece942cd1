package ui

import (
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"
)

type (
	// loadedMsg ends the loading; both trend and err may be there.
	loadedMsg struct {
		trend trend.Trend
		err   error
	}
	// progressedMsg is how far the loading is.
	progressedMsg parse.Progress
	// waitedMsg says that loading has taken long enough to show a bar.
	waitedMsg struct{}
	// arrangedMsg is the answer to the request for rows of a generation: those
	// that the filter leaves, in order.
	arrangedMsg struct {
		gen   int
		query query.Query
		err   error
		rows  []int
	}
	// copiedMsg says what is on the clipboard.
	copiedMsg struct {
		what string
		err  error
	}
)
