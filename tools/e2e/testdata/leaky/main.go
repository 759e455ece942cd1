// Command leaky is a server that leaks when it is asked to: goroutines that the
// garbage collector can prove leaked, and others that a global variable holds.
package main

import (
	"context"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime/pprof"
)

var held = make(chan int)

func main() {
	http.HandleFunc("/leak", func(http.ResponseWriter, *http.Request) {
		for range 30 {
			leak()
			hold()
		}
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}

func leak() {
	pprof.Do(context.Background(), pprof.Labels("job", "import"), func(context.Context) {
		go func() { <-make(chan int) }()
	})
}

func hold() { go func() { <-held }() }
