package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/source"

	"github.com/spf13/cobra"
)

// allowFile is the allow list that is read if none is named.
const allowFile = ".gdump-allow"

const allowFlag = "allow"

// gateFlags are the flags of a command that can judge what it found.
type gateFlags struct {
	rules []string
	allow string

	strict bool
}

// add gives a command the flags. Rules are named --fail-on everywhere, so that
// what CI runs by diff, run or check reads the same.
func (g *gateFlags) add(c *cobra.Command, rules ...string) {
	c.Flags().StringArrayVar(&g.rules, "fail-on", rules, "end with status 1 if one of these trips")
	c.Flags().StringVar(&g.allow, allowFlag, allowFile, "known and accepted buckets; none if empty")
	c.Flags().BoolVar(&g.strict, "strict", false, "end with status 5 if a rule cannot be decided; by default it passes with a note")
	err := c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(gate.Measures(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	if err != nil {
		panic(err) // the flag is missing: our own mistake
	}
}

// judge is a gate ready to judge a trend: its rules and its allow list were
// read before any target is asked. It is nil without rules.
type judge struct {
	rules     []gate.Rule
	allow     *gate.AllowList
	allowName string
	strict    bool
}

// open reads the rules and the allow list. The list that is there without being
// named need not be there.
func (g *gateFlags) open(c *cobra.Command) (*judge, error) {
	if len(g.rules) == 0 {
		return nil, nil
	}
	rules, err := gate.ParseRules(strings.Join(g.rules, "\n"))
	if err != nil {
		return nil, manyLines{"--fail-on", err}
	}
	j := &judge{rules: rules, allowName: g.allow, strict: g.strict}
	if g.allow == "" {
		return j, nil
	}
	f, err := os.Open(g.allow)
	if errors.Is(err, fs.ErrNotExist) && !c.Flags().Changed(allowFlag) {
		return j, nil
	}
	if err != nil {
		return nil, &source.Error{Kind: source.Local, Name: goroutine.Clean(g.allow), What: "cannot read the allow list: " + innermost(err), Err: err}
	}
	defer f.Close()
	if j.allow, err = gate.ParseAllowList(f); err != nil {
		return nil, manyLines{g.allow, err}
	}
	return j, nil
}

// innermost is the cause of an error without the name of the file.
func innermost(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return goroutine.Clean(err.Error())
}

// check judges a trend and sets the exit status.
func (a *app) check(j *judge, o *report.Options) {
	res := gate.Check(o.Diagnosis, j.rules, j.allow, time.Now())
	if j.strict {
		res.Strict()
	}
	o.Gate, o.AllowName, o.Root = &res, j.allowName, sourceRoot()
	a.verdict = res.Worst()
}

// sourceRoot is where the sources lie on the machines of CI, else the current
// folder.
func sourceRoot() string {
	for _, name := range []string{"GITHUB_WORKSPACE", "CI_PROJECT_DIR"} {
		if dir := os.Getenv(name); dir != "" {
			return dir
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// manyLines is wrong use with several reasons, a line each.
type manyLines struct {
	name string
	err  error
}

func (m manyLines) Error() string {
	return fmt.Sprintf("%s: %s", m.name, strings.ReplaceAll(m.err.Error(), "\n", "; "))
}

func (m manyLines) Unwrap() error { return m.err }

// lines are the reasons, each with the name.
func (m manyLines) lines() []string {
	var lines []string
	for l := range strings.SplitSeq(m.err.Error(), "\n") {
		lines = append(lines, m.name+": "+l)
	}
	return lines
}
