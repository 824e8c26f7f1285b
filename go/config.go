package transcoder

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Config says how a plugin is loaded and what each of its sessions may use. The zero value is the default of everything.
type Config struct {
	// Engine runs the plugin. Default: EngineWasmtime, or EngineWazero where the program is built without cgo.
	Engine Engine
	// MemoryBytes is the most linear memory of one session, code's own data and stack included; part of a page of 64 KiB does not
	// count. Beyond it the session ends with a [LimitError]. Default 0: 16 MiB; at most 4 GiB.
	MemoryBytes uint64
	// CallTimeout is the longest that one call into the plugin may take; a call takes at most 64 KiB of a stream. Beyond it the
	// session ends with a [LimitError]. Resolution 10 ms. Default 0: 2 s.
	CallTimeout time.Duration
	// CacheDir keeps compiled code, by the plugin's content and the engine, for the next start. It is made if it is not there;
	// one that others can write to is an error. Default: xg2g-transcoder in [os.UserCacheDir], or none where that is of no use.
	CacheDir string
	// NoCache keeps compiled code nowhere.
	NoCache bool
	// Observer is told of every session and call. Default: none.
	Observer Observer
	// Logger is told when a session ends by an error that is not the plugin's own: a trap, a limit, a broken contract. Default:
	// none.
	Logger *slog.Logger
}

// Engine names what runs WebAssembly.
type Engine string

// The engines.
const (
	// EngineDefault is EngineWasmtime, or EngineWazero where the program is built without cgo.
	EngineDefault Engine = ""
	// EngineWasmtime is wasmtime-go. It needs cgo.
	EngineWasmtime Engine = "wasmtime"
	// EngineWazero is wazero, in pure Go.
	EngineWazero Engine = "wazero"
)

// The defaults of Config.
const (
	DefaultMemoryBytes = 16 << 20
	DefaultCallTimeout = 2 * time.Second
)

// The ranges of Config.
const (
	pageBytes      = 64 << 10
	maxMemoryBytes = 4 << 30
)

// maxPiece is how many bytes of a stream one call hands to the plugin: larger input goes in pieces, so that the plugin's memory
// does not grow with it. The output does not depend on it.
const maxPiece = 64 << 10

// withDefaults returns the configuration with every default filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Engine == EngineDefault {
		c.Engine = defaultEngine
	}
	if _, ok := engines[c.Engine]; !ok {
		return c, fmt.Errorf("transcoder: this program was built without the engine %q", c.Engine)
	}
	if c.MemoryBytes == 0 {
		c.MemoryBytes = DefaultMemoryBytes
	}
	c.MemoryBytes -= c.MemoryBytes % pageBytes
	if c.MemoryBytes == 0 || c.MemoryBytes > maxMemoryBytes {
		return c, fmt.Errorf("transcoder: MemoryBytes is %d; it must be 64 KiB to 4 GiB", c.MemoryBytes)
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = DefaultCallTimeout
	}
	if c.CallTimeout < 0 {
		return c, fmt.Errorf("transcoder: CallTimeout is %v; it must not be negative", c.CallTimeout)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Engines are those that this program was built with.
func Engines() []Engine { return slices.Sorted(maps.Keys(engines)) }
