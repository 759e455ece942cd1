// Package theme has the styles of the screens, by what they mean.
package theme

import (
	"gdump/internal/trend"
	"gdump/internal/ui/background"
	"gdump/internal/view"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Theme is a set of styles. Nothing is shown by color alone: signs, words and
// the cursor's mark say the same.
type Theme struct {
	Title    lipgloss.Style // the program, the focused pane
	Strong   lipgloss.Style
	Faint    lipgloss.Style // code of Go itself, rules, hints
	Bad      lipgloss.Style // accumulating, errors
	Good     lipgloss.Style // nothing accumulates, what shrank
	Warn     lipgloss.Style // something could not be read
	Match    lipgloss.Style // what a filter or search found
	Key      lipgloss.Style
	Selected lipgloss.Style
}

// New makes the theme of a name: auto, dark, light or none. Colors have a
// contrast of at least 4.5 to the backgrounds of the themes that are common in
// terminals. Where there are 16 colors only, it is the terminal's theme that
// says what they are, and none is used that a theme may hide.
func New(name string, r *lipgloss.Renderer) Theme {
	dark := background.Dark
	switch name {
	case "none":
		r.SetColorProfile(termenv.Ascii)
	case "dark", "light":
		dark = name == "dark"
	}
	r.SetHasDarkBackground(dark)
	one := func(of256, of16 string) lipgloss.CompleteColor {
		return lipgloss.CompleteColor{TrueColor: of256, ANSI256: of256, ANSI: of16}
	}
	color := func(light, light16, dark, dark16 string) lipgloss.Style {
		return r.NewStyle().Foreground(lipgloss.CompleteAdaptiveColor{Light: one(light, light16), Dark: one(dark, dark16)})
	}
	return Theme{
		Title:  color("25", "4", "117", "6").Bold(true),
		Strong: r.NewStyle().Bold(true),
		Faint:  color("240", "0", "247", "7"),
		Bad:    color("124", "1", "209", "9").Bold(true),
		Good:   color("22", "2", "114", "2"),
		Warn:   color("94", "3", "221", "3").Bold(true),
		Match:  color("55", "5", "183", "5").Bold(true).Underline(true),
		Key:    color("25", "4", "117", "6"),
		// A background of its own: the contrast of a theme's reversed colors is
		// that of its text, which is low in some.
		Selected: color("231", "15", "16", "0").Background(lipgloss.CompleteAdaptiveColor{Light: one("24", "4"), Dark: one("110", "6")}),
	}
}

// Verdict is the style of a verdict's row, false if it has no style of its own.
func (t Theme) Verdict(v trend.Verdict) (lipgloss.Style, bool) {
	switch view.Of(v).Style {
	case view.Bad:
		return t.Bad, true
	case view.Good:
		return t.Good, true
	case view.Plain:
	}
	return lipgloss.Style{}, false
}
