package parse

// idSet is a set of goroutine ids. Those of a dump are mostly near each other,
// so it keeps a bit for each, by pages.
type idSet struct {
	pages map[uint64]*[pageIDs / 64]uint64
	last  *[pageIDs / 64]uint64
	at    uint64 // number of the last page
}

const pageIDs = 1 << 10

// add puts id into the set and reports whether it was there before.
func (s *idSet) add(id uint64) bool {
	if n := id / pageIDs; s.last == nil || s.at != n {
		if s.pages == nil {
			s.pages = map[uint64]*[pageIDs / 64]uint64{}
		}
		if s.pages[n] == nil {
			s.pages[n] = new([pageIDs / 64]uint64)
		}
		s.last, s.at = s.pages[n], n
	}
	word, bit := &s.last[id%pageIDs/64], uint64(1)<<(id%64)
	had := *word&bit != 0
	*word |= bit
	return had
}
