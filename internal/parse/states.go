package parse

import (
	"slices"

	"gdump/internal/goroutine"
)

// commonStates have a code, so that to count them needs no look at the text.
var commonStates = [...]string{
	"", "select", "chan receive", "chan send", "IO wait", "running", "runnable", "sleep", "semacquire", "syscall",
	"sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait",
}

// stateCode is a state's index in commonStates, 0 if it is not there.
func stateCode(state []byte) uint8 {
	for i, s := range commonStates {
		if string(state) == s {
			return uint8(i)
		}
	}
	return 0
}

// counter counts names, of which there are mostly few.
type counter struct {
	list  []goroutine.Count
	codes [4]uint8       // of the first names of the list
	index map[string]int // of list, once it is long
}

const shortList = 16

// addCode counts a common state once, if it is among the first of the list.
func (c *counter) addCode(code uint8) bool {
	for i, x := range c.codes {
		if x == code {
			c.list[i].N++
			return true
		}
	}
	return false
}

func (c *counter) add(name []byte, n int) {
	if c.index != nil {
		i, ok := c.index[string(name)]
		if !ok {
			i = len(c.list)
			c.list = append(c.list, goroutine.Count{Name: string(name)})
			c.index[c.list[i].Name] = i
		}
		c.list[i].N += n
		return
	}
	for i := range c.list {
		if c.list[i].Name == string(name) {
			c.list[i].N += n
			return
		}
	}
	code := stateCode(name)
	own := commonStates[code]
	if code == 0 {
		own = string(name)
	}
	if len(c.list) < len(c.codes) {
		c.codes[len(c.list)] = code
	}
	c.list = append(c.list, goroutine.Count{Name: own, N: n})
	if len(c.list) > shortList {
		c.index = map[string]int{}
		for i := range c.list {
			c.index[c.list[i].Name] = i
		}
	}
}

func (c *counter) sorted() []goroutine.Count {
	c.list = slices.DeleteFunc(c.list, func(x goroutine.Count) bool { return x.N <= 0 })
	slices.SortFunc(c.list, goroutine.CompareCounts)
	if len(c.list) == 0 {
		return nil
	}
	return c.list
}
