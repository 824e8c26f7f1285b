// Package wazero runs the core module on wazero: pure Go, for programs that are built without cgo.
package wazero

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
	"github.com/ManuGH/xg2g-transcoder/go/internal/instrument"
)

const pageSize = 64 << 10

type module struct {
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule
	config   engine.Config
}

var _ engine.Compile = Compile

// Compile is [engine.Compile]. Compiled code is kept in wazero's own cache.
func Compile(ctx context.Context, core *component.Core, config engine.Config) (_ engine.Module, err error) {
	settings := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithMemoryLimitPages(uint32(min(config.MemoryBytes/pageSize, 1<<16)))
	m := &module{config: config}
	if config.CacheDir != "" {
		// Without a cache the plugin is compiled each time: no reason to fail.
		if m.cache, err = wazero.NewCompilationCacheWithDir(config.CacheDir); err == nil {
			settings = settings.WithCompilationCache(m.cache)
		}
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, settings)
	if err := m.defineTable(ctx); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("wazero: %w", err)
	}
	code, err := instrument.Module(core, true)
	if err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("wazero: %w", err)
	}
	if m.compiled, err = m.runtime.CompileModule(ctx, code); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("wazero: %w", err)
	}
	return m, nil
}

// instanceKey finds the instance in a call's context.
type instanceKey struct{}

// defineTable gives the module its resource's handle table. The functions belong to the runtime and find the instance through
// the context.
func (m *module) defineTable(ctx context.Context) error {
	define := func(builder wazero.HostModuleBuilder, name string, results []api.ValueType, run func(*instance, uint32) (uint32, error)) wazero.HostModuleBuilder {
		call := func(ctx context.Context, _ api.Module, stack []uint64) {
			value, err := run(ctx.Value(instanceKey{}).(*instance), api.DecodeU32(stack[0]))
			if err != nil {
				panic(err) // wazero's way to trap; it wraps the error
			}
			if len(results) > 0 {
				stack[0] = api.EncodeU32(value)
			}
		}
		one := []api.ValueType{api.ValueTypeI32}
		return builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(call), one, results).Export(name)
	}
	i32 := []api.ValueType{api.ValueTypeI32}
	builder := m.runtime.NewHostModuleBuilder(contract.ResourceModule)
	builder = define(builder, contract.ResourceNew, i32, func(i *instance, rep uint32) (uint32, error) { return i.handles.New(rep) })
	builder = define(builder, contract.ResourceRep, i32, func(i *instance, handle uint32) (uint32, error) { return i.handles.Rep(handle) })
	builder = define(builder, contract.ResourceDrop, nil, (*instance).drop)
	_, err := builder.Instantiate(ctx)
	return err
}

// FromCache is not known: wazero does not tell.
func (m *module) FromCache() bool { return false }

func (m *module) Close() error {
	ctx := context.Background()
	err := m.runtime.Close(ctx)
	if m.cache != nil {
		if cacheErr := m.cache.Close(ctx); err == nil {
			err = cacheErr
		}
	}
	return err
}
