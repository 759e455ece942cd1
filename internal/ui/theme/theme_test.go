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

// TestContrast holds every colour against the grounds it may stand on, by the
// contrast ratio of WCAG 2.
func TestContrast(t *testing.T) {
	grounds := map[string][]string{
		"dark":  {"#000000", "#1e1e1e", "#002b36"},
		"light": {"#ffffff", "#fdf6e3"},
	}
	for name, backs := range grounds {
		r := lipgloss.NewRenderer(io.Discard)
		r.SetColorProfile(termenv.ANSI256)
		th := New(name, r)
		for style, s := range map[string]lipgloss.Style{"Title": th.Title, "Faint": th.Faint, "Bad": th.Bad, "Good": th.Good, "Warn": th.Warn, "Match": th.Match, "Key": th.Key} {
			fg := foreground(t, s.Render("x"))
			for _, back := range backs {
				if c := contrast(fg, termenv.ConvertToRGB(termenv.RGBColor(back))); c < 4.5 {
					t.Errorf("%s %s on %s: contrast %.2f", name, style, back, c)
				}
			}
		}
	}
}

type rgb = interface{ LinearRgb() (r, g, b float64) }

// foreground finds the colour in a drawn text.
func foreground(t *testing.T, drawn string) rgb {
	t.Helper()
	_, rest, ok := strings.Cut(drawn, "38;5;")
	if !ok {
		t.Fatalf("no colour in %q", drawn)
	}
	end := strings.IndexAny(rest, ";m")
	n, err := strconv.Atoi(rest[:end])
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
