package report

import (
	"io"
	"net/url"
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// The parts of SARIF 2.1.0 that are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		FullDescription  sarifMessage `json:"fullDescription"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Stacks       []sarifStack      `json:"stacks,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
	}
	sarifStack struct {
		Frames []sarifFrame `json:"frames"`
	}
	sarifFrame struct {
		Location sarifLocation `json:"location"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF writes the rules for code scanning: a result for each bucket that
// tripped one, with its stack, at its line in the user's own sources. What the
// dumps show whether or not a rule asks for it is noted beside the results.
func SARIF(w io.Writer, t *trend.Trend, o Options) error {
	return sarifSuites(w, []Suite{{Trend: t, Options: o}})
}

func sarifSuites(w io.Writer, suites []Suite) error {
	s := sarif{run: sarifRun{Results: []sarifResult{}, ColumnKind: "utf16CodeUnits"}, index: map[string]int{}}
	s.run.Tool.Driver = sarifDriver{Name: "gdump", Rules: []sarifRule{}}
	s.invocation.ExecutionSuccessful = true
	for i := range suites {
		if suites[i].Trend == nil {
			s.invocation.ExecutionSuccessful = false
			s.notify("error", goroutine.Clean(suites[i].Options.Package+": "+suites[i].Missing))
			continue
		}
		s.add(suites[i].Trend, suites[i].Options)
	}
	s.run.Invocations = []sarifInvocation{s.invocation}
	out := newJSONStream(w)
	out.value(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{s.run}}, "", jsonIndent)
	out.w.WriteByte('\n')
	return out.flush()
}

// sarif is a run that is being put together.
type sarif struct {
	run        sarifRun
	invocation sarifInvocation
	index      map[string]int // of rules
}

func (r *sarif) notify(level, text string) {
	r.invocation.Notifications = append(r.invocation.Notifications, sarifNotification{level, sarifMessage{text}})
}

func (r *sarif) add(t *trend.Trend, o Options) {
	for i := range o.Gate.Outcomes {
		out := &o.Gate.Outcomes[i]
		id := goroutine.Clean(out.Rule.Text)
		at, known := r.index[id]
		if !known {
			at = len(r.index)
			r.index[id] = at
			r.run.Tool.Driver.Rules = append(r.run.Tool.Driver.Rules, sarifRule{id, sarifMessage{goroutine.Clean(out.Rule.Name())}, sarifMessage{goroutine.Clean(out.Rule.Name() + " trips at " + out.Rule.Limit())}})
		}
		result := func(message string, s *trend.Series) {
			x := sarifResult{RuleID: id, RuleIndex: at, Level: "error", Message: sarifMessage{message}}
			if s != nil {
				x.Locations, x.Stacks = []sarifLocation{sarifPlace(s.Bucket.Stack, o.Root)}, sarifStacks(s.Bucket.Stack, o.Root)
				x.Fingerprints = map[string]string{"gdumpBucket/v1": string(s.Bucket.ID)}
			}
			r.run.Results = append(r.run.Results, x)
		}
		switch {
		case out.State == gate.Unknown:
			r.invocation.ExecutionSuccessful = false
			r.notify("error", ruleLine(out))
		case out.State == gate.Tripped && len(out.Blame) == 0:
			result(ruleLine(out), nil)
		}
		if tests := leftBy(out, &o); tests != nil {
			for j := range tests {
				for _, s := range tests[j].Series {
					result(tests[j].Name()+" of "+goroutine.Clean(o.Package)+": "+tests[j].Says()+". "+blame(s, len(t.Dumps)), s)
				}
			}
			continue
		}
		for _, s := range out.Blame {
			result(ruleLine(out)+". "+blame(s, len(t.Dumps)), s)
		}
	}
	if o.Package == "" { // of tests, only what they left counts
		for _, f := range shownFindings(o.diagnosis(t)) {
			r.notify("note", f.Says)
		}
	}
	for _, l := range append(view.Trouble(t, shownTrouble), allowNotes(o)...) {
		r.notify("warning", l)
	}
}

// shownFindings are the findings that lead.
func shownFindings(d *diagnose.Diagnosis) []diagnose.Finding {
	found := d.Findings()
	return found[:min(len(found), diagnose.Shown)]
}

func sarifPlace(s goroutine.Stack, root string) sarifLocation {
	f, file, inRoot := ownPlace(s, root)
	return sarifAt(&f, file, inRoot)
}

func sarifAt(f *goroutine.Frame, file string, inRoot bool) sarifLocation {
	l := sarifLocation{Logical: []sarifLogical{{goroutine.Clean(f.Function), "function"}}}
	if l.Logical[0].Name == "" {
		l.Logical[0].Name = "unknown"
	}
	l.Physical = &sarifPhysical{Artifact: sarifArtifact{URI: fileURI(file)}}
	if inRoot {
		l.Physical.Artifact.BaseID = "%SRCROOT%"
	}
	if f.Line > 0 {
		l.Physical.Region = &sarifRegion{f.Line}
	}
	return l
}

func sarifStacks(s goroutine.Stack, root string) []sarifStack {
	var st sarifStack
	for f := range s.All() {
		file, inRoot := relative(&f, root)
		st.Frames = append(st.Frames, sarifFrame{sarifAt(&f, file, inRoot)})
	}
	if len(st.Frames) == 0 {
		return nil
	}
	return []sarifStack{st}
}

// fileURI is a relative path as a URI. A colon in it would end a scheme.
func fileURI(file string) string {
	return strings.ReplaceAll((&url.URL{Path: valid(file)}).EscapedPath(), ":", "%3A")
}
