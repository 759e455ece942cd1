package cli

import (
	"fmt"
	"strings"

	"gdump/internal/ui"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Write the manual page",
		Long:    "man writes the manual page, as man reads it.",
		Example: "gdump man >gdump.1",
		Hidden:  true, // for those who package gdump
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return err
			}
			page = page.WithLongDescription(paragraphs(cmd.Root().Long))
			for _, c := range cmd.Root().Commands() {
				if c.Long != "" && !c.Hidden {
					page = page.WithSection(c.CommandPath(), paragraphs(c.Long))
				}
			}
			page = page.WithSection("Keys", keyList()).WithSection("Exit status", exitStatuses)
			if _, err := fmt.Fprint(&a.printed, page.Build(roff.NewDocument())); err != nil {
				return &ioError{"stdout", err}
			}
			return nil
		},
	}
}

// keyList is the keys of the screen, a line each.
func keyList() string {
	var b strings.Builder
	for _, k := range ui.Keys() {
		where := ""
		if k.Where != "" {
			where = " (" + k.Where + ")"
		}
		fmt.Fprintf(&b, "%s: %s%s\n", strings.Join(k.Keys, " "), k.Does, where)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// exitStatuses says what each exit status means.
const exitStatuses = `0: fine
1: found what it was asked to look for: a rule tripped
2: wrong use or configuration
3: the input is not a dump
4: the target could not be asked
5: partial: there is a result, but something is missing and named
6: local trouble with a file
70: a fault of gdump itself
130, 143: interrupted`

// paragraphs joins the lines of each paragraph, because the page makes each
// line one. Lines of a list, which are indented, stay.
func paragraphs(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		switch {
		case i == 0:
		case line == "" || strings.HasPrefix(line, " "):
			if !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte('\n')
			}
		case !strings.HasSuffix(b.String(), "\n"):
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}
