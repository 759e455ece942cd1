package fleet

import (
	"context"
	"time"
)

// SetWait has a pusher not wait between tries, and tells how long it would.
func SetWait(p *Pusher, wait func(time.Duration)) {
	p.wait = func(_ context.Context, d time.Duration) error {
		wait(d)
		return nil
	}
}
