package cli

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpWidth = 80

// help prints a command's help: what it does, how it is called, examples,
// commands, flags. It is written in Go rather than as a template: cobra's
// templates keep the linker from leaving out what is not used.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintln(w, strings.TrimSpace(text))
	if c.Runnable() {
		fmt.Fprintf(w, "\nUsage:\n  %s\n", c.UseLine())
	}
	widest := 0
	var subs []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, sub)
			widest = max(widest, ansi.StringWidth(call(sub)))
		}
	}
	for _, sub := range subs {
		fmt.Fprintf(w, "  %s  %s\n", call(sub)+strings.Repeat(" ", widest-ansi.StringWidth(call(sub))), sub.Short)
	}
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n")
		for l := range strings.SplitSeq(c.Example, "\n") {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
	switch {
	case !c.HasParent():
		fmt.Fprintf(w, "\nFlags: --format --by --output --src and more: gdump help %s\n", flagsTopic)
	case c.Name() == flagsTopic:
		flags(c, c.Root().Flags())
	default:
		flags(c, c.LocalFlags())
		fmt.Fprintf(w, "\nFlags of all commands: gdump help %s\n", flagsTopic)
	}
}

const flagsTopic = "flags"

// flagsCommand is the help topic that explains the flags of all commands.
func flagsCommand() *cobra.Command {
	return &cobra.Command{Use: flagsTopic, Short: "What each flag of all commands does", Hidden: true}
}

// call is how a command is called: gdump diff BEFORE AFTER.
func call(c *cobra.Command) string {
	_, args, _ := strings.Cut(c.Use, " ")
	return strings.TrimSuffix(c.CommandPath()+" "+args, " ")
}

// flags lists flags with their defaults.
func flags(c *cobra.Command, set *pflag.FlagSet) {
	if usages := strings.TrimRight(set.FlagUsagesWrapped(helpWidth), "\n"); usages != "" {
		fmt.Fprintf(c.OutOrStdout(), "\nFlags:\n%s\n", usages)
	}
}
