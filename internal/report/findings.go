package report

import (
	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// jsonFinding is a finding in the JSON report.
type jsonFinding struct {
	Kind       string   `json:"kind"`
	Says       string   `json:"says"`
	Confidence *float64 `json:"confidence,omitempty"`
	Goroutines int      `json:"goroutines,omitempty"`
	Buckets    []string `json:"buckets"`
	Pattern    string   `json:"pattern,omitempty"`
	Site       *frame   `json:"site,omitempty"`
	Owner      *frame   `json:"owner,omitempty"`
	Where      string   `json:"where,omitempty"`
	Evidence   []string `json:"evidence,omitempty"`
	Limits     []string `json:"limits,omitempty"`
	Remedy     string   `json:"remedy,omitempty"`
	Link       string   `json:"link,omitempty"`
}

func jsonFindings(d *diagnose.Diagnosis) []jsonFinding {
	var out []jsonFinding
	for _, f := range d.Findings() {
		j := jsonFinding{
			Kind: f.Code(), Says: valid(f.Says), Confidence: known(f.Confidence), Goroutines: f.Goroutines, Buckets: []string{}, Pattern: f.Name,
			Where: valid(f.Where), Evidence: allValid(f.Evidence), Limits: allValid(f.Limits), Remedy: f.Remedy, Link: f.Link,
		}
		for _, id := range f.Buckets {
			j.Buckets = append(j.Buckets, string(id))
		}
		if f.Site.Function != "" {
			j.Site = jsonFrame(&f.Site)
		}
		if f.Owner.Function != "" {
			j.Owner = jsonFrame(&f.Owner)
		}
		out = append(out, j)
	}
	return out
}

func allValid(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, valid(t))
	}
	return out
}

// jsonPattern is what is wrong in the same way with some resources.
type jsonPattern struct {
	Name       string   `json:"name"`
	Goroutines int      `json:"goroutines"`
	Buckets    []string `json:"buckets"`
	Confidence string   `json:"confidence,omitempty"`
	Remedy     string   `json:"remedy,omitempty"`
	Link       string   `json:"link,omitempty"`
}

// jsonPatterns groups resources by what is wrong with them, in their order.
func jsonPatterns(t *trend.Trend, d *diagnose.Diagnosis) []jsonPattern {
	if len(t.Dumps) == 0 {
		return nil
	}
	var out []jsonPattern
	for _, p := range d.Patterns() {
		out = append(out, jsonPattern{p.Name, p.Goroutines, idTexts(p.Buckets), p.Confidence.String(), p.Remedy, p.Link})
	}
	return out
}

func idTexts(ids []goroutine.ID) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, string(id))
	}
	return out
}
