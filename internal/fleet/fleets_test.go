package fleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// operated is a service as it is operated: processes that are deployed one
// after another, crash, come and go with the load, and are not always scraped.
type operated struct {
	instances int
	steps     int
	every     time.Duration

	leaks    func(i int, version string) float64 // goroutines an hour
	byLoad   bool                                // it leaks as requests come, not as time goes
	among    float64                             // of the traffic passes where it leaks
	deployAt []int                               // steps in which the next version begins to be deployed
	rollsFor int                                 // steps that a deployment takes
	dropsTo  map[int]string                      // versions by deployment, where they are not v1, v2, …
	crashes  float64                             // chance that a process restarts in a step
	renames  bool                                // a process that starts has another name, as pods have
	scales   float64                             // of the instances run at night
	misses   float64                             // chance of a scrape that fails
	outage   [2]int                              // steps without any scrape

	traffic, swing, grows float64 // goroutines at noon, how much fewer at night, more a step
	weekend               bool
	sockets               float64 // connections that stay for two hours
	highWater             bool    // workers that are kept for the largest load so far
	warms                 int     // steps of a pool that fills
}

// versionOf is the version of an instance in a step.
func (o *operated) versionOf(i, step int) string {
	v, n := "v1", 0
	for k, at := range o.deployAt {
		if step >= at+o.rollsFor*i/max(1, o.instances) {
			n = k + 1
			v = fmt.Sprintf("v%d", n+1)
			if name := o.dropsTo[n]; name != "" {
				v = name
			}
		}
	}
	return v
}

// load is the traffic of a step, of 1 at noon.
func (o *operated) load(step int) float64 {
	hours := float64(step) * o.every.Hours()
	load := 1 - o.swing*(1+math.Cos(2*math.Pi*(hours-1)/24))/2
	if o.weekend && int(hours/24)%7 >= 5 {
		load *= 0.5
	}
	return load * (1 + o.grows*float64(step))
}

// history makes its tracks, and says which of them leak.
func (o operated) history(seed uint64) (*History, []bool) {
	h := &History{Name: "sim", From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: o.every, Steps: o.steps, bucket: map[string]*goroutine.Bucket{}}
	var truth []bool
	for i := range o.instances {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		poisson := func(mean float64) int {
			return max(0, int(math.Round(mean+r.NormFloat64()*math.Sqrt(max(mean, 0)))))
		}
		var t *track
		leaking := false
		finish := func() {
			if t != nil && len(t.times) > 1 { // what one moment shows is no trend
				h.tracks, truth = append(h.tracks, t), append(truth, leaking)
			}
			t, leaking = nil, false
		}
		starts := 0
		born, version := -r.IntN(8), ""
		leaked, sockets, water, last := 0.0, 0.0, 0, 0.0
		for step := range o.steps {
			load := o.load(step)
			if o.scales > 0 && float64(i) >= float64(o.instances)*(o.scales+(1-o.scales)*load) {
				finish()
				version = ""
				continue
			}
			v := o.versionOf(i, step)
			if v != version || r.Float64() < o.crashes {
				if version != "" {
					born = step
				}
				leaked, sockets, water, last = 0, 0, 0, r.Float64()
				if version != "" && (o.renames || t == nil) {
					finish()
				}
				if version = v; t == nil {
					starts++
					t = &track{name: fmt.Sprintf("web-%d", i+1), sites: map[string][]int{}}
					if o.renames {
						t.name = fmt.Sprintf("web-%d-%d", i+1, starts)
					}
				}
			}
			age := step - born
			if o.leaks != nil {
				rate := o.leaks(i, v) * o.every.Hours() * min(1, last)
				if o.byLoad {
					rate *= load
				}
				if rate > 0 {
					leaked += float64(poisson(rate))
				}
			}
			last = 1
			stay := 1 - math.Exp(-o.every.Hours()/2)
			sockets += (o.sockets*load - sockets) * stay
			if r.Float64() < o.misses || step >= o.outage[0] && step < o.outage[1] {
				continue
			}
			leaking = leaking || o.leaks != nil && o.leaks(i, v) > 0
			d := &goroutine.Dump{}
			site := func(function string, n int) {
				if n <= 0 {
					return
				}
				stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/app/x.go", Line: 7, Package: "main", Origin: goroutine.Main}}})
				d.Buckets = append(d.Buckets, goroutine.Bucket{ID: stack.ID(), Stack: stack, Count: n})
				d.Goroutines += n
			}
			now := poisson(o.traffic * load)
			site(leakAt, int(leaked)+int(o.among*float64(poisson(o.traffic*load))))
			site("main.serve", now)
			site("main.query", poisson(o.traffic*load/4))
			site("main.rare", poisson(0.4))
			site("main.socket", poisson(sockets))
			if o.highWater {
				water = max(water, poisson(o.traffic*load/3))
				site("main.worker", water)
			}
			if o.warms > 0 {
				site("main.pool", 50*min(age+1, o.warms)/o.warms)
			}
			for k := range 6 {
				site(fmt.Sprintf("main.fixed%d", k), 1+k)
			}
			at := h.From.Add(time.Duration(step)*o.every + time.Duration(r.IntN(int(o.every/2))))
			h.keep(&goroutine.Stacks{}, d)
			t.add(d, moment{point: point{at: at}, step: step, labels: map[string]string{"instance": t.name, "version": version}})
		}
		finish()
	}
	h.findLives()
	return h, truth
}

// TestOperated judges services as they are operated against their truth.
func TestOperated(t *testing.T) {
	t.Parallel()
	all := func(rate float64) func(int, string) float64 { return func(int, string) float64 { return rate } }
	since := func(v string, rate float64) func(int, string) float64 {
		return func(_ int, version string) float64 {
			if version >= v {
				return rate
			}
			return 0
		}
	}
	few := func(n int, rate float64) func(int, string) float64 {
		return func(i int, _ string) float64 {
			if i < n {
				return rate
			}
			return 0
		}
	}
	day := operated{instances: 40, steps: 24, every: time.Hour, traffic: 80, swing: 0.6}
	worlds := map[string]func(*operated){
		"healthy, rolling deploy":      func(o *operated) { o.deployAt, o.rollsFor, o.warms = []int{12}, 6, 5 },
		"healthy, autoscaled":          func(o *operated) { o.scales, o.steps, o.sockets = 0.4, 48, 100 },
		"healthy, sockets":             func(o *operated) { o.sockets, o.crashes = 300, 0.08 },
		"healthy, sockets, half hours": func(o *operated) { o.sockets, o.crashes, o.every, o.steps = 300, 0.04, 30*time.Minute, 48 },
		"healthy, high water":          func(o *operated) { o.highWater, o.crashes, o.steps = true, 0.05, 60 },
		"healthy, high water, 5 min":   func(o *operated) { o.highWater, o.every, o.steps = true, 5*time.Minute, 72 },
		"healthy, pods":                func(o *operated) { o.renames, o.crashes, o.warms, o.sockets = true, 0.1, 6, 50 },
		"healthy, morning":             func(o *operated) { o.steps, o.every, o.sockets = 20, 30*time.Minute, 200 },
		"healthy, morning, large":      func(o *operated) { o.steps, o.every, o.traffic, o.swing = 20, 30*time.Minute, 4000, 0.8 },
		"healthy, week": func(o *operated) {
			o.steps, o.every, o.weekend, o.highWater, o.instances = 84, 2*time.Hour, true, true, 15
		},
		"healthy, more traffic":  func(o *operated) { o.grows, o.steps = 0.02, 48 },
		"healthy, few":           func(o *operated) { o.instances, o.highWater, o.warms, o.sockets = 3, true, 8, 60 },
		"healthy, misses":        func(o *operated) { o.misses, o.outage, o.highWater, o.warms = 0.3, [2]int{8, 12}, true, 8 },
		"all leak":               func(o *operated) { o.leaks, o.highWater = all(5), true },
		"slowly, in some":        func(o *operated) { o.leaks, o.steps, o.crashes = few(15, 2), 48, 0.03 },
		"one":                    func(o *operated) { o.leaks = few(1, 12) },
		"one, slowly":            func(o *operated) { o.leaks, o.steps = few(1, 2), 72 },
		"two of three":           func(o *operated) { o.instances, o.leaks = 3, few(2, 8) },
		"since a rolling deploy": func(o *operated) { o.leaks, o.deployAt, o.rollsFor = since("v2", 8), []int{9}, 5 },
		"rolled back": func(o *operated) {
			o.leaks, o.deployAt, o.dropsTo, o.steps = func(_ int, v string) float64 { return map[string]float64{"v2": 8}[v] }, []int{8, 20, 30}, map[int]string{2: "v1", 3: "v2"}, 44
		},
		"crashes hide it":         func(o *operated) { o.leaks, o.crashes, o.steps = all(6), 0.15, 48 },
		"crashes hide it in some": func(o *operated) { o.leaks, o.crashes, o.steps = few(12, 6), 0.12, 48 },
		"pods":                    func(o *operated) { o.leaks, o.renames, o.crashes, o.steps = all(8), true, 0.06, 36 },
		"autoscaled":              func(o *operated) { o.leaks, o.scales, o.steps = all(6), 0.5, 48 },
		"by load":                 func(o *operated) { o.leaks, o.byLoad, o.steps = all(5), true, 48 },
		"misses":                  func(o *operated) { o.leaks, o.misses, o.outage, o.steps = all(5), 0.3, [2]int{10, 15}, 36 },
		"among traffic":           func(o *operated) { o.leaks, o.among, o.steps = all(10), 0.2, 48 },
		"among traffic, restarts": func(o *operated) { o.leaks, o.among, o.steps, o.crashes = all(10), 0.2, 48, 0.06 },
		"every five minutes":      func(o *operated) { o.leaks, o.every, o.steps = few(20, 30), 5*time.Minute, 48 },
		"a week": func(o *operated) {
			o.leaks, o.every, o.steps, o.weekend, o.crashes = few(25, 1.5), 2*time.Hour, 84, true, 0.02
		},
		"a week, deployed each day": func(o *operated) {
			o.leaks, o.every, o.steps, o.deployAt, o.rollsFor = since("v3", 4), 2*time.Hour, 84, []int{12, 24, 36, 48, 60, 72}, 2
		},
	}
	for name, change := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := day
			change(&o)
			right, all, missed, wrongly := 0, 0, 0, 0
			seeds := uint64(3)
			if testing.Short() {
				seeds = 1
			}
			for seed := range seeds {
				h, truth := o.history(seed)
				got := h.Trend()
				some := false
				for _, s := range got.Series {
					for _, x := range s.Instances.Each {
						i := 0
						for h.tracks[i].name != x.Name {
							i++
						}
						leaks := s.Name == leakAt && truth[i]
						accused := x.Verdict == trend.Accumulating
						switch {
						case s.Name != leakAt && accused:
							t.Errorf("seed %d: %s accused on %s: %v", seed, s.Name, x.Name, h.tracks[i].sites[s.Name])
						case s.Name == leakAt:
							if all++; accused == leaks {
								right++
							} else if leaks {
								missed++
								if testing.Verbose() && seed == 0 {
									t.Logf("missed %s %s: %v lives %v", x.Name, x.Verdict, h.tracks[i].sites[s.Name], h.tracks[i].lives)
								}
							} else {
								wrongly++
							}
						}
					}
					some = some || s.Name == leakAt && s.Verdict == trend.Accumulating
				}
				if some != (o.leaks != nil) {
					t.Errorf("seed %d: the service leaks: %v", seed, some)
				}
			}
			if all > 0 {
				t.Logf("%d of %d right, %d missed, %d wrongly", right, all, missed, wrongly)
				if o.leaks != nil && 100*right < 95*all {
					t.Errorf("%d of %d verdicts right", right, all)
				}
			}
		})
	}
}
