package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"gdump/internal/goroutine"
	"gdump/internal/source"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/pflag"
)

// config is what the configuration file can say: the flags that one sets once
// and for all. Each has a variable GDUMP_NAME as well. A flag beats the
// variable, the variable the file.
type config struct {
	Theme         *string  `toml:"theme"`
	Color         *string  `toml:"color"`
	ASCII         *bool    `toml:"ascii"`
	Mouse         *bool    `toml:"mouse"`
	By            *string  `toml:"by"`
	Src           []string `toml:"src"`
	PathMap       []string `toml:"path-map"`
	Timeout       *string  `toml:"timeout"`
	MaxGoroutines *int     `toml:"max-goroutines"`
}

// configured are the flags that the file and the environment can set.
var configured = []string{"theme", "color", "ascii", "mouse", "by", "src", "path-map", "timeout", "max-goroutines"}

// values are what the file says of a flag, nothing if it is silent.
func (c *config) values(flag string) []string {
	one := func(v any, set bool) []string {
		if !set {
			return nil
		}
		return []string{fmt.Sprint(v)}
	}
	switch flag {
	case "theme":
		return one(deref(c.Theme), c.Theme != nil)
	case "color":
		return one(deref(c.Color), c.Color != nil)
	case "ascii":
		return one(deref(c.ASCII), c.ASCII != nil)
	case "mouse":
		return one(deref(c.Mouse), c.Mouse != nil)
	case "by":
		return one(deref(c.By), c.By != nil)
	case "src":
		return c.Src
	case "path-map":
		return c.PathMap
	case "timeout":
		return one(deref(c.Timeout), c.Timeout != nil)
	case "max-goroutines":
		return one(deref(c.MaxGoroutines), c.MaxGoroutines != nil)
	}
	return nil
}

func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// configFile is where the configuration is: $GDUMP_CONFIG, else
// gdump/config.toml in the folder for configuration, on every system the one
// that XDG names; "" without a home folder.
func configFile() string {
	if name := os.Getenv("GDUMP_CONFIG"); name != "" {
		return name
	}
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "gdump", "config.toml")
}

// maxConfig is how much of a configuration is read.
const maxConfig = 1 << 20

// setting is where the value of a flag that was not given comes from.
type setting struct {
	place  string // config.toml: line 3, or GDUMP_THEME
	inFile bool
}

// lineOf is the line of a file that sets a key, 0 if none does.
func lineOf(data []byte, key string) int {
	n := 0
	for l := range bytes.Lines(data) {
		n++
		name, _, ok := strings.Cut(string(l), "=")
		if ok && strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return n
		}
	}
	return 0
}

// readConfig reads the configuration. No file is an empty one, unless it was
// named, and one that cannot be read is too, with a warning: a report is worth
// more than its colours. An unknown key is a mistake, with its line.
func (a *app) readConfig() (c config, data []byte, err error) {
	name := configFile()
	if name == "" {
		return c, nil, nil
	}
	named := os.Getenv("GDUMP_CONFIG") != ""
	data, err = readConfigFile(name, named)
	switch {
	case err == nil:
	case named:
		return c, nil, &source.Error{Kind: source.Usage, Name: goroutine.Clean(name), What: "cannot read the configuration: " + innermost(err), Err: err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // as with HOME=/dev/null
		return c, nil, nil
	default:
		a.say("warning: " + name + ": cannot read the configuration: " + innermost(err))
		return c, nil, nil
	}
	err = toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&c)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		line, _ := unknown.Errors[0].Position()
		key := strings.Join(unknown.Errors[0].Key(), ".")
		what := "there are " + strings.Join(configured, ", ")
		if near := nearest(key, configured); near != "" {
			what = "did you mean " + near + "?"
		}
		return c, nil, fmt.Errorf("%s: line %d: no key %q: %s", name, line, key, what)
	case errors.As(err, &wrong):
		line, column := wrong.Position()
		if key := strings.Join(wrong.Key(), "."); slices.Contains(configured, key) && strings.Contains(wrong.Error(), "struct field") {
			return c, nil, fmt.Errorf("%s: line %d: %s: must be %s", name, line, key, valueOf(key))
		}
		return c, nil, fmt.Errorf("%s: line %d, column %d: %s", name, line, column, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return c, data, err
}

// valueOf is what the file must give as the value of a key.
func valueOf(key string) string {
	switch key {
	case "ascii", "mouse":
		return "true or false"
	case "src", "path-map":
		return `a list of strings, such as ["a", "b"]`
	case "max-goroutines":
		return "a number"
	}
	return "a string in quotes"
}

// readConfigFile reads a file, which must be a regular one unless it was named.
func readConfigFile(name string, named bool) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !named && !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxConfig))
}

// configure sets the flags that were not given, from the environment or the
// configuration file.
func (a *app) configure(set *pflag.FlagSet) error {
	c, data, err := a.readConfig()
	if err != nil {
		return err
	}
	a.settings = map[string]setting{}
	for _, name := range configured {
		f := set.Lookup(name)
		if f == nil || f.Changed {
			continue
		}
		variable := "GDUMP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		values, from := c.values(name), setting{inFile: true}
		if v := os.Getenv(variable); v != "" {
			values, from = []string{v}, setting{place: variable}
		} else if len(values) > 0 {
			from.place = fmt.Sprintf("%s: line %d", configFile(), lineOf(data, name))
		}
		a.settings[name] = from
		for _, v := range values {
			if err := set.Set(name, v); err != nil {
				return a.wrongValue(name, v, mustBe(f))
			}
		}
	}
	return nil
}

// wrongValue is the error of a flag's value, with the place it comes from.
func (a *app) wrongValue(flag, value, what string) error {
	switch from := a.settings[flag]; {
	case from.place == "":
		return fmt.Errorf("--%s %s: %s", flag, value, what)
	case from.inFile:
		return fmt.Errorf("%s: %s = %s: %s", from.place, flag, value, what)
	default:
		return fmt.Errorf("%s=%s: %s", from.place, value, what)
	}
}
