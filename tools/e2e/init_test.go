package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// TestInit reads what each package spends before main starts. The least of many
// runs counts, which is the package's own work whatever else the machine does.
func TestInit(t *testing.T) {
	line := regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock`)
	least := map[string]float64{}
	for range 20 {
		cmd := exec.Command(gdump, "--version")
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, m := range line.FindAllStringSubmatch(string(out), -1) {
			ms, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			if l, ok := least[m[1]]; !ok || ms < l {
				least[m[1]] = ms
			}
		}
	}
	if len(least) < 20 {
		t.Fatalf("only %d packages in the trace", len(least))
	}
	for pkg, ms := range least {
		if ms > 1 && pkg != "runtime" {
			t.Errorf("%s takes %v ms to initialize", pkg, ms)
		}
	}
}
