package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"

	"github.com/spf13/pflag"
)

var levels = []string{"auto", "0", "1", "2"}

// tokenVariable is the environment's variable with the token for targets.
const tokenVariable = "GDUMP_TOKEN"

// targetFlags are the flags of every command that takes a target.
func (a *app) targetFlags(f *pflag.FlagSet) {
	o := &a.target
	f.StringVar((*string)(&o.Level), "level", "auto", "how much to ask a target for: 2 is all and stops it for a while, 1 and 0 are stacks and counts, auto is 2 for a small process and 1 for a large one")
	f.IntVar(&o.MaxGoroutines, "max-goroutines", 10_000, "up to how many goroutines --level auto asks for all")
	f.DurationVar(&o.Timeout, "timeout", time.Minute, "how long a target may take to answer in full")
	f.DurationVar(&o.ConnectTimeout, "connect-timeout", 5*time.Second, "how long a connection to a target may take")
	f.Int64Var(&o.MaxBytes, "max-bytes", 0, "most bytes to read, unpacked (default 256 MiB from a target)")
	f.StringArrayVar(&o.Access.Headers, "header", nil, "header to send, 'Name: value', or @FILE with one per line; repeatable")
	f.StringVar(&o.Access.TokenFile, "token-file", "", "file with the bearer token to send; or GDUMP_TOKEN in the environment")
	f.StringVar(&o.Access.CACert, "cacert", "", "PEM file of the authorities to trust")
	f.StringVar(&o.Access.Cert, "cert", "", "PEM file of the client certificate")
	f.StringVar(&o.Access.Key, "key", "", "PEM file of its key")
	f.BoolVar(&o.Access.Insecure, "insecure", false, "trust any certificate")
}

func (a *app) checkTarget() error {
	o := &a.target
	switch {
	case o.MaxGoroutines < 1:
		return a.wrongValue("max-goroutines", strconv.Itoa(o.MaxGoroutines), "must be 1 or more")
	case o.Timeout <= 0:
		return a.wrongValue("timeout", o.Timeout.String(), "must be more than 0")
	case o.ConnectTimeout <= 0:
		return a.wrongValue("connect-timeout", o.ConnectTimeout.String(), "must be more than 0")
	case o.MaxBytes < 0:
		return a.wrongValue("max-bytes", strconv.FormatInt(o.MaxBytes, 10), "must be 0 or more")
	}
	for _, h := range o.Access.Headers {
		if name, _, ok := strings.Cut(h, ":"); ok && !strings.HasPrefix(h, "@") && secretHeader(name) {
			a.say(fmt.Sprintf("warning: the value of --header %s can be seen in the list of processes; --header @FILE keeps it out", goroutine.Clean(name)))
		}
	}
	return nil
}

// secretHeader reports whether a header by its name carries a credential.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "cookie", "token", "key", "secret"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func (a *app) sourceOptions() source.Options {
	o := a.target
	o.Stdin = a.stdin
	o.Say = a.say
	o.Restore = trend.Restore
	if o.Level == "auto" {
		o.Level = source.LevelAuto
	}
	if o.Access.TokenFile == "" {
		o.Access.Token = os.Getenv(tokenVariable)
	}
	return o
}

// say prints a line on stderr, from any goroutine.
func (a *app) say(s string) { a.sayRaw(oneLine(s)) }

// sayRaw is say of a line whose blanks count.
func (a *app) sayRaw(s string) {
	a.saying.Lock()
	defer a.saying.Unlock()
	line := "gdump: " + goroutine.Clean(s)
	if a.holding {
		a.held = append(a.held, line)
		return
	}
	fmt.Fprintln(&a.messages, line)
}

// hold delays what is said while the screen has the terminal.
func (a *app) hold() {
	a.saying.Lock()
	defer a.saying.Unlock()
	a.holding = true
}

// release says what was held.
func (a *app) release() {
	a.saying.Lock()
	defer a.saying.Unlock()
	a.holding = false
	for _, line := range a.held {
		fmt.Fprintln(&a.messages, line)
	}
	a.held = nil
}
