package blocked

import "testing"

func TestConstructor(t *testing.T) {
	for function, want := range map[string]bool{
		"github.com/a/channels.NewInfiniteChannel":     true,
		"github.com/a/cache/v3.newCache":               true,
		"github.com/a/cache.NewCache[...]":             true,
		"github.com/a/cron/v2.NewScheduler.func1":      true,
		"github.com/a/db.(*Pool).Open":                 true,
		"github.com/a/grpc.DialContext":                true,
		"github.com/a/news.Fetch":                      false,
		"github.com/a/ants.(*goWorker).run":            false,
		"github.com/a/cache.Keep[github.com/a/b.NewX]": false,
	} {
		if got := constructor(function); got != want {
			t.Errorf("%s: %t", function, got)
		}
	}
}
