package ui

import (
	"fmt"

	"gdump/internal/view"
)

// showEvidence shows what the verdict of the bucket under the cursor rests on.
func (m *model) showEvidence() {
	i := m.selected()
	switch {
	case i < 0:
		m.refuse("no bucket to judge")
		return
	case len(m.trend.Dumps) < 2:
		m.refuse("a verdict needs two dumps: gdump diff A B")
		return
	}
	s := &m.trend.Series[i]
	var lines []line
	for _, text := range view.Evidence(&m.trend, s) {
		lines = append(lines, line{text: text})
	}
	m.openText(evidenceOverlay, fmt.Sprintf("evidence: %s %s", view.SiteName(s.Bucket), s.Verdict), lines)
}
