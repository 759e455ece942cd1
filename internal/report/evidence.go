package report

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

// Evidence tells in lines what the verdict of a series rests on: who was there
// in each dump, who of them stayed, and what follows.
func Evidence(t *trend.Trend, s *trend.Series) []string {
	lines := []string{Title(s, len(t.Dumps)), ""}
	if len(t.Dumps) > 1 {
		lines = append(lines, fmt.Sprintf("%s, confidence %.0f %%: %s", s.Verdict, 100*s.Confidence, groupAll(goroutine.Clean(s.Why))))
		switch s.VerdictBy {
		case trend.ByCreator:
			lines = append(lines, "this shows in all that one go statement started, in whichever stack it is")
		case trend.BySite:
			lines = append(lines, "this shows in all that is parked at one call site, whoever started it")
		}
		if hidden(s) {
			lines = append(lines, fmt.Sprintf("%s of %s are stuck, the others pass through", group(s.Stuck), group(s.Now())))
		}
		for _, l := range []string{restarts(t, s), forecast(s), proof(s), matched(s)} {
			if l != "" {
				lines = append(lines, l)
			}
		}
		lines = append(lines, "")
	}
	width, most := 0, 0 // of a name; of a number
	for i := range t.Dumps {
		width = max(width, ansi.StringWidth(goroutine.Clean(t.Dumps[i].Source)))
		most = max(most, len(group(s.Counts[i])))
	}
	for i := range t.Dumps {
		line := fmt.Sprintf("%s  %s", padLeft(group(s.Counts[i]), 9), padRight(goroutine.Clean(t.Dumps[i].Source), width))
		if i < len(s.Steps) && s.Steps[i].Known {
			st := s.Steps[i]
			line += fmt.Sprintf("  %s stayed, %s came, %s ended", padLeft(group(st.Survived), most), padLeft(group(st.Born), most), padLeft(group(st.Ended), most))
		}
		if t.Restarted[i] {
			line += "  (another life)"
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// matched says by what a series was recognised, if it was not by its stack.
func matched(s *trend.Series) string {
	switch s.Match {
	case trend.MatchLevel:
		return "matched between kinds of dump: by what all of them show of the stack"
	case trend.MatchLines:
		return "matched between builds by the names of its functions: lines have moved"
	case trend.MatchClosures:
		return "matched between builds by names without the numbers of closures: less sure"
	case trend.MatchFrames:
		return "a deep stack, matched by its first frames"
	}
	return ""
}
