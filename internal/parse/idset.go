package parse

import "slices"

// idSet is a set of goroutine ids. Ids of a dump are mostly near each other,
// so it keeps them by pages: a list while a page has few of its ids, then a bit
// for each.
type idSet struct {
	pages map[uint64]*idPage
	last  *idPage
	at    uint64 // number of the last page
}

const (
	pageIDs  = 1 << 16
	listedID = 512 // ids of a page before it gets a bit for each
)

type idPage struct {
	list []uint16 // in ascending order
	bits []uint64
}

// add puts id into the set and reports whether it was there before.
func (s *idSet) add(id uint64) bool {
	if s.last == nil || s.at != id/pageIDs {
		s.at = id / pageIDs
		if s.pages == nil {
			s.pages = map[uint64]*idPage{}
		}
		if s.last = s.pages[s.at]; s.last == nil {
			s.last = &idPage{}
			s.pages[s.at] = s.last
		}
	}
	return s.last.add(uint16(id % pageIDs))
}

func (p *idPage) add(id uint16) bool {
	if p.bits != nil {
		word, bit := &p.bits[id/64], uint64(1)<<(id%64)
		had := *word&bit != 0
		*word |= bit
		return had
	}
	i := len(p.list)
	if i > 0 && p.list[i-1] >= id {
		var had bool
		if i, had = slices.BinarySearch(p.list, id); had {
			return true
		}
	}
	if len(p.list) < listedID {
		p.list = slices.Insert(p.list, i, id)
		return false
	}
	p.bits = make([]uint64, pageIDs/64)
	for _, x := range p.list {
		p.bits[x/64] |= 1 << (x % 64)
	}
	p.list = nil
	return p.add(id)
}
