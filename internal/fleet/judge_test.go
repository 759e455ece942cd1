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

// world is a service of made-up processes whose truth is known.
type world struct {
	instances, leaking int
	steps              int
	every              time.Duration
	leakFrom           int     // step from which the version that leaks is out
	rate               int     // goroutines a step that leak, at least
	deploys            int     // all restart each so many steps; 0 never
	lifetime           int     // steps after which a process restarts, at least; 0 never
	swing              float64 // of traffic in a day
	grows              float64 // of traffic, a step
	pool               int     // steps until a pool is full
	cache              bool    // fills more and more slowly
	bursts             bool    // now and then a step with many
}

const leakAt = "main.leak"

// history makes the tracks of a world.
func (w world) history(seed uint64) *History {
	h := &History{Name: "sim", From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: w.every, Steps: w.steps, bucket: map[string]*goroutine.Bucket{}}
	for i := range w.instances {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		t := &track{name: fmt.Sprintf("web-%d", i+1), sites: map[string][]int{}}
		rate := w.rate + r.IntN(1+2*w.rate)
		lasts := math.MaxInt
		renew := func() {
			if w.lifetime > 0 {
				lasts = w.lifetime + r.IntN(w.lifetime+1)
			}
		}
		renew()
		born := 0
		if w.lifetime > 0 {
			born = -r.IntN(lasts)
		}
		phase := r.Float64() * 0.3
		for step := range w.steps {
			version := "v1"
			if step >= w.leakFrom {
				version = "v2"
			}
			if step > 0 && (step == w.leakFrom || w.deploys > 0 && step%w.deploys == 0 || step-born >= lasts) {
				born = step
				renew()
			}
			age := step - born
			d := &goroutine.Dump{}
			site := func(function string, n int) {
				if n <= 0 {
					return
				}
				stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/app/x.go", Line: 7, Package: "main", Origin: goroutine.Main}}})
				d.Buckets = append(d.Buckets, goroutine.Bucket{ID: stack.ID(), Stack: stack, Count: n})
				d.Goroutines += n
			}
			if i < w.leaking && step >= w.leakFrom {
				site(leakAt, rate*age+r.IntN(1+rate/2))
			}
			day := float64(step) * w.every.Hours() / 24
			load := (60 + w.grows*float64(step)) * (1 + w.swing*math.Sin(2*math.Pi*(day+phase)))
			site("main.serve", int(load)+r.IntN(1+int(load/4)))
			site("main.query", int(load/3)+r.IntN(1+int(load/6)))
			if w.pool > 0 {
				site("main.work", 64*min(age+1, w.pool)/w.pool)
			}
			if w.cache {
				site("main.refresh", int(40*math.Log2(float64(age+2)))+r.IntN(3))
			}
			if w.bursts && r.IntN(8) == 0 {
				site("main.burst", 200+r.IntN(400))
			}
			for k := range 12 {
				site(fmt.Sprintf("main.idle%d", k), 1+r.IntN(4))
			}
			at := h.From.Add(time.Duration(step)*w.every + time.Duration(r.IntN(int(w.every/2))))
			h.keep(&goroutine.Stacks{}, d)
			t.add(d, moment{point: point{at: at}, step: step, labels: map[string]string{"instance": t.name, "version": version}})
		}
		h.tracks = append(h.tracks, t)
	}
	h.findLives()
	return h
}

// TestVerdicts judges made-up services against their truth.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	worlds := map[string]world{
		"healthy, a day":             {instances: 40, steps: 24, every: time.Hour, swing: 0.5, bursts: true, pool: 3, cache: true},
		"healthy, half a day":        {instances: 40, steps: 12, every: time.Hour, swing: 0.5, bursts: true},
		"healthy, a week":            {instances: 20, steps: 84, every: 2 * time.Hour, swing: 0.6, bursts: true, deploys: 30, pool: 4, cache: true},
		"healthy, restarts":          {instances: 60, steps: 40, every: 30 * time.Minute, swing: 0.3, lifetime: 8, pool: 6, cache: true},
		"healthy, one":               {instances: 1, steps: 60, every: time.Hour, swing: 0.5, pool: 8, cache: true, bursts: true},
		"healthy, more traffic":      {instances: 50, steps: 24, every: time.Hour, swing: 0.3, grows: 3, lifetime: 5},
		"healthy, slow pool":         {instances: 60, steps: 40, every: 30 * time.Minute, swing: 0.3, lifetime: 12, pool: 11},
		"leaks since late":           {instances: 60, leaking: 40, steps: 30, every: time.Hour, rate: 6, leakFrom: 22, swing: 0.3, cache: true, bursts: true},
		"three, for half a day":      {instances: 3, leaking: 3, steps: 12, every: time.Hour, rate: 10, swing: 0.4},
		"leaks since the beginning":  {instances: 60, leaking: 60, steps: 20, every: time.Hour, rate: 5, swing: 0.3},
		"leaks since a version":      {instances: 100, leaking: 80, steps: 20, every: time.Hour, rate: 4, leakFrom: 4, lifetime: 5, swing: 0.4, pool: 3, cache: true},
		"restarts hide it":           {instances: 50, leaking: 50, steps: 48, every: time.Hour, rate: 3, lifetime: 6, swing: 0.3, cache: true},
		"only some":                  {instances: 100, leaking: 12, steps: 30, every: time.Hour, rate: 6, lifetime: 12, swing: 0.4},
		"one of many":                {instances: 50, leaking: 1, steps: 40, every: time.Hour, rate: 10, swing: 0.4, bursts: true},
		"nightly deploys, a week":    {instances: 12, leaking: 12, steps: 84, every: 2 * time.Hour, rate: 8, deploys: 12, swing: 0.5, cache: true},
		"slow, within heavy traffic": {instances: 30, leaking: 30, steps: 60, every: time.Hour, rate: 1, swing: 0.5, bursts: true},
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right, all, missed := 0, 0, 0
			seeds := uint64(3)
			if testing.Short() {
				seeds = 1
			}
			for seed := range seeds {
				got := w.history(seed).Trend()
				for _, s := range got.Series {
					for i, x := range s.Instances.Each {
						leaks := s.Name == leakAt && i < w.leaking
						accused := x.Verdict == trend.Accumulating
						if s.Name == leakAt {
							if all++; accused == leaks {
								right++
							} else {
								missed++
							}
						} else if accused {
							t.Errorf("seed %d: %s accused on %s: %v", seed, s.Name, x.Name, s.Counts)
						}
					}
					if s.Name == leakAt && s.Verdict != trend.Accumulating {
						t.Errorf("seed %d: the service's verdict is %s", seed, s.Verdict)
					}
					if s.Name == leakAt && w.leakFrom > 0 && s.Instances.Version != "version v2" {
						t.Errorf("seed %d: since %q", seed, s.Instances.Version)
					}
				}
			}
			if w.leaking > 0 {
				t.Logf("%d of %d right", right, all)
				if 100*right < 95*all {
					t.Errorf("%d of %d verdicts right", right, all)
				}
			}
		})
	}
}
