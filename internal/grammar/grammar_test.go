package grammar

import "testing"

// TestKinds: what a line is, and what it is as Go prints it.
func TestKinds(t *testing.T) {
	for line, want := range map[string]struct{ kind, plain Kind }{
		"":                             {Blank, Blank},
		"  ":                           {Blank, Other},
		"goroutine 7 [select]:":        {Start, Start},
		"goroutine 7 [select] {k: v}:": {Start, Other},
		"goroutine 7 [select labels:{\"a\": \"b\"}]:":                     {Start, Other},
		"goroutine 7 [select]":                                            {Start, Other},
		"goroutine 7 [sel":                                                {Partial, Other},
		"48 goroutines [select, 4 minutes]:":                              {Start, Other},
		"Goroutine 7 in state select, with main.f() on top of the stack:": {Start, Other},
		"Goroutine 7 in state select, with main.f()":                      {Start, Other},
		"main.f(0x1, {0x2, 0x3?})":                                        {Call, Call},
		"main.(*T[...]).f(...)":                                           {Call, Call},
		"type..eq.struct { F uintptr }(0x1)":                              {Other, Call},
		"main.f(0x1, {0x2":                                                {Partial, Other},
		"created by main.f":                                               {Call, Call},
		"created by main.f in goroutine 7":                                {Call, Call},
		"created by main.F[...]":                                          {Call, Call},
		"created by main.f in goroutine ":                                 {Partial, Other},
		"created by main.f in gorou":                                      {Partial, Call},
		"created by main.f<br>":                                           {Call, Other},
		"\t/a/b.go:3 +0x1":                                                {Place, Place},
		"\t/a/b.go:3":                                                     {Place, Place},
		"/a/b.go:3 +0x1 fp=0x1 sp=0x2 pc=0x3":                             {Place, Other},
		"C:/Program Files/b.go:3 +0x1":                                    {Place, Other},
		"/a/b  .go:3 +0x1":                                                {Partial, Other},
		"sql.y:31":                                                        {Place, Other},
		"10.0.0.7:5123":                                                   {Partial, Other},
		"/a/b.go":                                                         {Partial, Other},
		"...23 frames elided...":                                          {Note, Other},
		"[originating from goroutine 7]:":                                 {Note, Other},
		"\tgoroutine running on other thread; stack unavailable":          {Note, Other},
		"goroutine profile: total 9":                                      {Counts, Other},
		"12 @ 0x4304c0 0x42d6ba":                                          {Counts, Other},
		"#\t0x40a2b2\tmain.f+0x12\t/src/main.go:8":                        {Counts, Other},
		"panic: main.f(0x1)":                                              {Other, Other},
		"fatal error: f(x)":                                               {Other, Other},
		"SIGQUIT: (x)":                                                    {Other, Other},
		"================== (x)":                                          {Other, Other},
		"WARNING: DATA RACE (x)":                                          {Other, Other},
		"runtime: goroutine stack exceeds (x)":                            {Other, Other},
		"runtime.gopark(0x1)":                                             {Call, Call},
		"exit status 2":                                                   {Other, Other},
	} {
		if got := KindOf([]byte(line)); got != want.kind {
			t.Errorf("%q: kind %d, want %d", line, got, want.kind)
		}
		if got := Plain([]byte(line)); got != want.plain {
			t.Errorf("%q: plain %d, want %d", line, got, want.plain)
		}
	}
}

// TestSymbol reads the frames of a debug=1 dump, also without their blanks.
func TestSymbol(t *testing.T) {
	for text, want := range map[string]string{
		"0x40a2b2\tmain.f+0x12\t/src/main.go:8":           "main.f /src/main.go:8",
		"0x40a2b2main.f+0x12/src/main.go:8":               "main.f /src/main.go:8",
		"0x40a2b2fmt.Print+0x12/src/main.go:8":            "fmt.Print /src/main.go:8",
		"0x40a2b2":                                        "0x40a2b2 :0",
		"0x40a2b2\tmain.f+0x12\t/src/main.g+0x1\t/b.go:8": "",
		"0x40a2b2 main.f /src/main.go:8":                  "",
		"0x40a2b2 main.f+0x /src/main.go:8":               "",
		"0x77main.f+0x12/src/main.go:8":                   "",
	} {
		function, at, ok := ParseSymbol([]byte(text), []byte("0x40a2b3 0x1"))
		got := ""
		if ok {
			got = string(function) + " " + string(at.File) + ":" + string(rune('0'+at.Line))
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
