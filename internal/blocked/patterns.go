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
	NotClosed            Pattern = "not-closed"
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
	{LockOrder, "take the locks in one order everywhere", "sync#Mutex"},
	{SelfDeadlock, "split it into a method that locks and one that expects the lock", "sync#Mutex"},
	{RLockUpgrade, "RUnlock before Lock, and check again what was read", "sync#RWMutex"},
	{RecursiveRLock, "do not call RLock while holding a read lock: a writer in between blocks both", "sync#RWMutex"},
	{WriterPending, "shorten what is done under RLock: one waiting writer keeps all new readers out", "sync#RWMutex"},
	{LockAcrossIO, "do the I/O outside of the lock, with a deadline", "net#Conn"},
	{LockAcrossSleep, "sleep after Unlock", "time#Sleep"},
	{LockHeldRunning, "make the part under the lock smaller", "sync#Mutex"},
	{LockWithoutHolder, "defer Unlock right after Lock, so that no return or panic leaves it locked", "sync#Mutex"},
	{ChanUnderLock, "send and receive after Unlock", pipelines},
	{WaitUnderLock, "call Wait after Unlock: what it waits for needs the lock", "sync#WaitGroup"},
	{OnceRecursive, "take the call out of the function given to Once.Do", "sync#Once"},
	{OnceSlow, "give what runs within Once.Do a deadline", "sync#Once"},
	{WaitGroupStuck, "defer Done first thing, or use WaitGroup.Go", "sync#WaitGroup"},
	{WaitGroupSlow, "pass on the context, so that it ends with the first error", "golang.org/x/sync/errgroup"},
	{CondNotSignalled, "Broadcast wherever the condition changes", "sync#Cond"},
	{AbandonedSend, "give the channel a buffer of one, or select on ctx.Done as well", pipelines},
	{AbandonedReceive, "answer on every path, errors included", pipelines},
	{PipelineAbandoned, "cancel the stages before, or drain them", pipelines},
	{ChanCycle, "let values flow in one direction, or buffer one of the channels", pipelines},
	{NilChannel, "make the channel before it is used", "builtin#make"},
	{SelectForever, "end it by a context", "context"},
	{JobsNeverClosed, "have the producer close the channel when it is done", pipelines},
	{ContextNotCancelled, "defer cancel() where the context is made", "context#WithCancel"},
	{NotClosed, "call Close, Stop or Shutdown on what its constructor returned", "io#Closer"},
	{TickerLoop, "select on a done channel as well, and Stop the ticker", "time#Ticker"},
	{SQLPoolExhausted, "close Rows and end transactions on every path", "database/sql#DB"},
	{SQLRowsNotClosed, "defer rows.Close()", "database/sql#Rows"},
	{SQLPoolNested, "use the transaction for queries within it", "database/sql#Tx"},
	{HTTPConnsExhausted, "close every response body, or raise MaxConnsPerHost", "net/http#Transport"},
	{HTTPBodyNotClosed, "defer resp.Body.Close()", "net/http#Response"},
	{HTTPNoTimeout, "set Client.Timeout, or pass a context with a deadline", "net/http#Client"},
	{HTTP2StreamQuota, "close response bodies: open streams use up the connection's quota", "net/http#HTTP2Config"},
	{GRPCStreamNotDrained, "receive until an error, or cancel the stream's context", "google.golang.org/grpc#ClientConn.NewStream"},
	{GRPCStreamQuota, "end streams that are not used any more", "google.golang.org/grpc#ClientConn.NewStream"},
	{ErrgroupLimit, "use TryGo within a task of the group", "golang.org/x/sync/errgroup"},
	{SemaphoreExhausted, "defer Release right after Acquire", "golang.org/x/sync/semaphore"},
	{SingleflightSlow, "use DoChan with a deadline", "golang.org/x/sync/singleflight"},
	{SingleflightSelf, "do not call Do with the same key within its function", "golang.org/x/sync/singleflight"},
	{PipeNotDrained, "end the reader with CloseWithError", "io#Pipe"},
	{WatchNotRead, "read Events and Errors in one loop, and Close the watcher", "github.com/fsnotify/fsnotify"},
	{ExecWait, "set Cmd.WaitDelay, so that an open pipe cannot hold up Wait", "os/exec#Cmd"},
	{LogBlocked, "drain what stderr is connected to", "log"},
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
