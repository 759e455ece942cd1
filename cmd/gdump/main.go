// Command gdump reads goroutine dumps, shows their stack buckets, and compares
// dumps to find which call sites keep accumulating goroutines.
package main

import (
	"context"
	"os"

	"gdump/internal/cli"
)

func main() {
	ctx, stop := cli.WithSignals(context.Background())
	status := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
