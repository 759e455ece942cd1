package trend

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
)

func TestLook(t *testing.T) {
	for _, p := range strings.Fields(os.Getenv("LOOK")) {
		var ds []goroutine.Dump
		for _, m := range strings.Split(p, ",") {
			data, _ := os.ReadFile("../../testdata/dumps/" + m)
			d, err := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range d {
				d[i].Source = m
			}
			ds = append(ds, d...)
		}
		tr := Compare(ds)
		fmt.Println(p, len(ds), ds[0].Goroutines, ds[1].Goroutines, ds[0].TakenAt, tr.Restarted, tr.Notes, tr.Mismatch)
		for i := range tr.Series {
			s := &tr.Series[i]
			fmt.Println("  ", s.Counts, s.Verdict, s.VerdictBy, s.Confidence, s.Why, "surv", s.Survived, "born", s.Born, "ended", s.Ended, s.Match, s.Bucket.State(), s.Bucket.Stack.Site().Name(), "<-", s.Bucket.Stack.CreatedBy.Name())
		}
		for _, l := range tr.Leaks {
			fmt.Println("  LEAK", l.By, l.Members, l.Series.Counts, l.Series.Why, l.Series.PerDump, l.Series.Bucket.Stack.Site().Name())
		}
	}
}
