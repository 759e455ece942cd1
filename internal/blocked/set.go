package blocked

import "slices"

// set is a set that usually has few elements, for which a slice is faster
// than a map.
type set[T comparable] struct {
	few  []T
	many map[T]bool // from fewElements on
}

const fewElements = 8

func (s *set[T]) has(x T) bool {
	if s.many != nil {
		return s.many[x]
	}
	return slices.Contains(s.few, x)
}

func (s *set[T]) add(x T) {
	if s.has(x) {
		return
	}
	s.few = append(s.few, x)
	switch {
	case s.many != nil:
		s.many[x] = true
	case len(s.few) > fewElements:
		s.many = make(map[T]bool, 2*fewElements)
		for _, y := range s.few {
			s.many[y] = true
		}
	}
}

// all are the elements, in the order in which they were added.
func (s *set[T]) all() []T { return s.few }

func (s *set[T]) len() int { return len(s.few) }

// sites are the functions and the lines in them at which goroutines wait.
type sites struct {
	few   []site
	index map[int]int
}

type site struct {
	function int
	lines    lines
}

// of are the lines in a function.
func (s *sites) of(function int) lines {
	if i := s.find(function); i >= 0 {
		return s.few[i].lines
	}
	return nil
}

func (s *sites) find(function int) int {
	if s.index != nil {
		if i, ok := s.index[function]; ok {
			return i
		}
		return -1
	}
	for i := range s.few {
		if s.few[i].function == function {
			return i
		}
	}
	return -1
}

func (s *sites) add(function int, line int) {
	i := s.find(function)
	if i < 0 {
		i = len(s.few)
		s.few = append(s.few, site{function: function})
		switch {
		case s.index != nil:
			s.index[function] = i
		case len(s.few) > fewElements:
			s.index = make(map[int]int, 2*fewElements)
			for j := range s.few {
				s.index[s.few[j].function] = j
			}
		}
	}
	s.few[i].lines = s.few[i].lines.add(line)
}

// join adds those of another.
func (s *sites) join(o *sites) {
	for i := range o.few {
		for _, n := range o.few[i].lines {
			s.add(o.few[i].function, n)
		}
	}
}

// lines are where in a function goroutines wait; 0 is a line that a damaged dump
// does not show.
type lines []int

// before reports whether a line is known to be behind one of these.
func (l lines) before(line int) bool {
	first := line
	for _, n := range l {
		first = min(first, n)
	}
	return first > 0 && first < line
}

// has reports whether a line is one of these.
func (l lines) has(line int) bool {
	for _, n := range l {
		if n == line && line > 0 {
			return true
		}
	}
	return false
}

func (l lines) add(line int) lines {
	if slices.Contains(l, line) {
		return l
	}
	if len(l) >= 16 && line > 0 {
		return l
	}
	return append(l, line)
}
