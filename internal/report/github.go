package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// GitHub writes the rules as workflow commands, which GitHub Actions shows as
// annotations at the lines of the sources: an error for each bucket that
// tripped a rule, a warning for a rule that could not be decided and for what
// is the matter with the allow list. Each rule is also a plain line for the log.
func GitHub(w io.Writer, t *trend.Trend, o Options) error {
	g := &github{w: bufio.NewWriter(w)}
	for _, l := range headline(t, &o) {
		g.plain(l)
	}
	shown := map[*trend.Series]bool{}
	for i := range o.Gate.Outcomes {
		out := &o.Gate.Outcomes[i]
		g.plain(string(out.State) + " " + ruleLine(out))
		switch {
		case out.State == gate.Unknown, out.State == gate.Passed && out.Why != "":
			g.command("warning", "", 0, out.Rule.Text, ruleLine(out))
		case out.State == gate.Tripped && len(out.Blame) == 0:
			g.command("error", "", 0, out.Rule.Text, ruleLine(out))
		}
		tests := leftBy(out, &o)
		for j := range tests {
			g.test(&tests[j], &o)
		}
		if tests != nil {
			continue
		}
		blamed := notShown(out.Blame, shown)
		for j, s := range blamed {
			if j == shownBlame {
				// GitHub shows ten annotations of a step.
				g.plain(number.Plural(len(blamed)-j, "more bucket", "more buckets"))
				break
			}
			shown[s] = true
			f, file, inRoot := ownPlace(s.Bucket.Stack, o.Root)
			if !inRoot {
				file = "" // GitHub could not show it
			}
			g.command("error", file, f.Line, out.Rule.Text, ruleLine(out)+"\n"+blame(s, len(t.Dumps)))
		}
	}
	g.plain(GateSummary(o))
	for _, n := range o.Gate.Notes {
		g.command("warning", o.AllowName, n.Line, "allow list", n.Text)
	}
	for _, l := range view.Trouble(t, shownTrouble) {
		g.command("warning", "", 0, "dump", l)
	}
	return g.w.Flush()
}

// test annotates what a test left where the first of it was started.
func (g *github) test(l *view.Leaker, o *Options) {
	f, file, inRoot := ownPlace(l.Series[0].Bucket.Stack, o.Root)
	if !inRoot {
		file = ""
	}
	g.command("error", file, f.Line, l.Name()+" left "+number.Plural(l.Goroutines, "goroutine", "goroutines"), l.Name()+" of "+o.Package+": "+l.Says())
}

type github struct{ w *bufio.Writer }

var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (g *github) command(kind, file string, line int, title, message string) {
	var properties []string
	if file != "" {
		properties = append(properties, "file="+property(file))
		if line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", line))
		}
	}
	properties = append(properties, "title="+property("gdump: "+title))
	lines := strings.Split(message, "\n")
	for i := range lines {
		lines[i] = inert(lines[i])
	}
	fmt.Fprintf(g.w, "::%s %s::%s\n", kind, strings.Join(properties, ","), commandData.Replace(strings.Join(lines, "\n")))
}

func property(s string) string { return commandProperty.Replace(inert(s)) }

// plain writes a line for the log. The runner takes a line that begins with
// "::", and one that has "##[" anywhere, as a command.
func (g *github) plain(s string) { fmt.Fprintf(g.w, "gdump: %s\n", inert(s)) }

func inert(s string) string { return strings.ReplaceAll(goroutine.Clean(s), "##[", "## [") }
