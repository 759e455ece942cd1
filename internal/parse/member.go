package parse

import (
	"bytes"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

const (
	maxMembers = 1 << 14 // of a dump
	memberEach = 64      // of a bucket
)

// members keeps the first goroutines of each bucket. When a dump has too many
// stacks for memberEach of each, all buckets keep half as many, and so on: no
// bucket goes without as long as there are fewer buckets than maxMembers.
type members struct {
	of   map[uint32][]goroutine.Member // by the number of the stack
	n    int
	each int
}

// add keeps a goroutine of a stack, as long as there is room.
func (m *members) add(stack uint32, g *reading) {
	if m.of == nil {
		m.of, m.each = map[uint32][]goroutine.Member{}, memberEach
	}
	if m.each == 0 || len(m.of[stack]) >= m.each {
		return
	}
	for m.n >= maxMembers {
		if m.each == 1 {
			m.each = 0 // each stack has its one
			return
		}
		m.halve()
		if len(m.of[stack]) >= m.each {
			return
		}
	}
	state := commonStates[g.code]
	if g.code == 0 {
		state = string(g.state.of(g.text))
	}
	s := g.stack()
	creator, _ := strconv.ParseUint(string(s.starter), 10, 64)
	m.n++
	m.of[stack] = append(m.of[stack], goroutine.Member{ID: g.id, State: state, Wait: int(g.minutes), Creator: creator, Args: s.arguments()})
}

// halve makes room.
func (m *members) halve() {
	m.each /= 2
	m.n = 0
	for stack, list := range m.of {
		list = list[:min(len(list), m.each)]
		m.of[stack] = list
		m.n += len(list)
	}
}

// remove forgets a goroutine of a stack.
func (m *members) remove(stack uint32, id uint64) {
	for i, x := range m.of[stack] {
		if x.ID == id {
			m.of[stack] = slices.Delete(m.of[stack], i, i+1)
			m.n--
			return
		}
	}
}

// arguments are those of all frames.
func (s *stack) arguments() [][]uint64 {
	if len(s.frames) == 0 {
		return nil
	}
	n := 0
	for i := range s.frames {
		if args := s.frames[i].args; len(args) > 0 {
			n += 1 + bytes.Count(args, []byte{','})
		}
	}
	all := make([]uint64, 0, n)
	out := make([][]uint64, len(s.frames))
	for i := range s.frames {
		if args := s.frames[i].args; args != nil && string(args) != "..." {
			from := len(all)
			all = appendArgs(all, args)
			out[i] = all[from:len(all):len(all)]
		}
	}
	return out
}

// appendArgs appends the numbers of an argument list such as
// "0xc000102000, {0x1, 0x2?}, _, ...".
func appendArgs(to []uint64, args []byte) []uint64 {
	for len(args) > 0 {
		word := args
		if i := bytes.IndexByte(args, ','); i >= 0 {
			word, args = args[:i], args[i+1:]
		} else {
			args = nil
		}
		word = bytes.Trim(word, " {}")
		var value uint64
		if hex, ok := bytes.CutPrefix(word, []byte("0x")); ok {
			value, _ = strconv.ParseUint(string(hex), 16, 64)
		}
		to = append(to, value)
	}
	return to
}
