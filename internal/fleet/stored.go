package fleet

import "context"

func findStored(context.Context, *Selector, *Fleet) error { return nil }
