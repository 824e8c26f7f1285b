module github.com/ManuGH/xg2g-transcoder/go

go 1.26.0

require (
	github.com/bytecodealliance/wasmtime-go/v44 v44.0.0
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724
	github.com/tetratelabs/wazero v1.12.0
)

require golang.org/x/sys v0.48.0 // indirect
