package diagnose

// remedy is what to change where a pattern is found, and where to read on.
type remedy struct{ text, link string }

const (
	mutexDoc     = "https://pkg.go.dev/sync#Mutex"
	rwMutexDoc   = "https://pkg.go.dev/sync#RWMutex"
	onceDoc      = "https://pkg.go.dev/sync#Once"
	waitGroupDoc = "https://pkg.go.dev/sync#WaitGroup"
	pipelines    = "https://go.dev/blog/pipelines"
)

// remedies are what helps against each pattern.
var remedies = map[string]remedy{
	"lock-order":              {"take the locks in one order everywhere", mutexDoc},
	"self-deadlock":           {"split it into a method that locks and one that expects the lock", mutexDoc},
	"rlock-upgrade":           {"RUnlock before Lock, and check again what was read", rwMutexDoc},
	"recursive-rlock":         {"do not call RLock while holding a read lock: a writer in between blocks both", rwMutexDoc},
	"writer-pending":          {"shorten what is done under RLock: one waiting writer keeps all new readers out", rwMutexDoc},
	"lock-across-io":          {"do the I/O outside of the lock, with a deadline", "https://pkg.go.dev/net#Conn"},
	"lock-across-sleep":       {"sleep after Unlock", "https://pkg.go.dev/time#Sleep"},
	"lock-held-running":       {"make the part under the lock smaller", mutexDoc},
	"lock-without-holder":     {"defer Unlock right after Lock, so that no return or panic leaves it locked", mutexDoc},
	"chan-under-lock":         {"send and receive after Unlock", pipelines},
	"wait-under-lock":         {"call Wait after Unlock: what it waits for needs the lock", waitGroupDoc},
	"once-recursive":          {"take the call out of the function given to Once.Do", onceDoc},
	"once-slow":               {"give what runs within Once.Do a deadline", onceDoc},
	"waitgroup-stuck":         {"defer Done first thing, or use WaitGroup.Go", waitGroupDoc},
	"waitgroup-slow":          {"pass on the context, so that it ends with the first error", "https://pkg.go.dev/golang.org/x/sync/errgroup"},
	"cond-not-signalled":      {"Broadcast wherever the condition changes", "https://pkg.go.dev/sync#Cond"},
	"abandoned-send":          {"give the channel a buffer of one, or select on ctx.Done as well", pipelines},
	"abandoned-receive":       {"answer on every path, errors included", pipelines},
	"pipeline-abandoned":      {"cancel the stages before, or drain them", pipelines},
	"chan-cycle":              {"let values flow in one direction, or buffer one of the channels", pipelines},
	"nil-channel":             {"make the channel before it is used", "https://pkg.go.dev/builtin#make"},
	"select-forever":          {"end it by a context", "https://pkg.go.dev/context"},
	"jobs-never-closed":       {"have the producer close the channel when it is done", pipelines},
	"context-not-cancelled":   {"defer cancel() where the context is made", "https://pkg.go.dev/context#WithCancel"},
	"ticker-loop":             {"select on a done channel as well, and Stop the ticker", "https://pkg.go.dev/time#Ticker"},
	"sql-pool-exhausted":      {"close Rows and end transactions on every path", "https://pkg.go.dev/database/sql#DB"},
	"sql-rows-not-closed":     {"defer rows.Close()", "https://pkg.go.dev/database/sql#Rows"},
	"sql-pool-nested":         {"use the transaction for queries within it", "https://pkg.go.dev/database/sql#Tx"},
	"http-conns-exhausted":    {"close every response body, or raise MaxConnsPerHost", "https://pkg.go.dev/net/http#Transport"},
	"http-body-not-closed":    {"defer resp.Body.Close()", "https://pkg.go.dev/net/http#Response"},
	"http-no-timeout":         {"set Client.Timeout, or pass a context with a deadline", "https://pkg.go.dev/net/http#Client"},
	"http2-stream-quota":      {"close response bodies: open streams use up the connection's quota", "https://pkg.go.dev/net/http#HTTP2Config"},
	"grpc-stream-not-drained": {"receive until an error, or cancel the stream's context", "https://pkg.go.dev/google.golang.org/grpc#ClientConn.NewStream"},
	"grpc-stream-quota":       {"end streams that are not used any more", "https://pkg.go.dev/google.golang.org/grpc#ClientConn.NewStream"},
	"errgroup-limit":          {"use TryGo within a task of the group", "https://pkg.go.dev/golang.org/x/sync/errgroup"},
	"semaphore-exhausted":     {"defer Release right after Acquire", "https://pkg.go.dev/golang.org/x/sync/semaphore"},
	"singleflight-slow":       {"use DoChan with a deadline", "https://pkg.go.dev/golang.org/x/sync/singleflight"},
	"singleflight-recursive":  {"do not call Do with the same key within its function", "https://pkg.go.dev/golang.org/x/sync/singleflight"},
	"pipe-not-drained":        {"end the reader with CloseWithError", "https://pkg.go.dev/io#Pipe"},
	"watch-not-read":          {"read Events and Errors in one loop, and Close the watcher", "https://pkg.go.dev/github.com/fsnotify/fsnotify"},
	"exec-wait":               {"set Cmd.WaitDelay, so that an open pipe cannot hold up Wait", "https://pkg.go.dev/os/exec#Cmd"},
	"log-blocked":             {"drain what stderr is connected to", "https://pkg.go.dev/log"},
}

// advise adds what to do about a pattern.
func (f *Finding) advise(pattern string) {
	r := remedies[pattern]
	f.Remedy, f.Link = r.text, r.link
}
