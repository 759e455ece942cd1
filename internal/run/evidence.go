package run

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// Verdict is a trend as JSON, what a program that is told of a growth reads.
func Verdict(t *trend.Trend) ([]byte, error) {
	var b bytes.Buffer
	if err := report.JSON(&b, t, report.Options{}); err != nil {
		return nil, fmt.Errorf("verdict: %w", err)
	}
	return b.Bytes(), nil
}

// Evidence makes a folder with what speaks for a growth: the dumps that are
// files in folder, report.txt and verdict.json. It returns the folder's name.
func Evidence(folder string, at time.Time, t *trend.Trend) (string, error) {
	verdict, err := Verdict(t)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	if err := report.Text(&text, t, report.Options{}); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	name := filepath.Join(folder, "growth-"+at.UTC().Format("20060102T150405Z"))
	if err := source.MakeFolder(name); err != nil {
		return "", err
	}
	for file, b := range map[string][]byte{"report.txt": text.Bytes(), "verdict.json": verdict} {
		if err := os.WriteFile(filepath.Join(name, file), b, 0o600); err != nil {
			return name, trouble(file, err)
		}
	}
	for i := range t.Dumps {
		from := filepath.Join(folder, filepath.Base(t.Dumps[i].Source))
		if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() {
			continue // it could not be saved, or is gone by the limits of the folder
		}
		if err := linkOrCopy(from, filepath.Join(name, filepath.Base(from))); err != nil {
			return name, trouble(filepath.Base(from), err)
		}
	}
	return name, nil
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
