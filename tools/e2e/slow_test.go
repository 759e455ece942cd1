package e2e

import "testing"

// TestSlowPipe browses a dump that is still coming: what is there can be walked
// through, and esc stops it.
func TestSlowPipe(t *testing.T) {
	dump := testdata(t, "server/nats126.debug2.txt")
	// 6 320 goroutines come at once, then nothing more, and the pipe stays open.
	x := start(t, 100, 30, "sh", "-c", `(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		awk -v base=${i}000 '/^goroutine [0-9]+ /{$2 += base} 1' `+dump+`; echo; done; exec sleep 600) | `+gdump)
	x.wait(`esc stops`)
	x.wait(`▸ `)
	x.press("j")
	x.wait(`▸ +\d \d+ +Cond\.Wait`)
	x.press("\x1b")
	x.wait(`stopped: showing what was read so far`)
	x.press("k")
	x.wait(`▸ +\d \d+ +IO wait`)
	x.press("q")
	x.wait(`(?s)^\s*$`) // the pipe's other end goes on for long
}
