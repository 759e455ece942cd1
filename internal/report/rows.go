package report

import (
	"slices"

	"gdump/internal/trend"
	"gdump/internal/view"
)

// rows are the series that a table lists and whose stacks are written, and the
// noise, which is one row after them.
type rows struct {
	series []*trend.Series
	noise  *view.Noise // nil if there is none
}

// rowsOf are the rows of a trend. Where all are asked for, or goroutines are
// grouped otherwise, noise is listed as it is.
func rowsOf(t *trend.Trend, o *Options) rows {
	var r rows
	if o.Top != All && (t.By == "" || t.By == string(trend.ByStack)) {
		if n := view.FindNoise(t); n.Members != nil {
			r.noise = &n
		}
	}
	r.series = make([]*trend.Series, 0, len(t.Series))
	for i := range t.Series {
		if r.noise != nil {
			if _, ok := slices.BinarySearch(r.noise.Members, i); ok {
				continue
			}
		}
		r.series = append(r.series, &t.Series[i])
	}
	return r
}

// first are the first n rows and the noise, and how many are left out.
func (r *rows) first(n int) (shown []*trend.Series, more int) {
	n = min(n, len(r.series))
	shown = slices.Clip(r.series[:n])
	if r.noise != nil {
		shown = append(shown, &r.noise.Row)
	}
	return shown, len(r.series) - n
}
