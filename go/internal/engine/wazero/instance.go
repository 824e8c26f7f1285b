package wazero

import (
	"context"
	"errors"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/instrument"
)

// stackSlots is what the longest call needs: a slot for each parameter, or for the result.
const stackSlots = 16

type instance struct {
	module  *module
	guest   api.Module
	funcs   [contract.Count]api.Function
	refused api.Global
	alarm   alarm
	handles engine.Handles
	stack   [stackSlots]uint64
	// caller is the context that Begin was given, call the one made of it.
	caller, call context.Context
}

func (m *module) Instantiate(ctx context.Context) (engine.Instance, error) {
	i := &instance{module: m}
	var err error
	// No function of the module runs: what would at the start is an export.
	if i.guest, err = m.runtime.InstantiateModule(ctx, m.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions()); err != nil {
		return nil, i.explain(err)
	}
	for f := range contract.Count {
		i.funcs[f] = i.guest.ExportedFunction(contract.Funcs[f].Name)
	}
	i.refused = i.guest.ExportedGlobal(instrument.Refused)
	i.alarm.flag = i.guest.ExportedGlobal(instrument.Stop).(api.MutableGlobal)
	return i, nil
}

func (i *instance) Begin(ctx context.Context) {
	i.caller = ctx
	i.call = context.WithValue(context.WithoutCancel(ctx), instanceKey{}, i)
	i.alarm.set(ctx, i.module.config.CallTimeout)
}

func (i *instance) End() {
	i.alarm.unset()
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

// explain makes a trap of wazero's error, which tells kind and backtrace as text only.
func (i *instance) explain(err error) error {
	var handle *engine.HandleError
	if errors.As(err, &handle) {
		return &engine.Trap{Code: engine.BadHandle, Message: handle.Error()}
	}
	message, backtrace, hasTrace := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	trap := &engine.Trap{Message: strings.TrimPrefix(message, "wasm error: "), Frames: frames(backtrace)}
	switch {
	case trap.Message == "stack overflow": // which comes without a backtrace
		trap.Code = engine.StackOverflow
	case !hasTrace:
		trap.Code = engine.Host
	case i.refused.Get() != 0:
		trap.Code, trap.Frames = engine.MemoryRefused, trap.Frames[1:]
	case i.alarm.rung() && trap.Message == "unreachable":
		if cause := i.caller.Err(); cause != nil {
			return cause
		}
		trap.Code, trap.Frames = engine.Interrupted, trap.Frames[1:]
	}
	return trap
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
