package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wrongFlag is the error of a flag that cannot be read, in words that say what
// to write instead.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(c, unknown)
	case errors.As(err, &value):
		f := value.GetFlag()
		return fmt.Errorf("--%s %s: %s", f.Name, value.GetValue(), mustBe(f))
	case errors.As(err, &missing):
		return fmt.Errorf("--%s: needs a value: %s", missing.GetFlag().Name, missing.GetFlag().Usage)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: not a flag", syntax.GetSpecifiedFlag())
	}
	return err
}

// unknownFlag suggests the flag that was meant, or the command that has it.
func unknownFlag(c *cobra.Command, e *pflag.NotExistError) error {
	name, written := e.GetSpecifiedName(), "--"+e.GetSpecifiedName()
	if letters := e.GetSpecifiedShortnames(); letters != "" {
		name, written = letters, "-"+letters
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	if near := nearest("--"+name, names); near != "" {
		return fmt.Errorf("unknown flag %s: did you mean %s?", written, near)
	}
	for _, other := range append(c.Root().Commands(), c.Root()) {
		if f := other.LocalFlags().Lookup(name); f != nil && !f.Hidden {
			return fmt.Errorf("unknown flag %s: it is a flag of %s", written, other.CommandPath())
		}
	}
	return fmt.Errorf("unknown flag %s", written)
}

// mustBe says what a flag's value is.
func mustBe(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "must be true or false"
	case "int", "int64":
		return "must be a number"
	case "duration":
		return "must be a duration, such as 30s or 5m"
	}
	return "must be a " + f.Value.Type()
}

// nearest is the name that was probably meant, "" if none is close.
func nearest(typed string, names []string) string {
	best, most := "", 2+1
	for _, name := range names {
		d := distance(typed, name)
		if strings.HasPrefix(name, typed) && len(typed) > len("--")+1 {
			d = 1
		}
		if d < most && d < len(name)/2 {
			best, most = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with the next
// that make one word of another.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
