package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// The chart's size in its own units, and the room for what is around it.
const (
	chartWidth, chartHeight = 900, 260
	chartLeft, chartRight   = 70, 20
	chartTop, chartBottom   = 20, 30
	chartLines, chartMost   = 5, 40
)

// rankBy is each series' place when they are ordered by a column; equal ones
// share a place.
func rankBy(c *view.Column, series []*trend.Series) []int32 {
	order := make([]int32, len(series))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(a, b int32) int { return c.Compare(series[a], series[b]) }
	slices.SortStableFunc(order, compare)
	ranks := make([]int32, len(series))
	for i, at := range order {
		if i > 0 && compare(order[i-1], at) == 0 {
			ranks[at] = ranks[order[i-1]]
		} else {
			ranks[at] = int32(i)
		}
	}
	return ranks
}

// chart draws the counts of what accumulates, and of what else changed most.
// What it shows is also in the table, so its description says just that.
func (p *page) chart() {
	if len(p.t.Dumps) < 2 {
		return
	}
	lines := chartSeries(p.t)
	if len(lines) == 0 {
		return
	}
	top := 1
	for _, s := range lines {
		top = max(top, slices.Max(s.Counts))
	}
	x := chartX(p.t)
	y := func(n int) float64 {
		return chartHeight - chartBottom - float64(n)/float64(top)*(chartHeight-chartBottom-chartTop)
	}
	p.put("<h2>Trend</h2>\n<figure>\n", fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img" aria-labelledby="chart-title">`, chartWidth, chartHeight),
		"<title id=\"chart-title\">Goroutines of the ", number.Plural(len(lines), "bucket", "buckets"), ", dump by dump: what accumulates, and what changed most</title>\n")
	for _, n := range []int{0, top / 2, top} {
		p.put(fmt.Sprintf(`<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y(n), y(n), chartLeft-8, y(n)+4, number.Group(n)), "\n")
	}
	for i := range p.t.Dumps {
		if len(p.t.Dumps) <= 12 {
			p.put(fmt.Sprintf(`<text x="%.1f" y="%d" text-anchor="middle">%d</text>`, x[i], chartHeight-8, i+1), "\n")
		}
	}
	for i, s := range lines {
		var points []string
		for j, n := range s.Counts {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x[j], y(n)))
		}
		p.put(fmt.Sprintf(`<polyline class="line %s" points="%s"/>`, lineClass(i), strings.Join(points, " ")), "\n")
		for j, n := range s.Counts {
			p.put(fmt.Sprintf(`<circle class="dot %s" cx="%.1f" cy="%.1f" r="4"><title>%s: %s</title></circle>`, lineClass(i), x[j], y(n), text(view.SiteName(s.Bucket)), number.Group(n)), "\n")
		}
	}
	p.put("</svg>\n<figcaption><ul class=\"legend\">\n")
	for i, s := range lines {
		var counts []string
		for _, n := range s.Counts {
			counts = append(counts, number.Group(n))
		}
		p.put(fmt.Sprintf(`<li><svg viewBox="0 0 24 10" aria-hidden="true"><line class="line %s" x1="0" x2="24" y1="5" y2="5"/></svg> <code>%s</code> %s</li>`,
			lineClass(i), text(view.SiteName(s.Bucket)), strings.Join(counts, " → ")), "\n")
	}
	p.put("</ul></figcaption>\n</figure>\n")
}

// lineClass is how the i-th line is drawn: five colors, each with its dashes,
// then the same with thinner lines.
func lineClass(i int) string {
	class := fmt.Sprintf("c%d", i%5)
	if i/5%2 == 1 {
		class += " thin"
	}
	return class
}

// chartSeries are all series that accumulate, but no more than a chart can
// show, and those that changed the most.
func chartSeries(t *trend.Trend) []*trend.Series {
	var all []*trend.Series
	for i := range t.Series {
		if slices.Max(t.Series[i].Counts) != slices.Min(t.Series[i].Counts) {
			all = append(all, &t.Series[i])
		}
	}
	swing := func(s *trend.Series) int { return slices.Max(s.Counts) - slices.Min(s.Counts) }
	leaks := 0
	leak := func(s *trend.Series) int {
		if view.Of(s.Verdict).Style == view.Bad {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b *trend.Series) int {
		return cmp.Or(cmp.Compare(leak(a), leak(b)), cmp.Compare(swing(b), swing(a)))
	})
	for leaks < len(all) && leak(all[leaks]) == 0 {
		leaks++
	}
	return all[:min(len(all), max(chartLines, min(leaks, chartMost)))]
}

// chartX is where each dump is: by its time where all have one, else one
// step after the other.
func chartX(t *trend.Trend) []float64 {
	n := len(t.Dumps)
	at := make([]float64, n)
	first, last := t.Dumps[0].TakenAt, t.Dumps[n-1].TakenAt
	byTime := !slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return d.TakenAt.IsZero() }) && last.After(first)
	for i := range at {
		share := float64(i) / float64(n-1)
		if byTime {
			share = t.Dumps[i].TakenAt.Sub(first).Seconds() / last.Sub(first).Seconds()
		}
		at[i] = chartLeft + share*(chartWidth-chartLeft-chartRight)
	}
	return at
}
