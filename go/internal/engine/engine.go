// Package engine is what the host needs of a WebAssembly runtime: compile a core module once, and run instances of it, each
// under limits.
package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// Config is what a module is compiled for.
type Config struct {
	// MemoryBytes is the most linear memory that an instance may have.
	MemoryBytes uint64
	// CallTimeout is the longest that may pass between Begin and the end of a Call.
	CallTimeout time.Duration
	// CacheDir holds compiled code; empty for none. It exists, and only this user can write to it.
	CacheDir string
}

// Compile makes machine code of a core module.
type Compile func(ctx context.Context, core *component.Core, config Config) (Module, error)

// Module is compiled code. It is safe for concurrent use.
type Module interface {
	// Instantiate makes an instance of its own memory. Its errors are those of [Instance.Call].
	Instantiate(ctx context.Context) (Instance, error)
	// FromCache says whether the code came from the disk.
	FromCache() bool
	// Close frees the code. No instance may be in use.
	Close() error
}

// Instance is one sandbox. It is for one goroutine at a time. Once a call failed it must not be called again.
type Instance interface {
	// Begin starts the deadline for the calls up to End. What of it is the context's is the sooner of both.
	Begin(ctx context.Context)
	// End says that no further call belongs to this deadline.
	End()
	// Has says whether the module exports an optional function.
	Has(f contract.Func) bool
	// Call runs a function, between Begin and End. It fails with a *Trap, or with the context's error when the context was
	// the cause.
	Call(f contract.Func, args ...uint32) (uint32, error)
	// Memory is the linear memory, valid until the next Call.
	Memory() []byte
	// Handles is the table of the resource's handles.
	Handles() *Handles
	// Close gives everything back. It may be called again.
	Close()
}

// Code says what kind of trap it was.
type Code int

// The kinds that a host treats differently.
const (
	// Other is any trap that needs no further distinction.
	Other Code = iota
	// MemoryRefused is a memory that would have grown beyond the limit.
	MemoryRefused
	// Interrupted is the deadline.
	Interrupted
	// StackOverflow is a call stack that grew too deep.
	StackOverflow
	// BadHandle is a handle that the plugin passed and that is not in its table.
	BadHandle
	// Host is a host that had no memory or address space for an instance.
	Host
)

// Trap is how a call ended that did not return.
type Trap struct {
	// Code is its kind.
	Code Code
	// Message is the engine's.
	Message string
	// Frames are the names of the functions that were running, the innermost first, as the module's name section has them.
	Frames []string
}

// Error is the engine's message.
func (t *Trap) Error() string { return t.Message }

// MaxFrames is how many frames of a backtrace are kept.
const MaxFrames = 32

// NoName is how a function without a name is called.
func NoName(index uint32) string { return fmt.Sprintf("function %d", index) }
