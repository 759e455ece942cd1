package kernels

import (
	"sync"
)

// Locks are the leaks of goroutines that wait for a lock, a condition or a
// group in vain.
func Locks() []Kernel {
	return []Kernel{
		{Name: "doubleLock", Leaks: true, Round: doubleLock},
		{Name: "lockOrder", Leaks: true, Round: lockOrder},
		{Name: "holderStuck", Leaks: true, Round: holderStuck},
		{Name: "unlockForgotten", Leaks: true, Round: unlockForgotten},
		{Name: "groupNeverDone", Leaks: true, Round: groupNeverDone},
		{Name: "signalMissed", Leaks: true, Round: signalMissed},
		{Name: "writerStarved", Leaks: true, Round: writerStarved},
		{Name: "recursiveRead", Leaks: true, Round: recursiveRead},
		{Name: "lockAndChannel", Leaks: true, Round: lockAndChannel},
		{Name: "lockAndGroup", Leaks: true, Round: lockAndGroup},
		{Name: "onceWithin", Leaks: true, Round: onceWithin},
	}
}

// doubleLock locks again what it holds (moby, cockroach).
func doubleLock(int) {
	var mu sync.Mutex
	again := mu.Lock
	go func() {
		mu.Lock()
		again()
	}()
}

// lockOrder takes two locks in two orders.
func lockOrder(int) {
	var a, b sync.Mutex
	var both sync.WaitGroup
	both.Add(2)
	take := func(first, second *sync.Mutex) {
		first.Lock()
		both.Done()
		both.Wait()
		second.Lock()
	}
	go take(&a, &b)
	go take(&b, &a)
}

var held struct {
	sync.Mutex
	once sync.Once
}

// holderStuck piles up behind one that holds the lock and waits for ever.
func holderStuck(int) {
	held.once.Do(func() {
		locked := make(chan int)
		go func() {
			held.Lock()
			close(locked)
			select {}
		}()
		<-locked
	})
	for range 4 {
		go waitForHolder()
	}
}

func waitForHolder() {
	held.Lock()
	defer held.Unlock()
	keep(1)
}

// unlockForgotten returns on an error without unlocking.
func unlockForgotten(int) {
	var mu sync.Mutex
	mu.Lock()
	for range 2 {
		go func() {
			mu.Lock() // never had
			defer mu.Unlock()
		}()
	}
}

// groupNeverDone waits for one more than will ever be done (kubernetes).
func groupNeverDone(int) {
	var wg sync.WaitGroup
	wg.Add(2)
	go wg.Done()
	go func() { wg.Wait() }()
}

// signalMissed waits for a signal that was given before.
func signalMissed(int) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	c.Signal()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		c.Wait()
	}()
}

// writerStarved waits for a reader that never leaves.
func writerStarved(int) {
	var mu sync.RWMutex
	mu.RLock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
	}()
}

// recursiveRead reads again while a writer waits (cockroach, etcd).
func recursiveRead(int) {
	var mu sync.RWMutex
	reading, writing := make(chan int), make(chan int)
	go func() {
		mu.RLock()
		defer mu.RUnlock()
		close(reading)
		<-writing
		for mu.TryRLock() { // until the writer waits
			mu.RUnlock()
		}
		mu.RLock()
		defer mu.RUnlock()
	}()
	<-reading
	go func() {
		close(writing)
		mu.Lock()
		defer mu.Unlock()
	}()
}

// lockAndChannel sends with the lock held to one that wants the lock (etcd).
func lockAndChannel(int) {
	var mu sync.Mutex
	c, locked := make(chan int), make(chan int)
	go func() {
		mu.Lock()
		close(locked)
		c <- 1
		mu.Unlock()
	}()
	go func() {
		<-locked
		mu.Lock()
		<-c
		mu.Unlock()
	}()
}

// lockAndGroup waits for a group with the lock that its members want.
func lockAndGroup(int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Add(1)
	mu.Lock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		wg.Done()
	}()
	go func() {
		wg.Wait()
		mu.Unlock()
	}()
}

// onceWithin calls a once from within it.
func onceWithin(int) {
	var once sync.Once
	var init func()
	init = func() { once.Do(func() { init() }) }
	go func() { init() }()
}
