package view

import (
	"fmt"

	"gdump/internal/diagnose"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// evidenceName is how much of a dump's name fits next to its numbers in 80 cells.
const evidenceName = 41

// Evidence says in lines what the verdict of a series rests on: who was there
// in each dump, who of them stayed, and what follows.
func Evidence(t *trend.Trend, s *trend.Series) []string {
	lines := []string{Title(s, len(t.Dumps)), ""}
	if s.Verdict != "" {
		lines = append(lines, fmt.Sprintf("%s, confidence %.0f %%: %s", s.Verdict, 100*s.Confidence, Why(s)))
		switch s.VerdictBy {
		case trend.ByCreator:
			lines = append(lines, "seen in all that one go statement started, in whichever stack it is")
		case trend.BySite:
			lines = append(lines, "seen in all that is at one call site, whoever started it")
		}
		lines = append(lines, diagnose.Outlook(t, s)...)
		if l := matched(s); l != "" {
			lines = append(lines, l)
		}
		lines = append(lines, "")
	}
	row := func(count, stayed, came, gone, name string) {
		line := PadLeft(count, 8)
		if len(s.Steps) > 0 {
			line += " " + PadLeft(stayed, 8) + " " + PadLeft(came, 8) + " " + PadLeft(gone, 8)
		}
		lines = append(lines, line+"  "+name)
	}
	row("count", "stayed", "new", "finished", "dump")
	for i := range t.Dumps {
		var stayed, came, gone string
		if i < len(s.Steps) && s.Steps[i].Known {
			st := s.Steps[i]
			stayed, came, gone = number.Group(st.Survived), number.Group(st.Born), number.Group(st.Ended)
		}
		name := CutFront(Source(&t.Dumps[i]), evidenceName)
		if t.Restarted[i] {
			name += "  (restarted)"
		}
		row(number.Group(s.Counts[i]), stayed, came, gone, name)
	}
	return lines
}

// matched says by what a series was recognised, if it was not by its stack.
func matched(s *trend.Series) string {
	switch s.Match {
	case trend.MatchLevel:
		return "matched across kinds of dump by what all of them show of the stack"
	case trend.MatchLines:
		return "matched across builds by the names of its functions: their lines have moved"
	case trend.MatchClosures:
		return "matched across builds by names without the numbers of closures: less sure"
	case trend.MatchFrames:
		return "a deep stack, matched by its first frames"
	}
	return ""
}
