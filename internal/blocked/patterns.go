package blocked

import "strings"

// Pattern names what is wrong.
type Pattern string

// The patterns.
const (
	LockOrder            Pattern = "lock-order"
	SelfDeadlock         Pattern = "self-deadlock"
	RLockUpgrade         Pattern = "rlock-upgrade"
	RecursiveRLock       Pattern = "recursive-rlock"
	WriterPending        Pattern = "writer-pending"
	LockAcrossIO         Pattern = "lock-across-io"
	LockAcrossSleep      Pattern = "lock-across-sleep"
	LockHeldRunning      Pattern = "lock-held-running"
	LockWithoutHolder    Pattern = "lock-without-holder"
	ChanUnderLock        Pattern = "chan-under-lock"
	WaitUnderLock        Pattern = "wait-under-lock"
	OnceRecursive        Pattern = "once-recursive"
	OnceSlow             Pattern = "once-slow"
	WaitGroupStuck       Pattern = "waitgroup-stuck"
	WaitGroupSlow        Pattern = "waitgroup-slow"
	CondNotSignalled     Pattern = "cond-not-signalled"
	AbandonedSend        Pattern = "abandoned-send"
	AbandonedReceive     Pattern = "abandoned-receive"
	PipelineAbandoned    Pattern = "pipeline-abandoned"
	ChanCycle            Pattern = "chan-cycle"
	NilChannel           Pattern = "nil-channel"
	SelectForever        Pattern = "select-forever"
	JobsNeverClosed      Pattern = "jobs-never-closed"
	ContextNotCancelled  Pattern = "context-not-cancelled"
	TickerLoop           Pattern = "ticker-loop"
	SQLPoolExhausted     Pattern = "sql-pool-exhausted"
	SQLRowsNotClosed     Pattern = "sql-rows-not-closed"
	SQLPoolNested        Pattern = "sql-pool-nested"
	HTTPConnsExhausted   Pattern = "http-conns-exhausted"
	HTTPBodyNotClosed    Pattern = "http-body-not-closed"
	HTTPNoTimeout        Pattern = "http-no-timeout"
	HTTP2StreamQuota     Pattern = "http2-stream-quota"
	GRPCStreamNotDrained Pattern = "grpc-stream-not-drained"
	GRPCStreamQuota      Pattern = "grpc-stream-quota"
	ErrgroupLimit        Pattern = "errgroup-limit"
	SemaphoreExhausted   Pattern = "semaphore-exhausted"
	SingleflightSlow     Pattern = "singleflight-slow"
	SingleflightSelf     Pattern = "singleflight-recursive"
	PipeNotDrained       Pattern = "pipe-not-drained"
	WatchNotRead         Pattern = "watch-not-read"
	ExecWait             Pattern = "exec-wait"
	LogBlocked           Pattern = "log-blocked"
)

// advice is what helps against a pattern, and where to read on.
type advice struct {
	pattern Pattern
	remedy  string
	link    string // on pkg.go.dev, unless it is a URL
}

const pipelines = "https://go.dev/blog/pipelines"

var advices = []advice{
	{LockOrder, "take the locks in the same order everywhere", "sync#Mutex"},
	{SelfDeadlock, "split the function into one that locks and one that expects the lock to be held", "sync#Mutex"},
	{RLockUpgrade, "call RUnlock before Lock, then check again what was read", "sync#RWMutex"},
	{RecursiveRLock, "do not call RLock while holding the read lock: a writer that waits in between blocks both", "sync#RWMutex"},
	{WriterPending, "do less under RLock: a writer that waits keeps all later readers waiting", "sync#RWMutex"},
	{LockAcrossIO, "do the I/O outside the lock, and set deadlines", "net#Conn"},
	{LockAcrossSleep, "sleep after Unlock", "time#Sleep"},
	{LockHeldRunning, "do less under the lock", "sync#Mutex"},
	{LockWithoutHolder, "defer Unlock right after Lock, so that no return and no panic skips it", "sync#Mutex"},
	{ChanUnderLock, "send and receive after Unlock", pipelines},
	{WaitUnderLock, "call Wait after Unlock: what it waits for needs the lock", "sync#WaitGroup"},
	{OnceRecursive, "do not call Do within the function that is given to it", "sync#Once"},
	{OnceSlow, "set a deadline for what runs within Once.Do", "sync#Once"},
	{WaitGroupStuck, "defer Done at the start of the goroutine, or use WaitGroup.Go", "sync#WaitGroup"},
	{WaitGroupSlow, "pass the context on, so that all end with the first error", "golang.org/x/sync/errgroup"},
	{CondNotSignalled, "call Broadcast wherever the condition changes", "sync#Cond"},
	{AbandonedSend, "give the channel a buffer of one, or select on ctx.Done too", pipelines},
	{AbandonedReceive, "send an answer on every path, errors included", pipelines},
	{PipelineAbandoned, "cancel the stages, or read all that they send", pipelines},
	{ChanCycle, "let values flow in one direction", pipelines},
	{NilChannel, "make the channel before it is used", "builtin#make"},
	{SelectForever, "end the goroutine by a context", "context"},
	{JobsNeverClosed, "close the channel where the jobs are sent", pipelines},
	{ContextNotCancelled, "defer cancel where the context is made", "context#WithCancel"},
	{TickerLoop, "select on a done channel too, and stop the Ticker", "time#Ticker"},
	{SQLPoolExhausted, "close Rows and end transactions on every path", "database/sql#DB"},
	{SQLRowsNotClosed, "defer rows.Close", "database/sql#Rows"},
	{SQLPoolNested, "use the transaction for the queries within it", "database/sql#Tx"},
	{HTTPConnsExhausted, "close the bodies of responses, or raise MaxConnsPerHost", "net/http#Transport"},
	{HTTPBodyNotClosed, "defer resp.Body.Close", "net/http#Response"},
	{HTTPNoTimeout, "set Client.Timeout, or a deadline in the context of the request", "net/http#Client"},
	{HTTP2StreamQuota, "close the bodies of responses: open streams use up the limit of the connection", "net/http#HTTP2Config"},
	{GRPCStreamNotDrained, "receive until an error, or cancel the context of the stream", "google.golang.org/grpc#ClientConn.NewStream"},
	{GRPCStreamQuota, "end streams that are no longer used", "google.golang.org/grpc#ClientConn.NewStream"},
	{ErrgroupLimit, "do not call Go within a task of a group that has a limit; TryGo does not block", "golang.org/x/sync/errgroup"},
	{SemaphoreExhausted, "defer Release right after Acquire", "golang.org/x/sync/semaphore"},
	{SingleflightSlow, "use DoChan with a deadline", "golang.org/x/sync/singleflight"},
	{SingleflightSelf, "do not call Do for a key within the call for that key", "golang.org/x/sync/singleflight"},
	{PipeNotDrained, "read until an error, or end the reader by CloseWithError", "io#Pipe"},
	{WatchNotRead, "read Events and Errors in one loop until Close", "github.com/fsnotify/fsnotify"},
	{ExecWait, "set WaitDelay: another process keeps the output open", "os/exec#Cmd"},
	{LogBlocked, "read what the log is written to, or write it without blocking", "log"},
}

// Patterns lists all patterns.
func Patterns() []Pattern {
	all := make([]Pattern, len(advices))
	for i := range advices {
		all[i] = advices[i].pattern
	}
	return all
}

// Remedy is what to change where a pattern is found.
func (p Pattern) Remedy() string { return p.advice().remedy }

// Link is the URL of a page that explains it.
func (p Pattern) Link() string {
	switch link := p.advice().link; {
	case link == "", strings.HasPrefix(link, "https://"):
		return link
	default:
		return "https://pkg.go.dev/" + link
	}
}

func (p Pattern) advice() advice {
	for _, a := range advices {
		if a.pattern == p {
			return a
		}
	}
	return advice{}
}
