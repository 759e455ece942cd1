package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is a service of made-up processes whose truth is known: some leak, all
// have traffic, pools and restarts.
type world struct {
	instances, leaking int
	hours              int
	leakFrom           int // hour from which the version that leaks is out
	seed               uint64
	traffic            int
}

// process is one of them at one hour.
type process struct {
	name, version string
	at            time.Time
	counts        map[string]int
}

const leakSite = "github.com/acme/bus.(*Conn).deliver"

// processes visits all processes in each hour.
func (w world) processes(start time.Time, visit func(process)) {
	for i := range w.instances {
		r := rand.New(rand.NewPCG(w.seed, uint64(i)))
		offset := time.Duration(r.IntN(3000)) * time.Second
		born := -r.IntN(10) // the hour in which the process started
		rate := 4 + r.IntN(20)
		lasts := 5 + r.IntN(9) // hours of a process lifetime
		for h := range w.hours {
			version := "v1"
			if h >= w.leakFrom {
				version = "v2"
			}
			if h == w.leakFrom || h-born >= lasts {
				born, lasts = h, 5+r.IntN(9)
			}
			age := h - born
			leaked := 0
			if i < w.leaking && version == "v2" {
				leaked = rate*age + r.IntN(3)
			}
			wave := 1.2 + float64((h+i)%12)/12
			counts := map[string]int{
				"main.main": 1, "net/http.(*conn).serve": int(float64(w.traffic)*wave) + r.IntN(1+w.traffic/2),
				"database/sql.(*DB).connectionOpener": 1, "github.com/acme/pool.(*Pool).work": min(64, 16*(age+1)) - r.IntN(3),
				"github.com/acme/cache.(*Cache).refresh": 8,
			}
			if leaked > 0 {
				counts[leakSite] = leaked
			}
			visit(process{fmt.Sprintf("web-%d", i+1), version, start.Add(time.Duration(h)*time.Hour + offset), counts})
		}
	}
}

// text is the process's dump, as debug=1.
func (p process) text() string {
	var b strings.Builder
	total := 0
	for i := range 40 { // what each process has besides
		total++
		fmt.Fprintf(&b, "1 @ 0x1\n#\t0x1\tgithub.com/acme/app/sub%d.(*Worker).run+0x1\t/src/app/sub%d.go:%d\n#\t0x1\tmain.start+0x1\t/src/app/main.go:12\n\n", i, i, 10+i)
	}
	for site, n := range p.counts {
		total += n
		fmt.Fprintf(&b, "%d @ 0x1\n#\t0x1\t%s+0x1\t/src/app/%s.go:40\n#\t0x1\tmain.start.func1+0x1\t/src/app/main.go:31\n\n", n, site, strings.Map(letters, site))
	}
	return fmt.Sprintf("goroutine profile: total %d\n", total) + b.String()
}

func letters(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r
	}
	return -1
}

// push writes the processes to a server: for each version of each instance a
// push of its dumps.
func (w world) push(t *testing.T, url, service string, start time.Time) {
	t.Helper()
	files := map[string][]string{}
	dir := t.TempDir()
	w.processes(start, func(p process) {
		folder := filepath.Join(dir, p.name+"="+p.version)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, p.name+"_6060-"+p.at.UTC().Format("20060102T150405Z")+".dump")
		write(t, name, p.text())
		files[p.name+"="+p.version] = append(files[p.name+"="+p.version], name)
	})
	again := true
	for key, names := range files {
		if again { // what is pushed twice counts once
			names, again = append(names, names...), false
		}
		name, version, _ := strings.Cut(key, "=")
		to := fmt.Sprintf(`pyroscope:%s{service_name=%q,instance=%q,version=%q}`, url, service, name, version)
		if r := command(t, dir, append([]string{"push", to}, names...)...); r.status != 0 {
			t.Fatalf("push: status %d: %s", r.status, r.stderr)
		}
	}
}

// fleetReport is the part of the JSON report about fleets.
type fleetReport struct {
	Dumps []struct {
		Goroutines int
		Instance   string
	}
	Leaks   []fleetBucket
	Buckets []fleetBucket
}

type fleetBucket struct {
	Group, Verdict string
	Counts         []int
	Site           struct{ Function string }
	Instances      struct {
		N, Of   int
		Version string `json:"since_version"`
		Since   time.Time
		PerHour float64 `json:"per_hour"`
		Each    []struct{ Instance, Verdict string }
	}
}

// TestFleetOverTime pushes 300 instances in 20 hours, of which 240 leak since a
// version, and judges them.
func TestFleetOverTime(t *testing.T) {
	url := pyroscope(t)
	w := world{instances: 300, leaking: 240, hours: 20, leakFrom: 4, seed: 1, traffic: 30}
	end := time.Now().UTC().Truncate(time.Hour)
	start := end.Add(-time.Duration(w.hours) * time.Hour)
	w.push(t, url, "shop", start)
	began := time.Now()
	r := command(t, t.TempDir(), "diff", "--format", "json", "--from", start.Format(time.RFC3339), "--to", end.Format(time.RFC3339), "--step", "1h", fmt.Sprintf(`pyroscope:%s{service_name="shop"}`, url))
	t.Logf("judged in %s", time.Since(began))
	if r.status != 0 {
		t.Fatalf("status %d: %s", r.status, r.stderr)
	}
	var got fleetReport
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	// The counts are those that were pushed.
	sums := map[string][]int{}
	w.processes(start, func(p process) {
		h := int(p.at.Sub(start) / time.Hour)
		for site, n := range p.counts {
			if sums[site] == nil {
				sums[site] = make([]int, w.hours)
			}
			sums[site][h] += n
		}
	})
	right, wrong := 0, 0
	for _, b := range got.Buckets {
		if want := sums[b.Group]; want != nil && !slices.Equal(b.Counts, want) {
			t.Errorf("%s: counts %v, want %v", b.Group, b.Counts, want)
		}
		if b.Group == leakSite {
			if b.Verdict != "accumulating" || b.Instances.Version != "version v2" {
				t.Errorf("%s: %s since %q", b.Group, b.Verdict, b.Instances.Version)
			}
			t.Logf("%s: on %d of %d since %s (%s), %.1f an hour", b.Group, b.Instances.N, b.Instances.Of, b.Instances.Since, b.Instances.Version, b.Instances.PerHour)
		} else if b.Verdict == "accumulating" {
			t.Errorf("%s accumulates on %d of %d", b.Group, b.Instances.N, b.Instances.Of)
		}
		for _, x := range b.Instances.Each {
			var n int
			fmt.Sscanf(x.Instance, "web-%d", &n)
			if leaks := b.Group == leakSite && n <= w.leaking; (x.Verdict == "accumulating") == leaks {
				right++
			} else {
				wrong++
			}
		}
	}
	leak := slices.IndexFunc(got.Buckets, func(b fleetBucket) bool { return b.Group == leakSite })
	if leak < 0 {
		t.Fatal("the leak is in no bucket")
	}
	missed := 0
	for _, x := range got.Buckets[leak].Instances.Each {
		if x.Verdict != "accumulating" {
			missed++
		}
	}
	t.Logf("%d verdicts right, %d wrong; %d of %d leaking instances missed", right, wrong, missed, w.leaking)
	if missed > w.leaking/20 || wrong-missed > 0 {
		t.Errorf("%d leaking instances missed, %d others accused", missed, wrong-missed)
	}
}
