package wazero

import (
	"context"
	"errors"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
)

// stackSlots is what the longest call needs: a slot for each parameter, or for the result.
const stackSlots = 16

type instance struct {
	module  *module
	guest   api.Module
	funcs   [contract.Count]api.Function
	handles engine.Handles
	stack   [stackSlots]uint64
	// caller is the context that Begin was given, call the one made of it.
	caller, call context.Context
	cancel       context.CancelFunc
}

func (m *module) Instantiate(ctx context.Context) (engine.Instance, error) {
	i := &instance{module: m}
	i.Begin(ctx)
	defer i.End()
	var err error
	if i.guest, err = m.runtime.InstantiateModule(i.call, m.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions()); err != nil {
		return nil, i.explain(err)
	}
	for f := range contract.Count {
		i.funcs[f] = i.guest.ExportedFunction(contract.Funcs[f].Name)
	}
	return i, nil
}

func (i *instance) Begin(ctx context.Context) {
	i.caller = ctx
	i.call, i.cancel = context.WithTimeout(context.WithValue(ctx, instanceKey{}, i), i.module.config.CallTimeout)
}

func (i *instance) End() {
	i.cancel()
	i.caller, i.call = nil, nil
}

func (i *instance) Has(f contract.Func) bool { return i.funcs[f] != nil }

func (i *instance) Call(f contract.Func, args ...uint32) (uint32, error) {
	stack := i.stack[:max(len(args), 1)]
	for n, arg := range args {
		stack[n] = api.EncodeU32(arg)
	}
	if err := i.funcs[f].CallWithStack(i.call, stack); err != nil {
		return 0, i.explain(err)
	}
	if contract.Funcs[f].Results == 0 {
		return 0, nil
	}
	return api.DecodeU32(stack[0]), nil
}

// drop is resource.drop: the handle goes, and what it stood for is destroyed.
func (i *instance) drop(handle uint32) (uint32, error) {
	rep, err := i.handles.Remove(handle)
	if err != nil {
		return 0, err
	}
	if i.Has(contract.Destroy) {
		// A function is one call at a time, and so is its stack: a new one for a call within a call.
		_, err = i.guest.ExportedFunction(contract.Funcs[contract.Destroy].Name).Call(i.call, api.EncodeU32(rep))
	}
	return 0, err
}

func (i *instance) Memory() []byte {
	memory := i.guest.Memory()
	view, _ := memory.Read(0, memory.Size())
	return view
}

func (i *instance) Handles() *engine.Handles { return &i.handles }

func (i *instance) Close() {
	if i.guest != nil {
		_ = i.guest.Close(context.Background())
	}
}

// traps are wazero's words for the kinds that matter. A stack overflow comes without a backtrace.
var traps = map[string]engine.Code{
	"unreachable":    engine.Unreachable,
	"stack overflow": engine.StackOverflow,
}

// explain makes a trap of wazero's error, which tells kind and backtrace as text only.
func (i *instance) explain(err error) error {
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		if cause := i.caller.Err(); cause != nil {
			return cause
		}
		return &engine.Trap{Code: engine.Interrupted, Message: "interrupt"}
	}
	var handle *engine.HandleError
	if errors.As(err, &handle) {
		return &engine.Trap{Code: engine.BadHandle, Message: handle.Error()}
	}
	message, backtrace, hasTrace := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	message = strings.TrimPrefix(message, "wasm error: ")
	code, known := traps[message]
	if !known && !hasTrace {
		code = engine.Host
	}
	return &engine.Trap{Code: code, Message: message, Frames: frames(backtrace)}
}

// frames takes the functions' names out of lines such as "\t.name(i32,i32) i32".
func frames(backtrace string) []string {
	var names []string
	for line := range strings.Lines(backtrace) {
		name, isFrame := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\t.")
		if !isFrame {
			continue // a line of source, or wazero's own
		}
		name, _, _ = strings.Cut(name, "(") // no name that a linker writes has a parenthesis
		if len(names) == engine.MaxFrames {
			break
		}
		names = append(names, name)
	}
	return names
}
