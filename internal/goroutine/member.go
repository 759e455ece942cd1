package goroutine

// Member is one goroutine of a bucket: what tells it from the others.
type Member struct {
	ID      uint64
	State   string // as the bucket counts it
	Wait    int    // minutes; 0 if not printed
	Creator uint64 // the goroutine that started it ("in goroutine N"); 0 if not known
	// Args are the arguments of each frame of Stack.Parts().Frames, leaf first,
	// in order, with nested {…} flattened. An argument that is marked "?" or
	// "_", or is cut off, is 0; the arguments of an inlined call are nil.
	Args [][]uint64
}
