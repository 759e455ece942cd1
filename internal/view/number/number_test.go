package number

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Group(0), "0"},
		{Group(999), "999"},
		{Group(1000), "1 000"},
		{Group(-1234567), "-1 234 567"},
		{Group(-123), "-123"},
		{Signed(1200), "+1 200"},
		{Signed(-1200), "–1 200"},
		{Signed(0), "·"},
		{Plural(1, "dump", "dumps"), "1 dump"},
		{Plural(0, "dump", "dumps"), "0 dumps"},
		{Plural(1200, "dump", "dumps"), "1 200 dumps"},
		{Minutes(0), "<1m"},
		{Minutes(1), "1m"},
		{Minutes(59), "59m"},
		{Minutes(60), "1h"},
		{Minutes(192), "3h 12m"},
		{Minutes(24*60 - 1), "23h 59m"},
		{Minutes(24 * 60), "1d"},
		{Minutes(52 * 60), "2d 4h"},
		{Span(90 * time.Second), "1m"},
		{Rate(6000), "100 a minute"},
		{Rate(600), "10 a minute"},
		{Rate(599), "599 an hour"},
		{Rate(1), "1 an hour"},
		{Rate(0.5), "12.0 a day"},
		{Mean(9.96), "10"},
		{Mean(2), "2"},
		{Mean(2.34), "2.3"},
		{Mean(1234.5), "1 235"},
		{Group(Above(9)), "10"},
		{Group(Above(99)), "100"},
		{Group(Above(412)), "500"},
		{Group(Above(500)), "600"},
		{Group(Above(0)), "1"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
