module gdump/tools

go 1.26.0

require (
	gdump v0.0.0
	github.com/DataDog/gostackparse v0.7.0
	github.com/google/go-cmp v0.7.0
	github.com/maruel/panicparse/v2 v2.5.0
)

require (
	github.com/google/pprof v0.0.0-20261016150608-1facf8f91b50 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/cpuid/v2 v2.2.10 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.28.0 // indirect
)

replace gdump => ..
