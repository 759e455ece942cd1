package fleet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// kubectl is the program, wherever the user's PATH finds it.
const kubectl = "kubectl"

// refusedError is a Status of the API server, as kubectl reports it.
type refusedError struct {
	status  int
	message string
}

func (e *refusedError) Error() string { return e.message }

var statusPattern = regexp.MustCompile(`Error from server(?: \((\w+)\))?: (.*)`)

var reasons = map[string]int{
	"Forbidden": http.StatusForbidden, "NotFound": http.StatusNotFound, "Unauthorized": http.StatusUnauthorized,
	"BadRequest": http.StatusBadRequest, "ServiceUnavailable": http.StatusServiceUnavailable, "TooManyRequests": http.StatusTooManyRequests,
	"InternalError": http.StatusInternalServerError, "Timeout": http.StatusGatewayTimeout,
}

// complaint is what kubectl wrote on stderr, or the Status that it printed.
func complaint(stderr string, err error) error {
	text := goroutine.Clean(strings.Join(strings.Fields(stderr), " "))
	var status struct {
		Kind, Message, Reason string
		Code                  int
	}
	if i := strings.IndexByte(stderr, '{'); i >= 0 && json.Unmarshal([]byte(stderr[i:]), &status) == nil && status.Kind == "Status" {
		return &refusedError{max(status.Code, http.StatusBadRequest), goroutine.Clean(status.Message)}
	}
	if m := statusPattern.FindStringSubmatch(text); m != nil {
		code := reasons[m[1]]
		if code == 0 {
			code = http.StatusBadGateway
		}
		return &refusedError{code, m[2]}
	}
	if text == "" {
		text = err.Error()
	}
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return errors.New("kubectl: " + strings.TrimPrefix(text, "error: "))
}

// tail keeps the end of what is written, enough for a message.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	t.Buffer.Write(p)
	if over := t.Len() - 8<<10; over > 0 {
		t.Next(over)
	}
	return len(p), nil
}

// command is kubectl as a child that ends with ctx, and with gdump.
func command(ctx context.Context, args ...string) (*exec.Cmd, *tail, error) {
	path, err := exec.LookPath(kubectl)
	if err != nil {
		return nil, nil, &source.Error{Kind: source.Target, Name: kubectl, What: "there is no kubectl on the PATH", Hint: "gdump asks a cluster through the kubectl of its user"}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	stderr := &tail{}
	cmd.Stderr = stderr
	return cmd, stderr, nil
}

// kubectlRaw is the answer of the API server to a GET.
func kubectlRaw(ctx context.Context, o source.Options, path string) ([]byte, error) {
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	ctx, cancel := context.WithCancel(ctx) // ends what is not read
	defer cancel()
	cmd, stderr, err := command(ctx, "get", "--raw", path)
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = start(ctx, cmd)
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(out, maxList+1))
	if len(b) > maxList {
		cancel()
		cmd.Wait()
		return nil, fmt.Errorf("the list is longer than %d MiB: select fewer", maxList>>20)
	}
	if failed := cmd.Wait(); failed != nil {
		err = complaint(stderr.String(), failed)
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("kubectl gave no response within %s", o.Timeout)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return b, err
}

// serve starts a kubectl that serves until ctx ends, and returns what it says
// once it does. ended is closed when it has.
func serve(ctx context.Context, says *regexp.Regexp, args ...string) (said string, ended <-chan struct{}, err error) {
	cmd, stderr, err := command(ctx, args...)
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = start(ctx, cmd)
	}
	if err != nil {
		return "", nil, err
	}
	s := bufio.NewScanner(out)
	for s.Scan() {
		if m := says.FindStringSubmatch(s.Text()); m != nil {
			done := make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(io.Discard, out) // a line for each connection
				cmd.Wait()
			}()
			return m[1], done, nil
		}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	return "", nil, complaint(stderr.String(), err)
}

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) -> `)

// portForward forwards a port of loopback to a pod until ctx ends.
func portForward(ctx context.Context, namespace, pod string, port int) (local string, ended <-chan struct{}, err error) {
	return serve(ctx, forwarding, "port-forward", "--address", "127.0.0.1", "-n", namespace, "pod/"+pod, fmt.Sprintf(":%d", port))
}
