package report

import (
	"fmt"

	"gdump/internal/trend"
)

// Evidence tells in lines what the verdict of a series rests on.
func Evidence(t *trend.Trend, s *trend.Series) []string {
	lines := []string{Title(s, len(t.Dumps)), "", fmt.Sprintf("confidence %.0f %%", 100*s.Confidence)}
	for i := range t.Dumps {
		lines = append(lines, fmt.Sprintf("%s  %s", padLeft(group(s.Counts[i]), 9), t.Dumps[i].Source))
	}
	return lines
}
