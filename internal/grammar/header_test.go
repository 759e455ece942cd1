package grammar

import (
	"reflect"
	"testing"
)

// FuzzHeader reads any line as a header: the short way reads what the exact
// way reads.
func FuzzHeader(f *testing.F) {
	for _, line := range []string{
		"goroutine 7 [chan receive, 12 minutes]:", "goroutine 7 [select]:", "goroutine 18446744073709551615 [sleep, 99999999 minutes]:",
		"goroutine 7 gp=0xc0 m=nil [IO wait]:", "goroutine 8 [select (durable), synctest bubble 1] {foo: bar}:", "goroutine 7 [, 1 minutes]:",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var short Header
		if !short.quick([]byte(line)) {
			return
		}
		exact, rest, ok := cutHeader([]byte(line))
		if !ok || len(rest) > 0 || !reflect.DeepEqual(short, exact) {
			t.Fatalf("%q: short %+v, exact %+v, %v", line, short, exact, ok)
		}
	})
}
