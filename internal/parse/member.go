package parse

import (
	"bytes"
	"strconv"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
)

const (
	memberEach    = 64      // members of a bucket,
	sharedMembers = 1 << 12 // or fewer: the buckets of a dump share so many,
	maxMembers    = 1 << 14 // but each has one as long as there are not so many
)

// members keeps the first goroutines of each bucket. To read them takes longer
// than to count them, so there is a limit on the dump as well.
type members struct {
	of map[uint32][]goroutine.Member // by the number of the stack
	n  int
}

// add keeps a goroutine of a stack, as long as there is room; buckets is how
// many the dump has so far.
func (m *members) add(stack uint32, g *reading, state string, buckets int) {
	each := max(1, min(memberEach, sharedMembers/buckets))
	if m.n >= maxMembers || len(m.of[stack]) >= each {
		return
	}
	if m.of == nil {
		m.of = map[uint32][]goroutine.Member{}
	}
	s := g.stack()
	x := goroutine.Member{ID: g.id, State: state, Wait: int(g.minutes), Args: s.arguments()}
	if len(s.starter) > 0 {
		x.Creator, _ = strconv.ParseUint(string(s.starter), 10, 64)
	}
	m.n++
	m.of[stack] = append(m.of[stack], x)
}

// arguments are those of all frames, of lists such as
// "0xc000102000, {0x1, 0x2?}, _, ...".
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
			if len(args) > 0 {
				for word := range bytes.SplitSeq(bytes.TrimSuffix(args, []byte{','}), []byte{','}) {
					value, _ := grammar.Hex(bytes.Trim(word, " {}"))
					all = append(all, value)
				}
			}
			out[i] = all[from:len(all):len(all)]
		}
	}
	return out
}
