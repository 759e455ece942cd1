package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReportScripts runs the scripts on formats, the gate and convert.
//
// They are many, and a program built with the race detector starts slowly, so
// these run the program as it is shipped.
func TestReportScripts(t *testing.T) {
	bin := buildGdump(t)
	dumps, err := filepath.Abs("../../testdata/dumps")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script/reports",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("DUMPS", dumps)
			// Where the tests run may be a CI of its own.
			e.Setenv("CI", "")
			e.Setenv("GITHUB_WORKSPACE", "")
			e.Setenv("CI_PROJECT_DIR", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}
