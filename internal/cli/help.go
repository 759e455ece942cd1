package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpWidth = 80

// flagsTopic is the help topic that explains the flags of all commands.
const flagsTopic = "flags"

// shortHelp prints what fits a small terminal: how a command is called,
// examples, and its flags, a line each. It is written in Go rather than as a
// template: cobra's templates keep the linker from leaving out what is not used.
func shortHelp(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	if !c.HasParent() {
		fmt.Fprintln(w, c.Long)
		usage(w, c)
		fmt.Fprintf(w, "\nFlags: --format --by --output --src and more: gdump help %s\n", flagsTopic)
		fmt.Fprintln(w, "More about a command: gdump help COMMAND")
		return
	}
	fmt.Fprintln(w, c.Short)
	usage(w, c)
	fmt.Fprintln(w, "\nFlags:")
	writeFlags(w, shown(c.LocalFlags()), false)
	if c.Long != "" {
		fmt.Fprintf(w, "\nMore: gdump help %s, gdump help %s\n", c.Name(), flagsTopic)
	}
}

// fullHelp prints all there is to say about a command.
func fullHelp(c *cobra.Command) {
	w := c.OutOrStdout()
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintln(w, strings.TrimSpace(text))
	usage(w, c)
	set := c.LocalFlags()
	if !c.HasParent() {
		set = c.Flags()
	}
	fmt.Fprintln(w, "\nFlags:")
	writeFlags(w, shown(set), true)
	if c.HasParent() {
		fmt.Fprintf(w, "\nFlags of all commands: gdump help %s\n", flagsTopic)
	}
}

// usage prints how a command and those below it are called, and examples.
func usage(w io.Writer, c *cobra.Command) {
	fmt.Fprintf(w, "\nUsage:\n  %s\n", call(c))
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
}

// helpCommand explains a command, or the flags of all commands.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | flags]",
		Short: "Explain a command, or the flags of all commands",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return topics(c.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				shortHelp(c.Root(), nil)
				return nil
			case len(args) == 1 && args[0] == flagsTopic:
				w := c.OutOrStdout()
				fmt.Fprintln(w, "Flags of all commands. A file config.toml and variables GDUMP_NAME can set\n"+strings.Join(configured, ", ")+".\n\nFlags:")
				writeFlags(w, shown(c.Root().Flags()), true)
				return nil
			}
			target, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 || target == c.Root() {
				name := strings.Join(args, " ")
				if near := nearest(name, topics(c.Root())); near != "" {
					return fmt.Errorf("no help about %q: did you mean %s?", name, near)
				}
				return fmt.Errorf("no help about %q: there is help about %s", name, strings.Join(topics(c.Root()), ", "))
			}
			fullHelp(target)
			return nil
		},
	}
}

// topics are what there is help about.
func topics(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return append(names, flagsTopic)
}

// call is how a command is called: gdump diff BEFORE AFTER.
func call(c *cobra.Command) string {
	_, args, _ := strings.Cut(c.Use, " ")
	return strings.TrimSuffix(c.CommandPath()+" "+args, " ")
}

// shown are the flags of a set that are not hidden.
func shown(set *pflag.FlagSet) []*pflag.Flag {
	var flags []*pflag.Flag
	set.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			flags = append(flags, f)
		}
	})
	return flags
}

// writeFlags lists flags: in full, wrapped, or the first clause of each in one
// line.
func writeFlags(w io.Writer, flags []*pflag.Flag, full bool) {
	names := make([]string, len(flags))
	widest := 0
	for i, f := range flags {
		value := valueName(f)
		names[i] = "      --" + f.Name
		if f.Shorthand != "" {
			names[i] = "  -" + f.Shorthand + ", --" + f.Name
		}
		if value != "" {
			names[i] += " " + value
		}
		widest = max(widest, len(names[i]))
	}
	for i, f := range flags {
		text := f.Usage
		if !full {
			text, _, _ = strings.Cut(text, ";")
		}
		if d := defaultOf(f); d != "" {
			text += " (default " + d + ")"
		}
		indent := strings.Repeat(" ", widest+2)
		line := names[i] + indent[len(names[i])+1:]
		for word := range strings.FieldsSeq(text) {
			if len(line)+1+len(word) > helpWidth {
				fmt.Fprintln(w, line)
				line = indent[1:]
			}
			line += " " + word
		}
		fmt.Fprintln(w, line)
	}
}

// valueName is what help calls the value of a flag.
func valueName(f *pflag.Flag) string {
	switch f.Name {
	case "allow", "binary", "cacert", "cert", "key", "redact-key-file", "targets", "token-file":
		return "FILE"
	case "out", "src":
		return "FOLDER"
	case "on-growth", "warmup":
		return "COMMAND"
	case "output":
		return "FILE"
	case "path-map":
		return "OLD=NEW"
	case "fail-on":
		return "RULES"
	}
	switch f.Value.Type() {
	case "bool":
		return ""
	case "int", "int64":
		return "N"
	case "duration":
		return "TIME"
	}
	return strings.ToUpper(f.Name[strings.LastIndexByte(f.Name, '-')+1:])
}

// defaultOf is the value of a flag that is not given, "" if it is none.
func defaultOf(f *pflag.Flag) string {
	switch d := strings.Trim(f.DefValue, "[]"); d {
	case "false", "true", "0", "0s":
		return ""
	default:
		return d
	}
}
