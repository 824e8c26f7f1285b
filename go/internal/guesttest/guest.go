// Package guesttest assembles small plugins for tests: one that gives back what it is given, and any number that lie, trap, hang
// or hoard, each by one function of its own. They are as small as the contract lets them be, and need no tool to build.
package guesttest

import (
	"slices"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// Where things lie in the guest's memory.
const (
	// Result is where every result is returned, but the report: that is zeros.
	Result      = 0x100
	emptyReport = 0xe00
	// versionText and refusalText are in the data.
	versionText = 0x10
	refusalText = 0x20
	// Heap is where cabi_realloc begins to give memory.
	Heap = 0x2000
)

// The functions that the guest imports, by index.
const (
	ResourceNew = iota
	ResourceRep
	ResourceDrop
	imported
)

// heapEnd is the global with the end of what cabi_realloc gave.
const heapEnd = 0

// Rep is the representation of the session that the guest opens.
const Rep = 7

const (
	version = "0.0.0"
	refusal = "malformed: this is an echo"
)

// Guest is a plugin to be.
type Guest struct {
	// Pages is how large its memory is from the start, in pages of 64 KiB.
	Pages uint64
	// Import is what it imports beside its handle table.
	Import string
	// ExportName is the component's export.
	ExportName string
	// ComponentImport is what the component imports.
	ComponentImport string
	bodies          map[contract.Func]Code
	missing         []contract.Func
	extra           []function
	start           int
	data            []segment
}

type function struct {
	name            string
	params, results int
	body            Code
}

type segment struct {
	at    uint32
	bytes string
}

// Echo is a guest that gives back what it is given and behaves well.
func Echo() *Guest {
	g := &Guest{Pages: 1, ExportName: contract.Interface, start: -1, bodies: map[contract.Func]Code{}, missing: []contract.Func{contract.Start}}
	g.Data(versionText, version)
	g.Data(refusalText, refusal)
	end := GlobalGet(heapEnd)
	g.bodies[contract.Realloc] = Op(
		// end = align(end) + size, and what is returned is align(end)
		end, Get(2), Add, Const(1), Sub, Const(0), Get(2), Sub, And, GlobalSet(heapEnd),
		end,
		end, Get(3), Add, GlobalSet(heapEnd),
		If(Op(end, MemorySize, Const(16), Code{0x74}, GtU), // 0x74: i32.shl
			If(Op(end, Const(16), ShrU, Const(1), Add, MemorySize, Sub, MemoryGrow, Const(0xffffffff), Eq), Unreachable)),
	)
	g.bodies[contract.Initialize] = Op(Const(Heap), GlobalSet(heapEnd))
	g.bodies[contract.Open] = Answer(0, Op(Const(Rep), Call(ResourceNew)), Const(0))
	g.bodies[contract.Process] = Answer(0, Get(1), Get(2))
	g.bodies[contract.Finish] = Answer(0, Const(1), Const(0))
	g.bodies[contract.Report] = Const(emptyReport)
	g.bodies[contract.Inspect] = Op(Store(Result, Const(1)), Store(Result+8, Const(refusalText)), Store(Result+12, Const(uint32(len(refusal)))), Const(Result))
	g.bodies[contract.GetVersion] = Op(Store(Result, Const(versionText)), Store(Result+4, Const(uint32(len(version)))), Const(Result))
	free := Op(Const(Heap), GlobalSet(heapEnd))
	for f, signature := range contract.Funcs {
		if _, ok := g.bodies[contract.Func(f)]; !ok && signature.Params == 1 {
			g.bodies[contract.Func(f)] = free
		}
	}
	g.bodies[contract.Destroy] = nil
	return g
}

// Answer returns a result<list<u8>, string>, or one of its kind: a discriminant, a pointer and a length.
func Answer(discriminant uint32, pointer, length Code) Code {
	return Op(Store(Result, Const(discriminant)), Store(Result+4, pointer), Store(Result+8, length), Const(Result))
}

// Refuse answers with an error.
func (g *Guest) Refuse(f contract.Func, message string) *Guest {
	const at = 0x1000
	g.Data(at, message)
	return g.With(f, Answer(1, Const(at), Const(uint32(len(message)))))
}

// With gives a function another body.
func (g *Guest) With(f contract.Func, body Code) *Guest {
	g.bodies[f] = body
	return g
}

// Without leaves a function out.
func (g *Guest) Without(f contract.Func) *Guest {
	g.missing = append(g.missing, f)
	return g
}

// Func adds a function and returns its index for Call.
func (g *Guest) Func(name string, params, results int, body Code) int {
	index := g.Next()
	g.extra = append(g.extra, function{name, params, results, body})
	return index
}

// Next is the index that the next Func will have.
func (g *Guest) Next() int { return imported + len(contract.Funcs) + len(g.extra) }

// Index is a contract's function for Call.
func Index(f contract.Func) int { return imported + int(f) }

// Start runs a function without parameters when the module is instantiated.
func (g *Guest) Start(index int) *Guest {
	g.start = index
	return g
}

// Data puts bytes into the memory.
func (g *Guest) Data(at uint32, bytes string) *Guest {
	g.data = append(g.data, segment{at, bytes})
	return g
}

// Module is the core module.
func (g *Guest) Module() []byte {
	var functions []function
	for f, signature := range contract.Funcs {
		functions = append(functions, function{signature.Call, signature.Params, signature.Results, g.bodies[contract.Func(f)]})
	}
	functions = append(functions, g.extra...)

	var types, indexes, exports, codes, names, data []byte
	count := 0
	typeOf := func(params, results int) []byte {
		types = append(append(append(types, 0x60), i32s(params)...), i32s(results)...)
		count++
		return uleb(uint64(count - 1))
	}
	var imports []byte
	for _, f := range []function{{contract.ResourceNew, 1, 1, nil}, {contract.ResourceRep, 1, 1, nil}, {contract.ResourceDrop, 1, 0, nil}} {
		imports = append(imports, text(contract.ResourceModule)...)
		imports = append(append(append(imports, text(f.name)...), 0), typeOf(f.params, f.results)...)
	}
	wanted := imported
	if g.Import != "" { // a global, so that no function's index moves
		imports = append(append(append(imports, text("env")...), text(g.Import)...), 3, 0x7f, 0)
		wanted++
	}
	exported := 1
	for i, f := range functions {
		indexes = append(indexes, typeOf(f.params, f.results)...)
		body := append(append([]byte{0}, f.body...), 0x0b)
		codes = append(append(codes, uleb(uint64(len(body)))...), body...)
		names = append(append(names, uleb(uint64(imported+i))...), text(f.name)...)
		if i < len(contract.Funcs) && !slices.Contains(g.missing, contract.Func(i)) {
			exports = append(append(append(exports, text(contract.Funcs[i].Name)...), 0), uleb(uint64(imported+i))...)
			exported++
		}
	}
	exports = append(append(exports, text(contract.Memory)...), 2, 0)
	for _, s := range g.data {
		data = append(append(append(append(data, 0), Const(s.at)...), 0x0b), text(s.bytes)...)
	}
	module := []byte("\x00asm\x01\x00\x00\x00")
	add := func(id byte, content []byte) { module = append(module, section(id, content)...) }
	add(1, vector(count, types))
	add(2, vector(wanted, imports))
	add(3, vector(len(functions), indexes))
	add(5, vector(1, append([]byte{0}, uleb(g.Pages)...)))
	add(6, vector(1, append(append([]byte{0x7f, 1}, Const(Heap)...), 0x0b)))
	add(7, vector(exported, exports))
	if g.start >= 0 {
		add(8, uleb(uint64(g.start)))
	}
	add(10, vector(len(functions), codes))
	add(11, vector(len(g.data), data))
	add(0, append(text("name"), section(1, vector(len(functions), names))...))
	return module
}

// Component wraps the core module into as much of a component as this host looks at.
func (g *Guest) Component() []byte {
	return Wrap(g.Module(), g.ComponentImport, g.ExportName)
}

// Wrap makes a component of a core module. Empty names are left out.
func Wrap(module []byte, imports, exports string) []byte {
	component := []byte("\x00asm\x0d\x00\x01\x00")
	if imports != "" { // (import "…" (func (type 0)))
		component = append(component, section(10, vector(1, append(append([]byte{0}, text(imports)...), 1, 0)))...)
	}
	if module != nil {
		component = append(component, section(1, module)...)
	}
	if exports != "" { // (export "…" (instance 0))
		component = append(component, section(11, vector(1, append(append([]byte{0}, text(exports)...), 5, 0, 0)))...)
	}
	return component
}
