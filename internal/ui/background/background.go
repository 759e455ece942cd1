// Package background decides whether the terminal is dark before Bubble Tea
// asks it. Bubble Tea v1 sends a query from an init function and waits up to
// five seconds for a terminal that does not answer. Packages are initialised in
// the order of their import paths, so this one, being called gdump/..., comes
// before github.com/charmbracelet/bubbletea. It can go with Bubble Tea v2.
package background

import (
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Dark is whether the background is taken to be dark: GDUMP_THEME says so, or
// COLORFGBG as many terminals set it; otherwise it is.
var Dark = decide()

func decide() bool {
	dark := IsDark(os.Getenv("GDUMP_THEME"), os.Getenv("COLORFGBG"))
	lipgloss.SetHasDarkBackground(dark)
	return dark
}

// IsDark reads the name of a theme, then COLORFGBG ("15;0": the last number is
// the background's colour, of which 7 and 9 to 15 are light).
func IsDark(theme, colorFGBG string) bool {
	switch theme {
	case "light":
		return false
	case "dark":
		return true
	}
	n, err := strconv.Atoi(colorFGBG[strings.LastIndexByte(colorFGBG, ';')+1:])
	return err != nil || n < 7 || n == 8
}
