package transcoder

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ManuGH/xg2g-transcoder/go/internal/canonical"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/engine"
)

// coreProgram is the component's core module, compiled.
type coreProgram struct {
	module engine.Module
	config *Config
}

func (p *coreProgram) fromCache() bool { return p.module.FromCache() }

func (p *coreProgram) close() error { return p.module.Close() }

func (p *coreProgram) instantiate(ctx context.Context) (guest, error) {
	g := &coreGuest{config: p.config}
	var err error
	if g.instance, err = p.module.Instantiate(ctx); err != nil {
		return nil, g.explain(err, contract.Open)
	}
	g.instance.Begin(ctx)
	defer g.instance.End()
	for _, f := range []contract.Func{contract.Start, contract.Initialize} {
		if !g.instance.Has(f) {
			continue
		}
		if _, err := g.instance.Call(f); err != nil {
			err = g.explain(err, contract.Open)
			g.instance.Close()
			return nil, err
		}
	}
	return g, nil
}

// coreGuest speaks the canonical ABI (Component Model, design/mvp/CanonicalABI.md, "canon lift") to an instance of the core
// module: lists go into memory that cabi_realloc gives, results come back through a pointer, and cabi_post_… frees them.
type coreGuest struct {
	instance engine.Instance
	config   *Config
	session  uint32 // the representation of the session's resource
	position uint64 // bytes of the stream that were taken in
}

// call is one call of a lifted function: lower makes its arguments, lift reads its result.
func (g *coreGuest) call(ctx context.Context, f contract.Func, lower func() ([]uint32, error), lift func(*canonical.Lifter, uint32)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.instance.Begin(ctx)
	defer g.instance.End()
	args, err := lower()
	if err != nil {
		return g.explain(err, f)
	}
	pointer, err := g.instance.Call(f, args...)
	if err != nil {
		return g.explain(err, f)
	}
	lifter := canonical.NewLifter(g.instance.Memory())
	lift(lifter, pointer)
	if err := lifter.Err(); err != nil {
		return g.explain(err, f)
	}
	if post := f + 1; g.instance.Has(post) {
		if _, err := g.instance.Call(post, pointer); err != nil {
			return g.explain(err, f)
		}
	}
	return nil
}

// allocate is the canonical ABI's realloc for new memory, checked as "canon lift" wants it: aligned and inside the memory.
func (g *coreGuest) allocate(alignment, size uint32) (uint32, []byte, error) {
	pointer, err := g.instance.Call(contract.Realloc, 0, 0, alignment, size)
	if err != nil {
		return 0, nil, err
	}
	memory := g.instance.Memory()
	if pointer%alignment != 0 || uint64(pointer)+uint64(size) > uint64(len(memory)) {
		return 0, nil, fmt.Errorf("cabi_realloc gave %#x for %d bytes aligned to %d, in a memory of %d bytes", pointer, size, alignment, len(memory))
	}
	return pointer, memory[pointer : uint64(pointer)+uint64(size)], nil
}

// lowerBytes puts a list<u8> into the plugin's memory.
func (g *coreGuest) lowerBytes(input []byte) (pointer, length uint32, err error) {
	if uint64(len(input)) > math.MaxUint32 {
		return 0, 0, fmt.Errorf("%d bytes are more than an address space of 32 bits holds", len(input))
	}
	pointer, view, err := g.allocate(1, uint32(len(input)))
	copy(view, input)
	return pointer, uint32(len(input)), err
}

// self is the argument of a method: where the component implements the resource itself, a borrowed handle is passed as the
// representation.
func (g *coreGuest) self() ([]uint32, error) { return []uint32{g.session}, nil }

func (g *coreGuest) open(ctx context.Context, options *Options) error {
	var handle uint32
	var refused *string
	lower := func() ([]uint32, error) { return lowerOptions(options, g.allocate) }
	err := g.call(ctx, contract.Open, lower, func(l *canonical.Lifter, pointer uint32) {
		result := l.Record(pointer, resultAlign, resultSize, "a result")
		if refused = liftError(&result, resultAlign); refused == nil {
			handle = result.U32()
		}
	})
	if err == nil && refused != nil {
		err = g.refusal(*refused, contract.Open)
	}
	if err != nil {
		return err
	}
	if g.session, err = g.instance.Handles().Remove(handle); err != nil {
		return g.explain(err, contract.Open)
	}
	return nil
}

func (g *coreGuest) process(ctx context.Context, dst, piece []byte) ([]byte, error) {
	dst, err := g.bytes(ctx, contract.Process, dst, func() ([]uint32, error) {
		pointer, length, err := g.lowerBytes(piece)
		return []uint32{g.session, pointer, length}, err
	})
	if err == nil {
		g.position += uint64(len(piece))
	}
	return dst, err
}

func (g *coreGuest) finish(ctx context.Context, dst []byte) ([]byte, error) {
	return g.bytes(ctx, contract.Finish, dst, g.self)
}

// bytes calls a function that returns result<list<u8>, string> and appends the list to dst.
func (g *coreGuest) bytes(ctx context.Context, f contract.Func, dst []byte, lower func() ([]uint32, error)) ([]byte, error) {
	var refused *string
	before := dst
	err := g.call(ctx, f, lower, func(l *canonical.Lifter, pointer uint32) {
		result := l.Record(pointer, resultAlign, resultSize, "a result")
		if refused = liftError(&result, resultAlign); refused == nil {
			at := result.U32()
			length := result.U32()
			dst = append(dst, l.Bytes(at, length, "a list")...)
		}
	})
	if err == nil && refused != nil {
		err = g.refusal(*refused, f)
	}
	if err != nil {
		return before, err
	}
	return dst, nil
}

func (g *coreGuest) report(ctx context.Context) (report Report, err error) {
	err = g.call(ctx, contract.Report, g.self, func(l *canonical.Lifter, pointer uint32) {
		report = liftReport(l, pointer)
	})
	if err != nil {
		return Report{}, err
	}
	return report, nil
}

func (g *coreGuest) inspect(ctx context.Context, input []byte, options *Options) (inspection Inspection, err error) {
	var refused *string
	lower := func() ([]uint32, error) {
		pointer, length, err := g.lowerBytes(input)
		if err != nil {
			return nil, err
		}
		flat, err := lowerOptions(options, g.allocate)
		return append([]uint32{pointer, length}, flat...), err
	}
	err = g.call(ctx, contract.Inspect, lower, func(l *canonical.Lifter, pointer uint32) {
		result := l.Record(pointer, inspectionResultAlign, inspectionResultSize, "a result")
		if refused = liftError(&result, inspectionResultAlign); refused == nil {
			inspection = liftInspection(&result)
		}
	})
	if err == nil && refused != nil {
		err = g.refusal(*refused, contract.Inspect)
	}
	if err != nil {
		return Inspection{}, err
	}
	return inspection, nil
}

func (g *coreGuest) version(ctx context.Context) (version string, err error) {
	lower := func() ([]uint32, error) { return nil, nil }
	err = g.call(ctx, contract.GetVersion, lower, func(l *canonical.Lifter, pointer uint32) {
		f := l.Record(pointer, stringAlign, stringSize, "a string")
		version = f.String()
	})
	return version, err
}

func (g *coreGuest) memory() uint64 { return uint64(len(g.instance.Memory())) }

func (g *coreGuest) close() { g.instance.Close() }

// liftError reads the discriminant of a result, and the string where it is an error.
func liftError(result *canonical.Fields, alignment uint64) *string {
	failed := result.Discriminant(2, "a result") == 1
	result.Align(alignment)
	if !failed {
		return nil
	}
	text := result.String()
	return &text
}

// refusal is the error that a string of the plugin stands for.
func (g *coreGuest) refusal(text string, f contract.Func) error {
	if err := fromContract(text, f.String(), g.position); err != nil {
		return err
	}
	return &ContractError{Reason: fmt.Sprintf("its error begins with no kind: %.200q", text), Call: f.String(), Position: g.position}
}

// explain tells a limit from a trap from a broken contract.
func (g *coreGuest) explain(err error, f contract.Func) error {
	var trap *engine.Trap
	if !errors.As(err, &trap) {
		if isContext(err) {
			return err
		}
		return &ContractError{Reason: err.Error(), Call: f.String(), Position: g.position}
	}
	backtrace, function := symbols(trap.Frames)
	limit := &LimitError{Call: f.String(), Function: function, Position: g.position}
	switch {
	case trap.Code == engine.BadHandle:
		return &ContractError{Reason: trap.Message, Call: f.String(), Position: g.position}
	case trap.Code == engine.Host:
		return fmt.Errorf("the host could not open a session: %s", trap.Message)
	case trap.Code == engine.Interrupted:
		limit.Limit, limit.Duration = LimitCallTimeout, g.config.CallTimeout
		return limit
	case trap.Code == engine.StackOverflow:
		limit.Limit = LimitStack
		return limit
	case trap.Code == engine.MemoryRefused:
		limit.Limit, limit.Bytes = LimitMemory, g.config.MemoryBytes
		return limit
	}
	return &TrapError{Reason: trap.Message, Call: f.String(), Function: function, Backtrace: backtrace, Position: g.position}
}
