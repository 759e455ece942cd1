package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/source"
)

// evidenceName is how folders of evidence are named, as package time writes it.
const evidenceName = "growth-20060102T150405Z"

// ourEvidence is such a name, with a number where several are of one second.
var ourEvidence = regexp.MustCompile(`^growth-\d{8}T\d{6}Z(?:_\d+)?$`)

// The files in one, next to dumps.
const (
	reportFile  = "report.txt"
	verdictFile = "verdict.json"
)

// Verdict is a trend as JSON, what a program that learns of a growth reads.
func Verdict(d *diagnose.Diagnosis) ([]byte, error) {
	var b bytes.Buffer
	if err := report.JSON(&b, d.Trend, report.Options{Diagnosis: d}); err != nil {
		return nil, fmt.Errorf("verdict: %w", err)
	}
	return b.Bytes(), nil
}

// Evidence makes a folder with what speaks for a growth: the dumps that are
// files in folder, report.txt and verdict.json. It returns the folder's name.
func Evidence(folder string, at time.Time, d *diagnose.Diagnosis) (string, error) {
	verdict, err := Verdict(d)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	if err := report.Text(&text, d.Trend, report.Options{Diagnosis: d}); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	name, err := evidenceFolder(folder, at)
	if err != nil {
		return "", err
	}
	for file, b := range map[string][]byte{reportFile: text.Bytes(), verdictFile: verdict} {
		if err := os.WriteFile(filepath.Join(name, file), b, 0o600); err != nil {
			return name, trouble(file, err)
		}
	}
	for i := range d.Trend.Dumps {
		from := filepath.Join(folder, filepath.Base(d.Trend.Dumps[i].Source))
		if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() {
			continue // it could not be saved, or is gone by the limits of the folder
		}
		if err := linkOrCopy(from, filepath.Join(name, filepath.Base(from))); err != nil {
			return name, trouble(filepath.Base(from), err)
		}
	}
	return name, nil
}

// evidenceFolder makes a folder that was not there: another watch may keep its
// evidence of the same second next to it.
func evidenceFolder(folder string, at time.Time) (string, error) {
	if err := source.MakeFolder(folder); err != nil {
		return "", err
	}
	stem := filepath.Join(folder, at.UTC().Format(evidenceName))
	name := stem
	for n := 2; ; n++ {
		err := os.Mkdir(name, 0o700)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) || n > 1000 {
			return "", trouble(name, err)
		}
		name = fmt.Sprintf("%s_%d", stem, n)
	}
}

// PruneEvidence deletes the oldest folders of evidence until those that are
// left keep to the limits, whose files are folders here. The newest stays
// whatever its size; of a folder, only what Evidence puts there goes.
func PruneEvidence(folder string, l source.Limits) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return trouble(folder, err)
	}
	var bytes int64
	n := 0
	for _, e := range slices.Backward(entries) { // names are in the order of time
		if !ourEvidence.MatchString(e.Name()) || !e.IsDir() {
			continue
		}
		name := filepath.Join(folder, e.Name())
		files, err := os.ReadDir(name)
		if err != nil {
			return trouble(name, err)
		}
		for _, f := range files {
			if info, err := f.Info(); err == nil {
				bytes += info.Size()
			}
		}
		if n++; n == 1 || (l.Files <= 0 || n <= l.Files) && (l.Bytes <= 0 || bytes <= l.Bytes) {
			continue
		}
		for _, f := range files {
			if f.Name() == reportFile || f.Name() == verdictFile || source.IsDump(f.Name()) {
				if err := os.Remove(filepath.Join(name, f.Name())); err != nil {
					return trouble(f.Name(), err)
				}
			}
		}
		_ = os.Remove(name) // it stays if somebody put something into it
	}
	return nil
}

// linkOrCopy keeps a dump from going when the folder is held to its limits.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

func trouble(name string, err error) error {
	return &source.Error{Kind: source.Local, Name: goroutine.Clean(name), What: "cannot keep the evidence: " + goroutine.Clean(err.Error()), Err: err}
}
