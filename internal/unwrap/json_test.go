package unwrap

import "testing"

// TestRecords: a record is one JSON object or array, and the whole line.
func TestRecords(t *testing.T) {
	for line, want := range map[string]bool{
		`{"log":"a"}`:         true,
		` {"a": {"b": [1]}} `: true,
		`[{"a":1},"b"]`:       true,
		`{"a"`:                false,
		`{"a" 1}`:             false,
		`{"a":1`:              false,
		`{"a":1} x`:           false,
		`{"a":1]`:             false,
		`{a:1}`:               false,
		`{1:1}`:               false,
		`"a"`:                 false,
	} {
		var r record
		if got := r.read([]byte(line)); got != want {
			t.Errorf("%s: %t", line, got)
		}
	}
}
