// Confusion prints how often the verdicts are right: on servers made up by the
// simulator, whose truth is known, and on recorded services.
//
//	go run ./internal/trend/confusion -seeds 200 -live 50 -services FOLDER
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"gdump/internal/trend"
	"gdump/internal/trend/sim"
)

func main() {
	seeds := flag.Int("seeds", 100, "how many servers to simulate")
	dumps := flag.String("dumps", "2,3,5,8,20", "how many dumps to take of each")
	noIDs := flag.Bool("no-ids", false, "take dumps that hold counts only")
	restarts := flag.Int("restarts", 0, "how often the servers are started again")
	only := flag.String("only", "", "just this kind")
	services := flag.String("services", "", "folder of recorded services, each with a truth.json")
	names := flag.String("names", "", "just the services whose name matches this regular expression")
	details := flag.Bool("details", false, "list each service, each false call and each missed leak")
	lives := flag.Int("live", 0, "how often to compare five dumps of the kernels, run in this process")
	recording := flag.String("record", "", "just record dumps of the kernels in a folder")
	flag.Parse()
	if *recording != "" {
		if err := record(*recording, 7); err != nil {
			fail(1, err)
		}
		return
	}
	if err := simulate(*seeds, *dumps, sim.Options{NoIDs: *noIDs, Restarts: *restarts, Only: *only}); err != nil {
		fail(2, err)
	}
	if *lives > 0 {
		if err := live(context.Background(), os.Stdout, *lives); err != nil {
			fail(1, err)
		}
	}
	if *services == "" {
		return
	}
	pattern, err := regexp.Compile(*names)
	if err != nil {
		fail(2, err)
	}
	all, err := loadServices(*services, pattern)
	if err != nil {
		fail(1, err)
	}
	type job struct {
		of *service
		in window
	}
	var jobs []job
	for i := range all {
		for _, w := range windows(len(all[i].dumps)) {
			jobs = append(jobs, job{&all[i], w})
		}
	}
	results := make([]result, len(jobs))
	each(len(jobs), func(i int) { results[i] = judge(jobs[i].of, jobs[i].in) })
	fmt.Printf("%d services, %d series\n", len(all), len(results))
	printServices(os.Stdout, results, *details)
}

func simulate(seeds int, dumps string, o sim.Options) error {
	if seeds == 0 {
		return nil
	}
	for field := range strings.SplitSeq(dumps, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return fmt.Errorf("-dumps %s: not a number of dumps", field)
		}
		score := sim.Score{}
		var c calibration
		for seed := range seeds {
			o.Seed, o.Dumps = uint64(seed), n
			t, _ := score.Add(o)
			for i := range t.Series {
				if s := &t.Series[i]; s.Verdict == trend.Accumulating {
					c.add(s.Confidence, strings.Contains(s.Bucket.Stack.Site().Package, "/leak-"))
				}
			}
		}
		fmt.Printf("%d dumps, %d servers\n", n, seeds)
		score.Print(os.Stdout)
		fmt.Println("confidence of accumulating")
		c.print(os.Stdout)
		fmt.Println()
	}
	return nil
}

func fail(status int, err error) {
	fmt.Fprintln(os.Stderr, "confusion:", err)
	os.Exit(status)
}
