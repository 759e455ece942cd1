package ui

import "testing"

func TestArrange(t *testing.T) {
	tests := map[string]struct {
		w, h, headline int
		zoomed         bool
		focus          pane
		want           layout
	}{
		"beside":           {120, 36, 3, false, listPane, layout{3, rect{0, 4, 76, 30}, rect{77, 4, 43, 30}, true}},
		"below":            {80, 24, 3, false, listPane, layout{3, rect{0, 4, 80, 9}, rect{0, 13, 80, 9}, false}},
		"headline cut":     {80, 24, 9, false, listPane, layout{4, rect{0, 5, 80, 8}, rect{0, 13, 80, 9}, false}},
		"headline in five": {200, 60, 9, true, listPane, layout{4, rect{0, 5, 200, 53}, rect{}, false}},
		"one pane":         {40, 10, 2, false, listPane, layout{2, rect{0, 3, 40, 5}, rect{}, false}},
		"the other":        {40, 10, 2, false, stackPane, layout{2, rect{}, rect{0, 3, 40, 5}, false}},
		"list in full":     {120, 36, 1, true, listPane, layout{1, rect{0, 2, 120, 32}, rect{}, false}},
		"stack in full":    {120, 36, 1, true, stackPane, layout{1, rect{}, rect{0, 2, 120, 32}, false}},
		"without a title":  {100, 20, 0, false, listPane, layout{0, rect{0, 1, 63, 17}, rect{64, 1, 36, 17}, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := arrange(tt.w, tt.h, tt.headline, tt.zoomed, tt.focus); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}
