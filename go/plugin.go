package transcoder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
)

// maxInspect is how many bytes [Plugin.Inspect] looks at: half a second of 64 Mbit/s, more than any broadcast multiplex carries.
const maxInspect = 4 << 20

// Plugin is the transcoder, checked and compiled. It is safe for concurrent use.
type Plugin struct {
	program  program
	config   Config
	sessions atomic.Uint64

	mutex  sync.Mutex
	users  int // guests that exist
	closed bool
}

// LoadFile loads the plugin from a file: dist/transcoder.wasm of a build or a release. [Find] knows where to look for it.
func LoadFile(ctx context.Context, path string, config Config) (*Plugin, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("transcoder: the plugin cannot be read: %w", err)
	}
	plugin, err := Load(ctx, file, config)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return plugin, nil
}

// Load checks and compiles the plugin. What is not the plugin is told apart by ErrNotComponent, ErrCoreModule, ErrTruncated,
// ErrInvalidComponent, ErrWorld, ErrVersion and ErrImports before anything of it runs; one that needs more memory than allowed
// from the start is a [LimitError].
func Load(ctx context.Context, file []byte, config Config) (*Plugin, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	core, err := component.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("transcoder: %w", err)
	}
	if core.MemoryBytes > config.MemoryBytes {
		return nil, &LimitError{Limit: LimitMemory, Bytes: config.MemoryBytes, Call: "open"}
	}
	cache, err := config.cacheDir()
	if err != nil {
		return nil, err
	}
	module, err := engines[config.Engine](ctx, core, engine.Config{
		MemoryBytes: config.MemoryBytes,
		CallTimeout: config.CallTimeout,
		CacheDir:    cache,
	})
	if err != nil {
		return nil, fmt.Errorf("transcoder: %w: %w", ErrInvalidComponent, err)
	}
	p := &Plugin{config: config}
	p.program = &coreProgram{module: module, config: &p.config}
	return p, nil
}

// Engine is what runs the plugin.
func (p *Plugin) Engine() Engine { return p.config.Engine }

// FromCache says whether the machine code came from the cache; wazero does not tell.
func (p *Plugin) FromCache() bool { return p.program.fromCache() }

// Version is the plugin's own, as MAJOR.MINOR.PATCH.
func (p *Plugin) Version(ctx context.Context) (string, error) {
	g, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer p.leave(g)
	return g.version(ctx)
}

// Inspect tells what a stream holds and what would be done to each track under options, from a stretch of it: half a second is
// enough as a rule, and no more than 4 MiB are looked at. It fails with ErrMalformed when there is no transport stream.
func (p *Plugin) Inspect(ctx context.Context, input []byte, options Options) (Inspection, error) {
	if err := options.check(); err != nil {
		return Inspection{}, err
	}
	g, err := p.enter(ctx)
	if err != nil {
		return Inspection{}, err
	}
	defer p.leave(g)
	input = input[:min(len(input), maxInspect)]
	start := time.Now()
	inspection, err := g.inspect(ctx, input, &options)
	p.observe(Call{Name: "inspect", In: len(input), Duration: time.Since(start), Err: err})
	return inspection, err
}

// Close frees the compiled code once the last session is closed. Sessions cannot be opened any more; those that are open go on.
func (p *Plugin) Close() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.users > 0 {
		return nil
	}
	return p.program.close()
}

// enter makes a sandbox.
func (p *Plugin) enter(ctx context.Context) (guest, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !p.acquire() {
		return nil, &Error{Kind: ErrClosed, Message: "the plugin is closed", Call: "open"}
	}
	g, err := p.program.instantiate(ctx)
	if err != nil {
		p.release()
		return nil, err
	}
	return g, nil
}

// leave gives a sandbox back.
func (p *Plugin) leave(g guest) {
	g.close()
	p.release()
}

// acquire keeps the code from being freed, unless the plugin is closed.
func (p *Plugin) acquire() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		return false
	}
	p.users++
	return true
}

// release is the end of what acquire began. The last one frees the code of a closed plugin.
func (p *Plugin) release() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.users--
	if p.users == 0 && p.closed {
		if err := p.program.close(); err != nil {
			p.config.Logger.Warn("the plugin's code was not freed", "error", err)
		}
	}
}

func (p *Plugin) observe(call Call) {
	if p.config.Observer != nil {
		p.config.Observer.Called(call)
	}
}

// ownError says whether an error is the plugin's own, after which a session goes on.
func ownError(err error) bool {
	var own *Error
	return errors.As(err, &own)
}
