package theme

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// grounds are the backgrounds of terminals, and of the themes that are common
// in them.
var grounds = map[string]map[string]string{
	"dark": {
		"black": "#000000", "Visual Studio Code": "#1e1e1e", "Solarized": "#002b36", "Solarized, raised": "#073642", "Nord": "#2e3440",
		"Gruvbox": "#282828", "Gruvbox, soft": "#32302f", "Dracula": "#282a36", "Tango": "#2e3436", "One": "#282c34",
	},
	"light": {
		"white": "#ffffff", "Solarized": "#fdf6e3", "Solarized, raised": "#eee8d5", "Nord": "#eceff4",
		"Gruvbox": "#fbf1c7", "Gruvbox, soft": "#f2e5bc", "Dracula": "#fffbeb", "Tango": "#eeeeec", "One": "#fafafa",
	},
}

// TestContrast computes the contrast of every color to the backgrounds that it
// may be on, by WCAG 2.
func TestContrast(t *testing.T) {
	for name, backs := range grounds {
		for _, profile := range []termenv.Profile{termenv.ANSI256, termenv.TrueColor} {
			th := drawn(name, profile)
			for style, s := range map[string]lipgloss.Style{"Title": th.Title, "Faint": th.Faint, "Bad": th.Bad, "Good": th.Good, "Warn": th.Warn, "Match": th.Match, "Key": th.Key} {
				fg := color(t, s.Render("x"), "38;5;")
				for theme, back := range backs {
					if c := contrast(fg, termenv.ConvertToRGB(termenv.RGBColor(back))); c < 4.5 {
						t.Errorf("%s: %s on %s: contrast %.2f", name, style, theme, c)
					}
				}
			}
			selected := th.Selected.Render("x")
			if c := contrast(color(t, selected, "38;5;"), color(t, selected, "48;5;")); c < 4.5 {
				t.Errorf("%s: the selected row: contrast %.2f", name, c)
			}
		}
	}
}

// TestSixteen holds that nothing is drawn in bright black where there are 16
// colors: in Solarized that is the background.
func TestSixteen(t *testing.T) {
	for name := range grounds {
		th := drawn(name, termenv.ANSI)
		for style, s := range map[string]lipgloss.Style{"Title": th.Title, "Faint": th.Faint, "Bad": th.Bad, "Good": th.Good, "Warn": th.Warn, "Match": th.Match, "Key": th.Key, "Selected": th.Selected} {
			if got := s.Render("x"); !strings.Contains(got, "\x1b[") || strings.Contains(got, "90") || strings.Contains(got, "100") {
				t.Errorf("%s %s: %q", name, style, got)
			}
		}
	}
}

func drawn(name string, p termenv.Profile) Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(p)
	return New(name, r)
}

type rgb = interface{ LinearRgb() (r, g, b float64) }

// color finds a color in a drawn text, behind what it begins with.
func color(t *testing.T, drawn, begins string) rgb {
	t.Helper()
	_, rest, ok := strings.Cut(drawn, begins)
	if !ok {
		t.Fatalf("no %q in %q", begins, drawn)
	}
	n, err := strconv.Atoi(rest[:strings.IndexAny(rest, ";m")])
	if err != nil {
		t.Fatal(err)
	}
	return termenv.ConvertToRGB(termenv.ANSI256Color(n))
}

func contrast(a, b rgb) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(c rgb) float64 {
	r, g, b := c.LinearRgb()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// TestNone holds that the theme without colour has none.
func TestNone(t *testing.T) {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.TrueColor)
	th := New("none", r)
	if got := fmt.Sprint(th.Title.Render("x"), th.Bad.Render("x"), th.Selected.Render("x")); strings.Contains(got, "\x1b") {
		t.Errorf("got %q", got)
	}
}
