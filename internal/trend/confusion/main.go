// Confusion prints what trend says of servers whose truth is known, kind by
// kind of noise and leak:
//
//	go run ./internal/trend/confusion -seeds 200 -dumps 2,3,5,8,20
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"gdump/internal/trend/sim"
)

func main() {
	seeds := flag.Int("seeds", 100, "how many servers to live through")
	dumps := flag.String("dumps", "2,3,5,8,20", "how many dumps to take of each")
	noIDs := flag.Bool("no-ids", false, "take dumps that hold counts only")
	restarts := flag.Int("restarts", 0, "how often the servers are started again")
	only := flag.String("only", "", "just this kind")
	flag.Parse()
	for field := range strings.SplitSeq(*dumps, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "confusion: -dumps %s: not a number of dumps\n", field)
			os.Exit(2)
		}
		score := sim.Score{}
		for seed := range *seeds {
			score.Add(sim.Options{Seed: uint64(seed), Dumps: n, NoIDs: *noIDs, Restarts: *restarts, Only: *only})
		}
		fmt.Printf("%d dumps, %d servers\n", n, *seeds)
		score.Print(os.Stdout)
		fmt.Println()
	}
}
