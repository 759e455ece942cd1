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

// New makes the theme of a name: auto, dark, light or none. Colors are chosen
// for a contrast of at least 4.5 to black, to white and to Solarized's grounds.
func New(name string, r *lipgloss.Renderer) Theme {
	dark := background.Dark
	switch name {
	case "none":
		r.SetColorProfile(termenv.Ascii)
	case "dark", "light":
		dark = name == "dark"
	}
	r.SetHasDarkBackground(dark)
	color := func(light, dark string) lipgloss.Style {
		return r.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: light, Dark: dark})
	}
	return Theme{
		Title:    color("25", "117").Bold(true),
		Strong:   r.NewStyle().Bold(true),
		Faint:    color("241", "246"),
		Bad:      color("160", "209").Bold(true),
		Good:     color("22", "114"),
		Warn:     color("94", "221").Bold(true),
		Match:    color("55", "183").Bold(true).Underline(true),
		Key:      color("25", "117"),
		Selected: r.NewStyle().Reverse(true),
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
