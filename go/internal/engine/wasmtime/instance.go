//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package wasmtime

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/instrument"
)

type instance struct {
	module  *module
	store   *wasmtime.Store
	memory  *wasmtime.Memory
	funcs   [contract.Count]*wasmtime.Func
	refused *wasmtime.Global
	handles engine.Handles
	ctx     context.Context
	// failed is why a function of the handle table ended a call.
	failed error
}

func (m *module) Instantiate(ctx context.Context) (engine.Instance, error) {
	m.ticker.enter()
	i := &instance{module: m}
	i.store = wasmtime.NewStoreWithData(m.engine, i)
	i.store.Limiter(int64(m.config.MemoryBytes), maxTableElements, maxInstances, maxTables, maxMemories)
	i.Begin(ctx)
	defer i.End()
	linked, err := m.linker.Instantiate(i.store, m.module)
	if err != nil {
		err = i.explain(err)
		i.Close()
		return nil, err
	}
	i.memory = linked.GetExport(i.store, contract.Memory).Memory()
	i.refused = linked.GetExport(i.store, instrument.Refused).Global()
	for f := range contract.Count {
		i.funcs[f] = linked.GetFunc(i.store, contract.Funcs[f].Name)
	}
	return i, nil
}

func (i *instance) Begin(ctx context.Context) {
	i.ctx = ctx
	timeout := i.module.config.CallTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	// The tick that is under way may end at once, so one more.
	i.store.SetEpochDeadline(uint64(max(timeout, 0)/tick) + 2)
}

func (i *instance) End() { i.ctx = nil }

func (i *instance) Has(f contract.Func) bool { return i.funcs[f] != nil }

func (i *instance) Call(f contract.Func, args ...uint32) (uint32, error) {
	values := make([]any, len(args))
	for n, arg := range args {
		values[n] = int32(arg)
	}
	result, err := i.funcs[f].Call(i.store, values...)
	if err != nil {
		return 0, i.explain(err)
	}
	value, _ := result.(int32) // nil where there is no result
	return uint32(value), nil
}

// drop is resource.drop: the handle goes, and what it stood for is destroyed.
func (i *instance) drop(caller *wasmtime.Caller, handle uint32) (uint32, error) {
	rep, err := i.handles.Remove(handle)
	if err != nil {
		return 0, err
	}
	if i.Has(contract.Destroy) {
		_, err = i.funcs[contract.Destroy].Call(caller, int32(rep))
	}
	return 0, err
}

func (i *instance) Memory() []byte { return i.memory.UnsafeData(i.store) }

func (i *instance) Handles() *engine.Handles { return &i.handles }

func (i *instance) Close() {
	if i.store != nil {
		i.store.Close()
		i.store = nil
		i.module.ticker.leave()
	}
}

// explain makes a trap of wasmtime's error.
func (i *instance) explain(err error) error {
	var handle *engine.HandleError
	if errors.As(i.failed, &handle) {
		return &engine.Trap{Code: engine.BadHandle, Message: handle.Error()}
	}
	var trap *wasmtime.Trap
	if !errors.As(i.failed, &trap) && !errors.As(err, &trap) {
		// Instantiation fails without a trap when the address space is used up.
		return &engine.Trap{Code: engine.Host, Message: err.Error()}
	}
	out := &engine.Trap{Message: reason(trap.Message()), Frames: frames(trap)}
	if code := trap.Code(); code != nil {
		switch *code {
		case wasmtime.UnreachableCodeReached:
			if i.refused != nil && i.refused.Get(i.store).I32() != 0 {
				out.Code, out.Frames = engine.MemoryRefused, out.Frames[1:]
			}
		case wasmtime.StackOverflow:
			out.Code = engine.StackOverflow
		case wasmtime.Interrupt:
			if err := i.ctx.Err(); err != nil {
				return err
			}
			if deadline, ok := i.ctx.Deadline(); ok && time.Until(deadline) <= 0 {
				return context.DeadlineExceeded
			}
			out.Code = engine.Interrupted
		}
	}
	return out
}

func frames(trap *wasmtime.Trap) []string {
	all := trap.Frames()
	names := make([]string, 0, min(len(all), engine.MaxFrames))
	for _, frame := range all[:cap(names)] {
		if name := frame.FuncName(); name != nil {
			names = append(names, *name)
		} else {
			names = append(names, engine.NoName(frame.FuncIndex()))
		}
	}
	return names
}

// reason takes the cause out of wasmtime's message, which holds the backtrace too.
func reason(message string) string {
	const mark = "wasm trap: "
	if at := strings.LastIndex(message, mark); at >= 0 {
		message = message[at+len(mark):]
	}
	line, _, _ := strings.Cut(message, "\n")
	return strings.TrimSpace(line)
}
