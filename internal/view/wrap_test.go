package view

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for s, want := range map[string][]string{
		"passes 100 000 in 1m":      {"passes", "100 000 in", "1m"},
		"a 1234 567 b":              {"a 1234 567", "b"},
		"is asleep - dead!":         {"is asleep", "- dead!"},
		"abcdefghij-klm":            {"abcdefghij", "-klm"},
		"abcdef-ghijklmno":          {"abcdef-", "ghijklmno"},
		"grew 24 → 41 in":           {"grew", "24 → 41 in"},
		"":                          {""},
		"1 000 000 000 is too wide": {"1 000 000", "000 is too", "wide"},
	} {
		if got := Wrap(s, 10); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
