// Package background decides whether the terminal is dark, without asking it.
package background

import (
	"os"
	"strconv"
	"strings"

	"gdump/internal/ui/background/unasked"

	"github.com/charmbracelet/lipgloss"
)

// Dark is whether the background is taken to be dark: GDUMP_THEME says so, or
// COLORFGBG as many terminals set it; otherwise it is.
var Dark = decide()

func decide() bool {
	unasked.Done()
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
