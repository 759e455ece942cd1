package kernels

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Channels are the leaks of goroutines that wait for a channel in vain.
func Channels() []Kernel {
	return []Kernel{
		{Name: "sendAfterTimeout", Leaks: true, Round: sendAfterTimeout},
		{Name: "earlyReturn", Leaks: true, Round: earlyReturn},
		{Name: "rangeNotClosed", Leaks: true, Round: rangeNotClosed},
		{Name: "firstAnswerWins", Leaks: true, Round: firstAnswerWins},
		{Name: "nilChannel", Leaks: true, Round: nilChannel},
		{Name: "producerWithoutConsumer", Leaks: true, Round: producerWithoutConsumer},
		{Name: "consumerWithoutProducer", Leaks: true, Round: consumerWithoutProducer},
		{Name: "selectWithoutExit", Leaks: true, Round: selectWithoutExit},
		{Name: "tickerWithoutStop", Leaks: true, Round: tickerWithoutStop},
		{Name: "contextNeverCancelled", Leaks: true, Round: contextNeverCancelled},
		{Name: "errorChannelFull", Leaks: true, Round: errorChannelFull},
		{Name: "subscriberForgotten", Leaks: true, Round: subscriberForgotten},
		{Name: "streamNotDrained", Leaks: true, Round: streamNotDrained},
		{Name: "fanInAbandoned", Leaks: true, Round: fanInAbandoned},
		{Name: "hopsBetweenStacks", Leaks: true, Round: hopsBetweenStacks},
		{Name: "recursiveSpawn", Leaks: true, Round: recursiveSpawn},
		{Name: "depthVaries", Leaks: true, Round: depthVaries},
		{Name: "semaphoreNotReleased", Leaks: true, Round: semaphoreNotReleased},
		{Name: "twoStarters", Leaks: true, Round: twoStarters},
		{Name: "hiddenInTraffic", Leaks: true, Round: hiddenInTraffic},
	}
}

// sendAfterTimeout: the caller gave up, nobody receives (grpc, kubernetes).
func sendAfterTimeout(int) {
	for range 4 {
		done := make(chan int)
		timeout := make(chan time.Time)
		close(timeout)
		go func() {
			<-timeout
			done <- 1
		}()
		select {
		case <-timeout:
		case <-done:
		}
	}
}

// earlyReturn leaves before it receives what it asked for (moby).
func earlyReturn(int) {
	check := func() error {
		result := make(chan error)
		go func() { result <- errors.New("late") }()
		if err := errors.New("early"); err != nil {
			return err
		}
		return <-result
	}
	for range 3 {
		keep(check())
	}
}

// rangeNotClosed ranges over a channel that nobody closes (etcd).
func rangeNotClosed(int) {
	jobs := make(chan int)
	for range 3 {
		go func() {
			for range jobs {
				continue
			}
		}()
	}
	jobs <- 1
}

// firstAnswerWins asks three and takes one answer.
func firstAnswerWins(int) {
	answers := make(chan int)
	for i := range 3 {
		go func() { answers <- i }()
	}
	<-answers
}

func nilChannel(int) {
	var never chan int
	go func() { <-never }()
}

func producerWithoutConsumer(int) {
	out := make(chan int, 1)
	go func() {
		for i := 0; ; i++ {
			out <- i
		}
	}()
	<-out
}

func consumerWithoutProducer(int) {
	in := make(chan int)
	for range 2 {
		go func() { keep(<-in) }()
	}
}

// selectWithoutExit has no case for the end (kubernetes, syncthing).
func selectWithoutExit(int) {
	a, b := make(chan int), make(chan int)
	go func() {
		for {
			select {
			case <-a:
			case <-b:
			}
		}
	}()
	a <- 1
}

// tickerWithoutStop waits for ticks for ever.
func tickerWithoutStop(int) {
	t := time.NewTicker(time.Millisecond)
	go func() {
		for range t.C {
			continue
		}
	}()
}

func contextNeverCancelled(int) {
	for range 2 {
		ctx := background()
		go func() { <-ctx.Done() }()
	}
}

// errorChannelFull reports more errors than the channel holds (cockroach).
func errorChannelFull(int) {
	errs := make(chan error, 1)
	var started sync.WaitGroup
	for range 3 {
		started.Add(1)
		go func() {
			started.Done()
			errs <- errors.New("failed")
		}()
	}
	started.Wait()
	<-errs
}

var subscribers struct {
	sync.Mutex
	list []chan int
}

// subscriberForgotten keeps who has unsubscribed in its list of pumps.
func subscriberForgotten(int) {
	c := make(chan int)
	subscribers.Lock()
	subscribers.list = append(subscribers.list, c)
	subscribers.Unlock()
	go func() {
		for v := range c {
			keep(v)
		}
	}()
}

// streamNotDrained stops reading a stream without cancelling it (grpc).
func streamNotDrained(int) {
	messages := make(chan int)
	ctx := background()
	go func() {
		for i := 0; ; i++ {
			select {
			case messages <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	<-messages
}

// fanInAbandoned merges channels for a reader who leaves (istio).
func fanInAbandoned(int) {
	merged := make(chan int)
	for i := range 2 {
		in := make(chan int, 1)
		in <- i
		go func() {
			for v := range in {
				merged <- v
			}
		}()
		if i == 0 {
			close(in)
		}
	}
	<-merged
}

// hopsBetweenStacks is stuck, but not always at the same place: it tries two
// things in turn.
func hopsBetweenStacks(int) {
	for range 3 {
		a, b := make(chan int), make(chan int)
		go func() {
			for {
				hopA(a)
				hopB(b)
			}
		}()
	}
}

func hopA(c chan int) {
	select {
	case <-c:
	case <-time.After(3 * time.Millisecond):
	}
}

func hopB(c chan int) {
	select {
	case c <- 1:
	case <-time.After(3 * time.Millisecond):
	}
}

// recursiveSpawn has goroutines start goroutines that all wait.
func recursiveSpawn(int) {
	stop := make(chan int)
	var spawn func(depth int)
	spawn = func(depth int) {
		if depth == 0 {
			return
		}
		go func() {
			spawn(depth - 1)
			<-stop
		}()
	}
	spawn(3)
}

// depthVaries waits at the bottom of a recursion of another depth each time.
func depthVaries(n int) {
	stop := make(chan int)
	for i := range 3 {
		go descend(1+(5*n+i)%9, stop)
	}
}

func descend(depth int, stop chan int) int {
	if depth == 0 {
		return <-stop
	}
	return descend(depth-1, stop) + 1
}

var slots = make(chan int, 2)

// semaphoreNotReleased takes slots and forgets one on the way out.
func semaphoreNotReleased(int) {
	for range 2 {
		go func() { slots <- 1 }()
	}
}

// twoStarters starts what gets stuck at one place from two go statements.
func twoStarters(n int) {
	stop := make(chan int)
	if n%2 == 0 {
		go waitAtOnePlace(stop)
		return
	}
	for range 2 {
		go waitAtOnePlace(stop)
	}
}

func waitAtOnePlace(c chan int) { <-c }

var gate = make(chan int)

// hiddenInTraffic passes many through the go statement of which five are stuck.
func hiddenInTraffic(n int) {
	close(gate)
	gate = make(chan int)
	never := make(chan int)
	passing := (n * 173) % 401
	for i := range passing + 5 {
		wait := gate
		if i < 5 {
			wait = never
		}
		go func() {
			if i >= 5 && context.Background().Err() != nil {
				return
			}
			<-wait
		}()
	}
}
