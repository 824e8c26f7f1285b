package transcoder

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
)

// Why a file cannot be loaded, for [errors.Is]. All of them are found before anything of the file runs.
var (
	// ErrNotComponent is a file that is no WebAssembly component.
	ErrNotComponent = component.ErrNotComponent
	// ErrCoreModule is a core module where a component is wanted.
	ErrCoreModule = component.ErrCoreModule
	// ErrTruncated is a component that was cut.
	ErrTruncated = component.ErrTruncated
	// ErrInvalidComponent is a component whose inside is damaged.
	ErrInvalidComponent = component.ErrInvalid
	// ErrWorld is a component of another world.
	ErrWorld = component.ErrWorld
	// ErrVersion is a component of another version of the contract.
	ErrVersion = component.ErrVersion
	// ErrImports is a component that wants something of its host.
	ErrImports = component.ErrImports
)

// What can go wrong with a session, for [errors.Is]. Exactly one of them matches each error of a session, unless it is the
// context's.
var (
	// ErrMalformed means that the input as a whole is not what the call needs.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported means that the input is right but asks for what the plugin does not do.
	ErrUnsupported = errors.New("unsupported")
	// ErrLimit means that a limit was exceeded: the plugin's own ([Error]), or the host's ([LimitError]), which ends the session.
	ErrLimit = errors.New("limit")
	// ErrClosed means that the session, or the plugin, was finished, closed, or ended by an earlier error.
	ErrClosed = errors.New("closed")
	// ErrInvalidOption means that an option is outside its range.
	ErrInvalidOption = errors.New("invalid-option")
	// ErrTrap means that the plugin trapped ([TrapError]), which ends the session.
	ErrTrap = errors.New("trap")
	// ErrContract means that the plugin answered what the contract does not allow ([ContractError]), which ends the session.
	ErrContract = errors.New("contract broken")
)

// Error is an error that the plugin told, or that the host tells in its words.
type Error struct {
	// Kind is one of ErrMalformed, ErrUnsupported, ErrLimit, ErrClosed and ErrInvalidOption.
	Kind error
	// Message is the plugin's, without the kind.
	Message string
	// Call is the contract's function that was called.
	Call string
	// Position is how many bytes of the stream were taken in before the call.
	Position uint64
}

// Error is the kind and the message, as the contract writes them.
func (e *Error) Error() string { return e.Kind.Error() + ": " + e.Message }

// Unwrap is the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Limit names a limit of the host's.
type Limit string

// The limits.
const (
	// LimitMemory is [Config.MemoryBytes].
	LimitMemory Limit = "memory"
	// LimitCallTimeout is [Config.CallTimeout].
	LimitCallTimeout Limit = "call timeout"
	// LimitStack is the engine's call stack.
	LimitStack Limit = "call stack"
)

// LimitError says that the host's limit ended a session. It is [ErrLimit].
type LimitError struct {
	// Limit is the one that was exceeded.
	Limit Limit
	// Bytes is the limit of LimitMemory.
	Bytes uint64
	// Duration is the limit of LimitCallTimeout.
	Duration time.Duration
	// Call is the contract's function that was called.
	Call string
	// Function is the plugin's function that was running, where it is known.
	Function string
	// Position is how many bytes of the stream were taken in before the call.
	Position uint64
}

// Error says which limit, where, and what to do.
func (e *LimitError) Error() string {
	var what string
	switch e.Limit {
	case LimitMemory:
		what = fmt.Sprintf("the session asked for more than the %d bytes of memory that are allowed; raise MemoryBytes or open a new session", e.Bytes)
	case LimitCallTimeout:
		what = fmt.Sprintf("one call took longer than %v; raise CallTimeout or open a new session", e.Duration)
	default:
		what = "the call stack grew too deep; open a new session"
	}
	return fmt.Sprintf("limit: %s, in `%s` at byte %d of the stream%s", what, e.Call, e.Position, at(e.Function))
}

// Unwrap is ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

// TrapError says where and why the plugin trapped. It is [ErrTrap].
type TrapError struct {
	// Reason is the engine's.
	Reason string
	// Call is the contract's function that was called.
	Call string
	// Function is the innermost function of the plugin that is not a part of Rust's own panic machinery, where it has a name.
	Function string
	// Backtrace is every function that was running, the innermost first, at most 32.
	Backtrace []string
	// Position is how many bytes of the stream were taken in before the call.
	Position uint64
}

// Error says why, where, and what to do.
func (e *TrapError) Error() string {
	return fmt.Sprintf("trap: %s, in `%s` at byte %d of the stream%s; open a new session", e.Reason, e.Call, e.Position, at(e.Function))
}

// Unwrap is ErrTrap.
func (e *TrapError) Unwrap() error { return ErrTrap }

// ContractError says what the plugin answered that the contract does not allow. It is [ErrContract].
type ContractError struct {
	// Reason is what it did.
	Reason string
	// Call is the contract's function that was called.
	Call string
	// Position is how many bytes of the stream were taken in before the call.
	Position uint64
}

// Error says what, where, and what to do.
func (e *ContractError) Error() string {
	return fmt.Sprintf("plugin broke its contract: %s, in `%s` at byte %d of the stream; is the plugin intact?", e.Reason, e.Call, e.Position)
}

// Unwrap is ErrContract.
func (e *ContractError) Unwrap() error { return ErrContract }

func at(function string) string {
	if function == "" {
		return ""
	}
	return " (function " + function + ")"
}

// Kind is the word for what an error of this package is, as metrics and logs want it: "malformed", "unsupported", "limit",
// "closed", "invalid-option", "trap", "contract", and "canceled" for a context's. Any other error is "other", and no error is "".
func Kind(err error) string {
	switch {
	case err == nil:
		return ""
	case isContext(err):
		return "canceled"
	case errors.Is(err, ErrContract):
		return "contract"
	}
	for _, kind := range []error{ErrMalformed, ErrUnsupported, ErrLimit, ErrClosed, ErrInvalidOption, ErrTrap} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "other"
}

// fromContract makes an error of a string of the contract; nil when it begins with no kind.
func fromContract(text, call string, position uint64) *Error {
	word, message, ok := strings.Cut(text, ": ")
	if !ok {
		return nil
	}
	for _, kind := range []error{ErrMalformed, ErrUnsupported, ErrLimit, ErrClosed, ErrInvalidOption} {
		if kind.Error() == word {
			return &Error{Kind: kind, Message: message, Call: call, Position: position}
		}
	}
	return nil
}
