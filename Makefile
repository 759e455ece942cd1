# What each target is for: make help
GO ?= go
TOOL = $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 60s
FUZZED ?= ./...
SERVERS = nats-server prometheus caddy etcd-server

.PHONY: help build test race check fuzz e2e pyroscope dist distcheck pictures bench confusion golden clean

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build bin/gdump
	$(GO) build -trimpath -ldflags='-s -w' -o bin/gdump ./cmd/gdump

test: ## run the tests, as the README says
	$(GO) test ./...

race: ## run them under the race detector, without those that read too much for it
	$(GO) test -race -short ./...

check: ## hold the code against formatters and linters
	@unformatted=$$($(TOOL) gofumpt -l cmd internal tools); if [ -n "$$unformatted" ]; then echo "not gofumpt'ed: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	cd tools && $(GO) vet ./...
	$(TOOL) staticcheck ./...
	cd tools && $(GO) tool staticcheck ./...
	$(GO) fix -diff ./...
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff
	cd tools/duckdb && $(GO) vet . && $(GO) mod tidy -diff

# Before 1.27 Go may call the end of the time itself a failure, in words that
# no failing input has (go.dev/issue/75804): such a fuzzer ran out its time.
fuzz: SHELL := bash
fuzz: ## run every fuzzer of FUZZED for FUZZTIME
	@set -e -o pipefail; log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	pkgs=$$($(GO) list $(FUZZED)); for pkg in $$pkgs; do \
		listed=$$($(GO) test -list '^Fuzz' $$pkg); for f in $$(grep '^Fuzz' <<<"$$listed"); do \
			echo "$$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg 2>&1 | tee "$$log" || \
				grep -qx '    context deadline exceeded' "$$log"; \
		done; \
	done

e2e: servers pyroscope ## try the built program on a terminal, against real servers
	cd tools && PATH=$$PATH:/usr/sbin $(GO) test -count=1 -timeout 20m ./e2e ./differential
	cd tools/duckdb && $(GO) test -count=1 .

# Ten minutes of CPU once; the build cache keeps what it compiles.
pyroscope: ## build bin/pyroscope, the server that e2e starts, from its module
	cd tools/pyroscope && $(GO) build -trimpath -ldflags='-s -w' -o ../../bin/pyroscope github.com/grafana/pyroscope/cmd/pyroscope

.PHONY: servers
servers: # what e2e pulls from, as Debian ships it
	@missing=; for p in nats-server prometheus caddy etcd; do PATH=$$PATH:/usr/sbin command -v $$p >/dev/null || missing="$(SERVERS)"; done; \
	command -v kubectl >/dev/null || missing="$$missing kubernetes-client"; \
	command -v g++ >/dev/null || missing="$$missing g++"; \
	if [ -n "$$missing" ]; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	fi

dist: ## build a release into dist/: archives, packages, bill of materials, checksums
	cd tools/dist && $(GO) run .

distcheck: ## build a release twice, compare, and install its package in an empty root
	cd tools/dist && $(GO) vet . && $(GO) test -count=1 . && $(GO) mod tidy -diff

pictures: build ## draw the README's pictures anew
	cd tools && $(GO) run ./pictures -gdump ../bin/gdump -o ../docs/pictures

bench: ## measure the parser beside wc, grep and other parsers; needs 10 GB of disk
	cd tools && $(GO) run ./bench

confusion: ## print how often the verdicts are right: on simulated servers, live kernels, and the recorded services of SERVICES
	$(GO) run ./internal/trend/confusion -seeds 100 -dumps 2,3,5,8,20 -live 100 -services '$(SERVICES)'

golden: ## rewrite the golden files; read the difference before it is committed
	$(GO) test ./internal/ui ./internal/view ./internal/diagnose ./internal/report -update

clean: ## remove what was built
	rm -rf bin dist
