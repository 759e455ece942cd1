package trend

// ByRounds takes the rates over time from a trend whose dumps were taken around
// rounds of a command: how long a round takes says nothing of how fast the
// process grows by itself.
func (t *Trend) ByRounds() {
	t.Rounds = true
	for i := range t.Series {
		t.Series[i].untime()
	}
	for i := range t.Leaks {
		t.Leaks[i].Series.untime()
	}
}

func (s *Series) untime() {
	s.PerHour = 0
	for i := range s.Lives {
		s.Lives[i].PerHour = 0
	}
}
