package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help prints a command's help: what it does, how it is called, examples,
// commands, flags. It is written in Go rather than as a template: cobra's
// templates keep the linker from leaving out what is not used.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", strings.TrimSpace(text), c.UseLine())
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(w, "  %-28s %s\n", strings.TrimSuffix(sub.CommandPath()+" "+arguments(sub), " "), sub.Short)
		}
	}
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n")
		for l := range strings.SplitSeq(c.Example, "\n") {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
	if c.HasParent() {
		flags(c, "Flags", c.LocalFlags())
		fmt.Fprintln(w, "\nFlags of all commands: gdump --help")
		return
	}
	flags(c, "Flags", c.Flags())
}

func arguments(c *cobra.Command) string {
	_, args, _ := strings.Cut(c.Use, " ")
	return args
}

func flags(c *cobra.Command, title string, set *pflag.FlagSet) {
	var lines []string
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		lines = append(lines, fmt.Sprintf("  %-14s %s", name, f.Usage))
	})
	if len(lines) > 0 {
		fmt.Fprintf(c.OutOrStdout(), "\n%s:\n%s\n", title, strings.Join(lines, "\n"))
	}
}
