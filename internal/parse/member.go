package parse

import (
	"bytes"
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
	of    map[*entry][]goroutine.Member
	n     int
	each  int
	stack rawStack // memory of the goroutine read last
}

// add keeps a goroutine of a bucket, as long as there is room.
func (m *members) add(e *entry, r *record, text []byte) {
	if m.of == nil {
		m.of, m.each = map[*entry][]goroutine.Member{}, memberEach
	}
	if len(m.of[e]) >= m.each {
		return
	}
	for m.n >= maxMembers {
		if m.each == 1 {
			return
		}
		m.each /= 2
		m.n = 0
		for e, list := range m.of {
			m.of[e] = list[:min(len(list), m.each)]
			m.n += len(m.of[e])
		}
		if len(m.of[e]) >= m.each {
			return
		}
	}
	state := commonStates[r.code]
	if r.code == 0 {
		state = string(r.state.of(text))
	}
	m.stack.split(text[:r.size])
	m.n++
	m.of[e] = append(m.of[e], goroutine.Member{ID: r.id, State: state, Wait: int(r.minutes), Creator: m.stack.creatorID, Args: m.stack.args()})
}

// remove forgets a goroutine of a bucket.
func (m *members) remove(e *entry, id uint64) {
	for i, x := range m.of[e] {
		if x.ID == id {
			m.of[e] = append(m.of[e][:i:i], m.of[e][i+1:]...)
			m.n--
			return
		}
	}
}

// mergeMembers are the members of two buckets that turn out to be one.
func mergeMembers(a, b []goroutine.Member) []goroutine.Member {
	all := append(a[:len(a):len(a)], b...)
	return all[:min(len(all), memberEach)]
}

// args are the arguments of the frames.
func (s *rawStack) args() [][]uint64 {
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
		if args := s.frames[i].args; !s.frames[i].c && string(args) != "..." {
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
