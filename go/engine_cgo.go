//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package transcoder

import (
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine/wasmtime"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine/wazero"
)

const defaultEngine = EngineWasmtime

var engines = map[Engine]engine.Compile{
	EngineWasmtime: wasmtime.Compile,
	EngineWazero:   wazero.Compile,
}
