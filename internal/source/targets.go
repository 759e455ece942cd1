package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gdump/internal/goroutine"
)

// maxTargets keeps a file that is no list of targets from becoming one.
const maxTargets = 10_000

// ReadTargets reads a list of targets from a file, or from stdin for "-": one
// a line, with # before comments, or the JSON of Prometheus' file discovery.
func ReadTargets(name string, stdin io.Reader) ([]string, error) {
	shown := goroutine.Clean(name)
	r := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &Error{Kind: Local, Name: shown, What: reason(err), Err: err}
		}
		defer f.Close()
		r = f
	}
	if r == nil {
		return nil, &Error{Kind: Usage, Name: "-", What: "no standard input"}
	}
	b, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, &Error{Kind: Local, Name: shown, What: reason(err), Err: err}
	}
	var targets []string
	if text := bytes.TrimSpace(b); len(text) > 0 && text[0] == '[' {
		targets, err = targetsInJSON(b)
	} else {
		targets, err = targetsInLines(b)
	}
	switch {
	case err != nil:
		return nil, &Error{Kind: Usage, Name: shown, What: err.Error(), Err: err}
	case len(targets) == 0:
		return nil, &Error{Kind: Usage, Name: shown, What: "no targets in it"}
	case len(targets) > maxTargets:
		return nil, &Error{Kind: Usage, Name: shown, What: fmt.Sprintf("%d targets, more than %d", len(targets), maxTargets)}
	}
	return targets, nil
}

func targetsInLines(b []byte) ([]string, error) {
	var targets []string
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		if !IsTarget(text) && !hostPort.MatchString(text) {
			return nil, fmt.Errorf("line %d: %q is no target", n, Redact(text))
		}
		targets = append(targets, text)
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return nil, errors.New("a line is longer than 64 KiB")
	}
	return targets, nil
}

// targetsInJSON reads host:port with the labels that choose scheme and path,
// as file_sd of Prometheus has them.
func targetsInJSON(b []byte) ([]string, error) {
	var groups []struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(b, &groups); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(b[:syntax.Offset], []byte{'\n'})
			column := int(syntax.Offset) - 1 - bytes.LastIndexByte(b[:syntax.Offset], '\n')
			return nil, fmt.Errorf("line %d, column %d: %s", line, column, goroutine.Clean(syntax.Error()))
		}
		return nil, errors.New(`not a list like [{"targets": ["host:port"]}]`)
	}
	var targets []string
	for _, g := range groups {
		for _, t := range g.Targets {
			if !strings.Contains(t, "://") {
				scheme := g.Labels["__scheme__"]
				if scheme == "" {
					scheme = "http"
				}
				t = scheme + "://" + t
			}
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// Result is what became of one of several targets.
type Result struct {
	Target string // as it may be shown
	Taken  *Taken
	Err    error
}

// SaveEach saves a dump of each target in a folder, some at the same time. One
// that fails does not keep the others from being saved. A target that is named
// twice is asked once.
func SaveEach(ctx context.Context, processes []*Process, folder string, parallel int, force bool, o Options) ([]Result, error) {
	if folder != "" {
		if err := MakeFolder(folder); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	processes = slices.DeleteFunc(slices.Clone(processes), func(t *Process) bool {
		twice := seen[t.key()]
		seen[t.key()] = true
		return twice
	})
	results := make([]Result, len(processes))
	var g errgroup.Group
	g.SetLimit(AtOnce(parallel))
	for i, t := range processes {
		results[i].Target = t.Name()
		t.o.Say = func(s string) { o.say(t.Name() + ": " + s) }
		g.Go(func() error {
			results[i].Taken, results[i].Err = t.saveIn(ctx, folder, force)
			return nil
		})
	}
	return results, g.Wait()
}

const (
	ownFiles  = 24 // that are open whatever is pulled
	pullFiles = 6  // that one pull may have open: connection, name service, files
)

// AtOnce is how many pulls of those wanted may run at the same time.
func AtOnce(wanted int) int { return atOnce(wanted, openFiles()) }

// atOnce is how many pulls of those wanted may run at the same time, for a
// limit on open files; 0 is none.
func atOnce(wanted, limit int) int {
	if limit == 0 {
		return wanted
	}
	return max(1, min(wanted, (limit-ownFiles)/pullFiles))
}

// saveIn saves under the name of the target, unless all was called off before
// its turn came.
func (t *Process) saveIn(ctx context.Context, folder string, force bool) (*Taken, error) {
	if err := ctx.Err(); err != nil {
		return nil, t.cannotAsk(ctx, t.Name(), err)
	}
	return t.Save(ctx, folder, force)
}

// MakeFolder makes a folder for dumps, which only the user can look into.
func MakeFolder(name string) error {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return &Error{Kind: Local, Name: goroutine.Clean(name), What: "cannot make the folder: " + reason(err), Err: err}
	}
	return nil
}
