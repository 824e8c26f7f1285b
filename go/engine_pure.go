//go:build !(cgo && (linux || darwin || windows) && (amd64 || arm64))

package transcoder

import (
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine/wazero"
)

const defaultEngine = EngineWazero

var engines = map[Engine]engine.Compile{
	EngineWazero: wazero.Compile,
}
