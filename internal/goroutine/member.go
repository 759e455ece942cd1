package goroutine

// Member is one goroutine of a bucket, with what the bucket does not count.
type Member struct {
	ID      uint64
	State   string // as the bucket counts it
	Wait    int    // minutes; 0 when not printed
	Creator uint64 // the goroutine that started it; 0 if unknown
	// Args are the arguments of each frame of Stack.Parts().Frames, leaf
	// first, in the order printed, those in braces included. One that was
	// not printed for certain ("?", "_") or cut off is 0. A frame printed
	// with "(...)" has nil.
	Args [][]uint64
}
