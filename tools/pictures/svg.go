package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// The size of a cell in pixels, at a font size of 14.
const cellW, cellH, margin = 8.4, 18.0, 12.0

// svg draws a screen: text that is alike in a run, behind it what has a
// background of its own.
func svg(screen *vt.Emulator, dark bool) string {
	fg, bg := "#24292f", "#ffffff"
	if dark {
		fg, bg = "#d0d7de", "#0d1117"
	}
	w, h := columns*cellW+2*margin, rows*cellH+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s" stroke="%s" stroke-opacity="0.3"/>`+"\n", bg, fg)
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`+"\n")
	for y := range rows {
		for x := 0; x < columns; {
			style := styleAt(screen, x, y)
			from := x
			var text strings.Builder
			for x < columns && same(styleAt(screen, x, y), style) {
				c := screen.CellAt(x, y)
				if c == nil || c.Content == "" {
					text.WriteByte(' ')
					x++
					continue
				}
				text.WriteString(c.Content)
				x += max(1, c.Width)
			}
			drawRun(&b, style, from, y, x-from, text.String(), fg, bg)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

func styleAt(screen *vt.Emulator, x, y int) uv.Style {
	if c := screen.CellAt(x, y); c != nil {
		return c.Style
	}
	return uv.Style{}
}

func drawRun(b *strings.Builder, style uv.Style, x, y, n int, text, fg, bg string) {
	front, back := name(style.Fg, fg), name(style.Bg, bg)
	if style.Attrs&uv.AttrReverse != 0 {
		front, back = back, front
	}
	left, top := margin+float64(x)*cellW, margin+float64(y)*cellH
	if back != bg {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, float64(n)*cellW, cellH, back)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	how := ""
	if style.Attrs&uv.AttrBold != 0 {
		how += ` font-weight="bold"`
	}
	if style.Underline != 0 {
		how += ` text-decoration="underline"`
	}
	// textLength keeps the columns, whatever font the reader has.
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s"%s textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
		left, top+cellH*0.75, front, how, float64(n)*cellW, html.EscapeString(strings.ReplaceAll(text, " ", "\u00a0")))
}

// name is a color as SVG writes it.
func name(c color.Color, standard string) string {
	if c == nil {
		return standard
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func same(a, b uv.Style) bool { return a.Equal(&b) }
