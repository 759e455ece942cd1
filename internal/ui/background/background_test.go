package background

import "testing"

func TestIsDark(t *testing.T) {
	tests := []struct {
		theme, colorFGBG string
		want             bool
	}{
		{"", "", true},
		{"auto", "15;0", true},
		{"auto", "0;15", false},
		{"auto", "0;default;7", false},
		{"auto", "12;8", true},
		{"dark", "0;15", true},
		{"light", "15;0", false},
		{"", "nonsense", true},
	}
	for _, tt := range tests {
		if got := IsDark(tt.theme, tt.colorFGBG); got != tt.want {
			t.Errorf("IsDark(%q, %q): got %v", tt.theme, tt.colorFGBG, got)
		}
	}
}
