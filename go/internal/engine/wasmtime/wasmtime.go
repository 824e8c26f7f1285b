//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

// Package wasmtime runs the core module on wasmtime-go.
//
// Its public API has no component calls. When it learns them, this package can implement the session itself and the canonical
// ABI of the root package is needed for wazero alone.
package wasmtime

import (
	"context"
	"fmt"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/instrument"
)

// Name is the engine and its version: what code compiled by it is kept under.
const Name = "wasmtime-go-44.0.0"

// tick is how exact a deadline is.
const tick = 10 * time.Millisecond

// The limits of an instance beside its memory. The plugin is one module with one memory and one table of functions.
const (
	maxTableElements = 1 << 16
	maxInstances     = 1
	maxTables        = 4
	maxMemories      = 1
)

type module struct {
	engine    *wasmtime.Engine
	module    *wasmtime.Module
	linker    *wasmtime.Linker
	config    engine.Config
	ticker    ticker
	fromCache bool
}

var _ engine.Compile = Compile

// Compile is [engine.Compile]. Compiled code is kept in the cache as wasmtime serializes it.
func Compile(_ context.Context, core *component.Core, config engine.Config) (engine.Module, error) {
	settings := wasmtime.NewConfig()
	settings.SetEpochInterruption(true)
	settings.SetWasmSIMD(true)
	settings.SetWasmRelaxedSIMD(false) // its results may differ between machines
	settings.SetWasmThreads(false)
	settings.SetWasmMemory64(false)
	settings.SetWasmMultiMemory(false)
	m := &module{engine: wasmtime.NewEngineWithConfig(settings), config: config}
	m.ticker.tick = m.engine.IncrementEpoch
	var err error
	if m.module, m.fromCache, err = m.compile(core); err != nil {
		m.engine.Close()
		return nil, fmt.Errorf("wasmtime: %w", err)
	}
	m.linker = wasmtime.NewLinker(m.engine)
	if err := m.defineTable(); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("wasmtime: %w", err)
	}
	return m, nil
}

func (m *module) compile(core *component.Core) (*wasmtime.Module, bool, error) {
	code, err := instrument.Module(core, false) // epochs see to the deadline
	if err != nil {
		return nil, false, err
	}
	file := cacheFile(m.config.CacheDir, code)
	if code, ok := readCache(file); ok {
		// Wasmtime looks for itself whether the code is of its version, for this machine and these settings.
		if compiled, err := wasmtime.NewModuleDeserialize(m.engine, code); err == nil {
			return compiled, true, nil
		}
	}
	compiled, err := wasmtime.NewModule(m.engine, code)
	if err != nil {
		return nil, false, err
	}
	if file != "" {
		if code, err := compiled.Serialize(); err == nil {
			writeCache(file, code)
		}
	}
	return compiled, false, nil
}

// defineTable gives the module its resource's handle table. The functions belong to the linker and find the instance through
// the store.
func (m *module) defineTable() error {
	i32 := wasmtime.NewValType(wasmtime.KindI32)
	one, none := []*wasmtime.ValType{i32}, []*wasmtime.ValType{}
	define := func(name string, results []*wasmtime.ValType, run func(*instance, *wasmtime.Caller, uint32) (uint32, error)) error {
		signature := wasmtime.NewFuncType(one, results)
		return m.linker.FuncNew(contract.ResourceModule, name, signature, func(caller *wasmtime.Caller, args []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			i := caller.Data().(*instance)
			value, err := run(i, caller, uint32(args[0].I32()))
			if err != nil {
				i.failed = err
				return nil, wasmtime.NewTrap(err.Error())
			}
			return []wasmtime.Val{wasmtime.ValI32(int32(value))}[:len(results)], nil
		})
	}
	newHandle := func(i *instance, _ *wasmtime.Caller, rep uint32) (uint32, error) { return i.handles.New(rep) }
	rep := func(i *instance, _ *wasmtime.Caller, handle uint32) (uint32, error) { return i.handles.Rep(handle) }
	if err := define(contract.ResourceNew, one, newHandle); err != nil {
		return err
	}
	if err := define(contract.ResourceRep, one, rep); err != nil {
		return err
	}
	return define(contract.ResourceDrop, none, (*instance).drop)
}

func (m *module) FromCache() bool { return m.fromCache }

func (m *module) Close() error {
	if m.linker != nil {
		m.linker.Close()
	}
	m.module.Close()
	m.engine.Close()
	return nil
}
