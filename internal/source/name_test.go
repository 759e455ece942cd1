package source_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"gdump/internal/source"
)

// TestFileNames holds the names of saved dumps to what can be given to any
// command as it is, on any system.
func TestFileNames(t *testing.T) {
	t.Parallel()
	good := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*-20260102T030405Z\.dump$`)
	reserved := regexp.MustCompile(`(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)`)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for target, want := range map[string]string{
		":6060":                       "localhost_6060-",
		"http://example.com":          "example.com_80-",
		"[::1]:6060":                  "ipv6--1_6060-",
		"[::]:6060":                   "ipv6_6060-",
		"http://[fe80::1%25eth0]:1":   "ipv6-fe80-1-eth0_1-",
		"http://-x:1":                 "x_1-",
		"http://--help:1/-rf/":        "help_1_rf-",
		"http://..:1":                 "host_1-",
		"http://con:1":                "host-con_1-",
		"http://nul.example:1":        "host-nul.example_1-",
		"http://h:1/$(x)/`y`/a b;c&d": "h_1_x-y-a-b-c-d-",
		"http://ä.example:1":          "example_1-",
		"unix:///run/-app.sock":       "app.sock_unix-",
		"unix:///run/.sock:/base":     "sock_unix_base-",
		"http://" + strings.Repeat("a.", 120) + "b:1/" + strings.Repeat("long/", 100): "",
	} {
		p, err := source.NewTarget(target, source.Options{})
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		name := p.FileName(at)
		if !good.MatchString(name) || reserved.MatchString(name) || len(name) > 240 || !source.IsDump(name) || !strings.HasPrefix(name, want) {
			t.Errorf("%s: %s, want %s", target, name, want)
		}
	}
}
