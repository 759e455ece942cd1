//go:build !linux

package fleet

import (
	"context"
	"os/exec"
)

func start(_ context.Context, cmd *exec.Cmd) error { return cmd.Start() }
