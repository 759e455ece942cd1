package cli_test

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReportScripts runs the scripts on formats, the gate and convert.
func TestReportScripts(t *testing.T) {
	dumps, err := filepath.Abs("../../testdata/dumps")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script/reports",
		Setup: func(e *testscript.Env) error {
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
